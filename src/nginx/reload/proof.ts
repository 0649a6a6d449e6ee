/** What all proofs share: the world they need, and the pace at which they read it. */
import type { Clock } from '../../base/clock.ts';
import type { MasterProcess } from '../processes/find-master.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import type { EmergLog } from './emerg-log.ts';
import { glance, type Look, lookAt } from './look.ts';
import type { ProcessIdentity } from './verdict.ts';

export interface ProofPorts {
  readonly table: ProcessTable;
  readonly clock: Clock;
  /** Ends the proof: its promise rejects with the reason. A signal that was sent stays sent. */
  readonly signal?: AbortSignal;
  /** Where nginx writes its reasons; without it a verdict has none. */
  readonly emergLog?: EmergLog;
}

export const defaultTimeoutMs = 60_000;

/** The master alone is read at every look; its children, which cost more, not more often than this while it works. */
const childrenEveryMs = 5;

/**
 * Milliseconds until the next look. Close looks come when something is likely: a small configuration is refused within
 * milliseconds, and a taken one ends with nginx's pause of 100 ms. In between, and in a long reading of a large
 * configuration, they are far enough apart to cost next to nothing, and close enough never to miss that pause.
 */
export function pauseAfter(elapsedMs: number): number {
  if (elapsedMs < 20 || (elapsedMs >= 95 && elapsedMs < 125)) return 1;
  return elapsedMs < 1000 ? 5 : 20;
}

/** The next look at a master that works. */
export function nextLook(ports: ProofPorts, master: ProcessIdentity, lastChildrenAt: number): Look {
  const quick = glance(ports.table, ports.clock, master);
  if (quick.master !== 'idle' && quick.at - lastChildrenAt < childrenEveryMs) return quick;
  return lookAt(ports.table, ports.clock, master);
}

/**
 * Waits until the master is idle and returns that look; or another one, when it ended, when a new binary is among its
 * children, or after `timeoutMs`.
 */
export async function waitUntilIdle(
  { table, clock, signal }: ProofPorts,
  master: MasterProcess,
  timeoutMs: number,
): Promise<Look> {
  const start = clock.monotonic();
  for (;;) {
    const look = lookAt(table, clock, master);
    const elapsed = look.at - start;
    const wait = (look.master === 'busy' || look.master === 'stopped') && !hasUpgrade(look);
    if (!wait || elapsed >= timeoutMs) return look;
    await clock.sleep(pauseAfter(elapsed), signal);
  }
}

/** Whether the master of a new binary (USR2) is among the children. */
export function hasUpgrade(look: Look): boolean {
  return look.children?.some((child) => child.role === 'upgrade') ?? false;
}
