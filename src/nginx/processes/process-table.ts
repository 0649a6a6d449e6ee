/** The port through which everything about nginx's processes is seen and done. `proc-table.ts` is the real one. */
import type { ProcessIdentity } from '../reload/verdict.ts';

/** From /proc/PID/stat. */
export interface ProcessStat extends ProcessIdentity {
  /** The name of the program, 15 bytes at most. */
  readonly comm: string;
  /** One letter: R, S, D, T (stopped), t (traced), Z, X. */
  readonly state: string;
  readonly parent: number;
}

/** Signals 1 to 32 as bits: signal N is bit N - 1. */
export interface SignalSets {
  readonly blocked: number;
  /** Pending for the thread or for the process. */
  readonly pending: number;
}

/** From one read of /proc/PID/status: what it says belongs to one moment. */
export interface ProcessStatus {
  readonly state: string;
  readonly uids: Uids;
  readonly gids: Uids;
  /** Missing where the kernel does not tell (gVisor). */
  readonly signals: SignalSets | undefined;
  /** Its pid as it sees itself: the one in nginx's own log. */
  readonly innermostPid: number;
  /** CPUs it may run on, missing where the kernel does not tell. */
  readonly allowedCpus: number | undefined;
  /** How often it has been taken off a CPU: unchanged between two reads means that it did not run in between. */
  readonly switches: number | undefined;
}

export interface Uids {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
}

export type SignalName = 'SIGHUP' | 'SIGUSR1';

/**
 * Processes vanish at any time: whatever is asked of one that is not there (any more) is answered with `undefined`, never
 * with an exception.
 */
export interface ProcessTable {
  pids(): readonly number[];
  stat(pid: number): ProcessStat | undefined;
  status(pid: number): ProcessStatus | undefined;
  /** The arguments, or the title that stands in their place; empty for a zombie. */
  commandLine(pid: number): readonly string[] | undefined;
  /** Pids of the children, zombies included; may miss one while the parent is just reaping another. */
  children(pid: number): readonly number[] | undefined;
  signal(pid: number, signal: SignalName): 'sent' | 'gone' | 'not-permitted';
  /** Seconds since boot, in the time in which `startTime` is counted. */
  uptime(): number;
  /** CPUs that are online, as glibc counts them; undefined where the kernel does not tell. */
  onlineCpus(): number | undefined;
}

/** `startTime` is counted in these; 100 on every Linux that user space sees (USER_HZ). */
const ticksPerSecond = 100;

/** Whether this very process is still there, not merely its number; a zombie is not. */
export function isAlive(table: ProcessTable, identity: ProcessIdentity): boolean {
  const stat = table.stat(identity.pid);
  return stat !== undefined && isSame(stat, identity) && !hasEnded(stat.state);
}

export function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTime === other.startTime;
}

/** Dead, though its parent has not read its exit code yet. */
export function hasEnded(state: string): boolean {
  return state === 'Z' || state === 'X';
}

/** Milliseconds since the process was started (forked, not executed), to 10 ms. */
export function ageOf(table: ProcessTable, identity: ProcessIdentity): number {
  return Math.max(0, (table.uptime() - identity.startTime / ticksPerSecond) * 1000);
}
