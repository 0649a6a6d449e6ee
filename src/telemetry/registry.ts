/** A registry of its own for each process, with what every process tells of itself. prom-client is known only here. */
import process from 'node:process';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { Clock } from '../base/clock.ts';
import { type MetricEntry, processMetrics } from './metric-catalogue.ts';

export interface OpenRegistry {
  readonly counter: (entry: MetricEntry) => Counter;
  readonly gauge: (entry: MetricEntry) => Gauge;
  /** `buckets` in seconds. */
  readonly histogram: (entry: MetricEntry, buckets: readonly number[]) => Histogram;
  /** All of it in Prometheus' text format. */
  readonly text: () => Promise<string>;
}

export function openRegistry({
  version,
  clock,
}: {
  readonly version: string;
  readonly clock: Clock;
}): OpenRegistry {
  const registry = new Registry();
  const counter = (entry: MetricEntry): Counter => new Counter(optionsOf(entry, registry));
  const gauge = (entry: MetricEntry): Gauge => new Gauge(optionsOf(entry, registry));
  gauge(processMetrics.build).set({ version }, 1);
  gauge(processMetrics.started).set(Math.round(clock.now() / 1000 - process.uptime()));
  const memory = gauge(processMetrics.residentMemory);
  const cpu = counter(processMetrics.cpu);
  return {
    counter,
    gauge,
    histogram: (entry, buckets) => new Histogram({ ...optionsOf(entry, registry), buckets: [...buckets] }),
    text: async () => {
      memory.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
      return registry.metrics();
    },
  };
}

function optionsOf(
  { name, help, labels }: MetricEntry,
  registry: Registry,
): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
  return { name, help, labelNames: Object.keys(labels), registers: [registry] };
}
