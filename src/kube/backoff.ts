/** How long to wait before trying again: doubling, with jitter, within bounds. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Milliseconds before try `tries` (0: the first one after a failure); between half of the step and all of it. */
export function backoffMs({ firstMs, mostMs }: Backoff, tries: number, random: number): number {
  const step = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 30));
  return step / 2 + (random * step) / 2;
}
