/** The agent's metrics over prom-client's registry, of which each agent has one of its own. */
import type { Metrics } from '../agent/ports.ts';
import type { Clock } from '../base/clock.ts';
import type { VerdictKind } from '../nginx/reload/verdict.ts';
import { agentMetrics, durationBuckets } from './metric-catalogue.ts';
import { openRegistry } from './registry.ts';

export interface AgentMetrics {
  readonly metrics: Metrics;
  /** All of them in Prometheus' text format. */
  text(): Promise<string>;
}

/** A label's values must not grow without bound, whatever a configuration names. */
const mostCertificates = 500;

const verdicts = [
  'Applied',
  'Rejected',
  'Degraded',
  'Unproven',
  'Stopping',
] as const satisfies readonly VerdictKind[];

export function createMetrics({
  version,
  clock,
}: {
  readonly version: string;
  readonly clock: Clock;
}): AgentMetrics {
  const { counter, gauge, histogram, text } = openRegistry({ version, clock });
  const all = agentMetrics;

  const reloads = counter(all.reloads);
  // A series that begins at 1 hides its first event from increase(): those that alerts ask for begin at 0.
  for (const verdict of verdicts) reloads.inc({ trigger: 'change', verdict }, 0);
  const duration = histogram(all.reloadDuration, durationBuckets);
  const lastSuccessful = gauge(all.lastReloadSuccessful);
  const lastSuccess = gauge(all.lastReloadSuccess);
  const config = gauge(all.config);
  const changes = counter(all.changes);
  const coalesced = counter(all.coalesced);
  const rollbacks = counter(all.rollbacks);
  const workers = gauge(all.workers);
  const masterStarts = counter(all.masterStarts);
  const notAfter = gauge(all.certificateNotAfter);
  const watchMode = gauge(all.watchMode);
  const unwatched = gauge(all.unwatchedFiles);

  return {
    metrics: {
      reload: (trigger, verdict) => reloads.inc({ trigger, verdict }),
      phase: (phase, milliseconds) => duration.observe({ phase }, milliseconds / 1000),
      lastReload: (successful, atMilliseconds) => {
        lastSuccessful.set(successful ? 1 : 0);
        if (successful) lastSuccess.set(atMilliseconds / 1000);
      },
      config: (revision, hash) => {
        config.reset();
        config.set({ revision, hash }, 1);
      },
      change: () => changes.inc(),
      coalesced: () => coalesced.inc(),
      rollback: () => rollbacks.inc(),
      workers: (running, draining) => {
        workers.set({ state: 'running' }, running);
        workers.set({ state: 'draining' }, draining);
      },
      masterStart: () => masterStarts.inc(),
      certificates: (times) => {
        notAfter.reset();
        const first = [...times].sort(([, one], [, other]) => one - other).slice(0, mostCertificates);
        for (const [path, seconds] of first) notAfter.set({ path }, seconds);
      },
      watchMode: (mode) => {
        for (const one of ['inotify', 'poll']) watchMode.set({ mode: one }, one === mode ? 1 : 0);
      },
      unwatchedFiles: (count) => unwatched.set(count),
    },
    text,
  };
}
