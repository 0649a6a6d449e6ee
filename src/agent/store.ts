import type { ProcessIdentity } from '../nginx/reload/verdict.ts';
import type { State } from '../publish/state.ts';

/** What outlives the agent, in memory and on disk. */
export interface Store {
  get(): State;
  /** Changes the state; what it returns from is on disk. */
  update(change: Partial<State>): void;
}

/** How many generations of workers these processes belong to; those of no known generation count as one more. */
export function generationsAmong(state: State, processes: readonly ProcessIdentity[]): number {
  const known = state.generations.filter(({ workers }) =>
    workers.some((worker) => isAmong(worker, processes)),
  );
  const isStranger = (one: ProcessIdentity): boolean =>
    !state.generations.some(({ workers }) => isAmong(one, workers));
  return known.length + (processes.some(isStranger) ? 1 : 0);
}

function isAmong(one: ProcessIdentity, others: readonly ProcessIdentity[]): boolean {
  return others.some((other) => other.pid === one.pid && other.startTime === one.startTime);
}
