/** One look at a master and its children. */
import type { Clock } from '../../base/clock.ts';
import { isNewBinary } from '../processes/find-master.ts';
import { hasEnded, isSame, type ProcessStatus, type ProcessTable } from '../processes/process-table.ts';
import { readTitle } from '../processes/titles.ts';
import type { ProcessIdentity, Sight } from './verdict.ts';

/**
 * - `idle`: it has finished with every signal sent to it.
 * - `busy`: it works, or a signal waits for it.
 * - `stopped`: SIGSTOP or a debugger holds it.
 * - `ended`: it is gone, or its number belongs to another process now.
 */
export type MasterState = 'idle' | 'busy' | 'stopped' | 'ended';

/**
 * - `newborn`: it still bears the master's title, which it inherited: it may become a worker or a helper.
 * - `helper`: cache manager, cache loader, privileged agent.
 * - `upgrade`: the master of a new binary.
 * - `ended`: a zombie.
 * - `other`: no process of nginx's own, such as a program that a module started.
 */
export type Role = 'worker' | 'draining' | 'helper' | 'newborn' | 'upgrade' | 'ended' | 'other';

export interface Child extends ProcessIdentity {
  readonly role: Role;
}

export interface Look {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly master: MasterState;
  readonly evidence: Sight['evidence'];
  /** Missing where only the master was looked at. */
  readonly children?: readonly Child[];
}

/** SIGHUP is signal 1 and SIGUSR1 signal 10. nginx blocks both, and all its others, while it works on any of them. */
const nginxSignals = (1 << 0) | (1 << 9);

/** How often an idle master's children are read again because the master ran in between. */
const attempts = 3;

/** Reads the master alone: cheap enough for every millisecond. */
export function glance(table: ProcessTable, clock: Clock, master: ProcessIdentity): Look {
  return asLook(clock, table.status(master.pid));
}

/**
 * Reads the master, its children, and the master again. `idle` means that it did not run in between, so that nobody was
 * started or reaped meanwhile, and the children are exactly these.
 */
export function lookAt(table: ProcessTable, clock: Clock, master: ProcessIdentity): Look {
  for (let attempt = 1; ; attempt += 1) {
    const first = table.status(master.pid);
    const stat = table.stat(master.pid);
    const children = table.children(master.pid);
    if (stat === undefined || !isSame(stat, master) || children === undefined)
      return asLook(clock, undefined);
    const known = children.flatMap((pid) => readChild(table, pid) ?? []);
    const second = table.status(master.pid);
    const look = { ...asLook(clock, second), children: known };
    if (look.master !== 'idle') return look;
    const ranBetween = stateOf(first) !== 'idle' || first?.switches !== second?.switches;
    if (!ranBetween) return look;
    if (attempt === attempts) return { ...look, master: 'busy' };
  }
}

function asLook(clock: Clock, status: ProcessStatus | undefined): Look {
  return {
    at: clock.monotonic(),
    master: stateOf(status),
    evidence: status === undefined || status.signals !== undefined ? 'signal-mask' : 'children',
  };
}

/**
 * An idle master sleeps in sigsuspend, which unblocks everything for as long as it sleeps and not an instant longer
 * (sigsuspend(2)); while it works it may sleep too (bind is tried every 500 ms), but with SIGHUP blocked. The state belongs
 * to the judgement: between a signal's leaving the set of pending ones and its handler, only `R` gives the master away.
 */
function stateOf(status: ProcessStatus | undefined): MasterState {
  if (status === undefined || hasEnded(status.state)) return 'ended';
  if (status.state === 'T' || status.state === 't') return 'stopped';
  if (status.state !== 'S') return 'busy';
  if (status.signals === undefined) return 'idle';
  return ((status.signals.blocked | status.signals.pending) & nginxSignals) === 0 ? 'idle' : 'busy';
}

function readChild(table: ProcessTable, pid: number): Child | undefined {
  const stat = table.stat(pid);
  if (stat === undefined) return undefined;
  const identity = { pid: stat.pid, startTime: stat.startTime };
  if (hasEnded(stat.state)) return { ...identity, role: 'ended' };
  const args = table.commandLine(pid);
  if (args === undefined) return undefined;
  // No arguments though it was alive: it is just ending.
  if (args.length === 0) return { ...identity, role: 'ended' };
  const title = readTitle(args, stat.comm);
  switch (title.kind) {
    case 'master':
    case 'untitled':
      return { ...identity, role: isNewBinary(table, stat, title) ? 'upgrade' : 'newborn' };
    default:
      return { ...identity, role: title.kind };
  }
}
