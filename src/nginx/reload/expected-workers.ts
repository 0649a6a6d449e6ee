/** How many workers a complete generation has. */

export type ExpectedWorkers =
  /** Any of `counts` is complete. */
  | { readonly kind: 'exactly'; readonly counts: readonly number[] }
  /** The configuration could not be read: one living worker is all that can be asked for. */
  | { readonly kind: 'unknown' };

export interface CpuCounts {
  /** CPUs that are online: what nginx built with glibc takes for `auto`. */
  readonly onlineCpus: number | undefined;
  /** CPUs that the master may run on: what nginx built with musl (Alpine) takes. */
  readonly allowedCpus: number | undefined;
}

/**
 * What `configured` (the value of `worker_processes`, undefined where it is not set) means.
 *
 * `previous` is how many workers the last generation had that this same master started under `auto`: it counts the CPUs
 * only once, when it starts. Leave it out when that generation had a number of its own.
 */
export function expectedWorkers(
  configured: number | 'auto' | undefined,
  previous: number | undefined,
  cpus: CpuCounts,
): ExpectedWorkers {
  if (configured === undefined) return { kind: 'exactly', counts: [1] };
  if (configured !== 'auto') return { kind: 'exactly', counts: [configured] };
  if (previous !== undefined && previous > 0) return { kind: 'exactly', counts: [previous] };
  const counts = [cpus.onlineCpus, cpus.allowedCpus].filter((count) => count !== undefined);
  const possible = [...new Set(counts)].filter((count) => count > 0);
  return possible.length === 0 ? { kind: 'unknown' } : { kind: 'exactly', counts: possible };
}

/**
 * Whether so many living workers are a whole generation. More than expected are: what was read of the configuration may
 * have missed something, and too many workers are no outage.
 */
export function isComplete(running: number, expected: ExpectedWorkers): boolean {
  if (expected.kind === 'unknown') return running > 0;
  return expected.counts.includes(running) || running > Math.max(...expected.counts);
}

/** The smallest number of workers that is complete. */
export function fewest(expected: ExpectedWorkers): number {
  return expected.kind === 'unknown' ? 1 : Math.min(...expected.counts);
}
