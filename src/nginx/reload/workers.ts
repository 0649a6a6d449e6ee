/** How a master and its workers are, at one glance: for status and metrics, where nothing is proven. */
import type { Clock } from '../../base/clock.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import { lookAt, type MasterState } from './look.ts';
import type { ProcessIdentity } from './verdict.ts';

export interface WorkersNow {
  readonly master: Exclude<MasterState, 'ended'>;
  readonly running: readonly ProcessIdentity[];
  readonly draining: readonly ProcessIdentity[];
}

/** Undefined when the master has ended. */
export function workersOf(
  table: ProcessTable,
  clock: Clock,
  master: ProcessIdentity,
): WorkersNow | undefined {
  const { master: state, children = [] } = lookAt(table, clock, master);
  if (state === 'ended') return undefined;
  const withRole = (wanted: 'worker' | 'draining'): readonly ProcessIdentity[] =>
    children.filter(({ role }) => role === wanted).map(({ pid, startTime }) => ({ pid, startTime }));
  return { master: state, running: withRole('worker'), draining: withRole('draining') };
}
