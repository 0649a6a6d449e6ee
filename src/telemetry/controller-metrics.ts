/** The controller's metrics. What is counted elsewhere already is asked for when somebody scrapes. */
import type { Clock } from '../base/clock.ts';
import type { ControllerMetrics } from '../controller/ports.ts';
import { controllerMetrics, durationBuckets } from './metric-catalogue.ts';
import { openRegistry } from './registry.ts';

/** What a scrape asks the controller. */
export interface Gauges {
  queueDepth(): number;
  /** How many instances are in each state. */
  instances(): ReadonlyMap<string, number>;
  /** By kind: milliseconds since the Unix epoch. */
  lastEvents(): ReadonlyMap<string, number>;
}

export function createControllerMetrics(options: { readonly version: string; readonly clock: Clock }): {
  readonly metrics: ControllerMetrics;
  text(gauges: Gauges | undefined): Promise<string>;
} {
  const { counter, gauge, histogram, text } = openRegistry(options);
  const all = controllerMetrics;
  const reconciles = counter(all.reconciles);
  const reconcileDuration = histogram(all.reconcileDuration, durationBuckets);
  const depth = gauge(all.queueDepth);
  const propagation = histogram(all.propagation, durationBuckets);
  const instances = gauge(all.instances);
  const rollouts = counter(all.rollouts);
  for (const result of ['applied', 'rejected', 'superseded']) rollouts.inc({ result }, 0);
  const leader = gauge(all.leader);
  const lastEvent = gauge(all.watchLastEvent);
  leader.set(0);
  return {
    metrics: {
      reconciled: (result, milliseconds) => {
        reconciles.inc({ result });
        reconcileDuration.observe(milliseconds / 1000);
      },
      propagated: (milliseconds) => propagation.observe(milliseconds / 1000),
      rollout: (result) => rollouts.inc({ result }),
      leader: (leads) => leader.set(leads ? 1 : 0),
    },
    text: async (gauges) => {
      depth.set(gauges?.queueDepth() ?? 0);
      instances.reset();
      for (const [state, count] of gauges?.instances() ?? []) instances.set({ state }, count);
      for (const [kind, at] of gauges?.lastEvents() ?? []) lastEvent.set({ kind }, at / 1000);
      return text();
    },
  };
}
