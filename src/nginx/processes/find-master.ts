/** Which process is the nginx master: by what each says of itself and by who is whose child, never by a pid file. */
import type { ProcessIdentity } from '../reload/verdict.ts';
import { ageOf, hasEnded, type ProcessStat, type ProcessTable, type Uids } from './process-table.ts';
import { readTitle, type Title } from './titles.ts';

export interface NginxProcess extends ProcessIdentity {
  /** A master's own command line, without the words "nginx: master process"; a worker's title. */
  readonly commandLine: string;
}

export interface MasterProcess extends NginxProcess {
  readonly uids: Uids;
}

/** Workers whose master is dead: they serve on with an old configuration and hold the ports, and nobody reloads them. */
interface WithOrphans {
  readonly orphans: readonly NginxProcess[];
}

/**
 * - `found`: one master, and it may be signalled.
 * - `none`: no master; `others` are masters that `match` did not fit.
 * - `several`: more than one, and `match` does not choose.
 * - `upgrade`: the master has started a new binary (USR2), which is a master itself: a HUP to either would confuse both.
 * - `starting`: nginx has not got as far as being a master.
 * - `single-process`: nginx runs with `master_process off`, so there is nobody to reload it.
 */
export type MasterSearch = WithOrphans &
  (
    | { readonly kind: 'found'; readonly master: MasterProcess }
    | { readonly kind: 'none'; readonly others: readonly NginxProcess[] }
    | { readonly kind: 'several'; readonly masters: readonly NginxProcess[] }
    | { readonly kind: 'upgrade'; readonly master: MasterProcess; readonly newer: NginxProcess }
    | { readonly kind: 'starting' | 'single-process'; readonly process: NginxProcess }
  );

/**
 * Between its start and its title nginx looks as `master_process off` does for ever. Reading even a huge configuration
 * takes seconds, so what is older than this is taken for the latter.
 */
const longestStartMs = 15_000;

/** Looks through all processes once. `match` is tried on the master's command line. */
export function findMaster(table: ProcessTable, options: { readonly match?: RegExp } = {}): MasterSearch {
  const all = scan(table);
  const masters = all.filter(isTitledMaster);
  const numbers = new Set(masters.map((master) => master.stat.pid));
  // A child of a master that bears the master's title was just forked, or is the master of a new binary: neither counts.
  const independent = masters.filter((master) => !numbers.has(master.stat.parent));
  const orphans = all.filter((one) => isWorkerLike(one) && !numbers.has(one.stat.parent)).map(describe);
  const fitting = independent.filter((master) => matches(options.match, master.title.commandLine));

  const [chosen] = fitting;
  if (fitting.length > 1) return { kind: 'several', masters: fitting.map(describe), orphans };
  if (chosen === undefined) return notFound(table, all, independent, orphans);
  const uids = table.status(chosen.stat.pid)?.uids;
  if (uids === undefined) return { kind: 'none', others: [], orphans };
  const master: MasterProcess = { ...describe(chosen), uids };
  const newer = all.find((one) => one.stat.parent === master.pid && isNewBinary(table, one.stat, one.title));
  return newer === undefined
    ? { kind: 'found', master, orphans }
    : { kind: 'upgrade', master, newer: describe(newer), orphans };
}

/**
 * Whether a child of a master is the master of a new binary (USR2). It was executed, so at first it bears a plain command
 * line; later it has the master's title and children of its own, which a worker that was just forked has not.
 */
export function isNewBinary(table: ProcessTable, child: ProcessStat, title: Title): boolean {
  if (title.kind === 'untitled') return true;
  return title.kind === 'master' && (table.children(child.pid) ?? []).length > 0;
}

interface Scanned<T extends Title = Title> {
  readonly stat: ProcessStat;
  readonly title: T;
  readonly args: readonly string[];
}

function scan(table: ProcessTable): readonly Scanned[] {
  const found: Scanned[] = [];
  for (const pid of table.pids()) {
    const args = table.commandLine(pid);
    // No arguments: a zombie or a thread of the kernel.
    if (args === undefined || args.length === 0) continue;
    // Most processes are not nginx, and a reload waits for this look: one read is enough for them.
    if (!/nginx|angie|openresty/.test(args[0] ?? '')) continue;
    const stat = table.stat(pid);
    if (stat === undefined || hasEnded(stat.state)) continue;
    const title = readTitle(args, stat.comm);
    if (title.kind !== 'other') found.push({ stat, title, args });
  }
  return found;
}

function notFound(
  table: ProcessTable,
  all: readonly Scanned[],
  masters: readonly Scanned[],
  orphans: readonly NginxProcess[],
): MasterSearch {
  const plain = masters.length > 0 ? undefined : all.find((one) => one.title.kind === 'untitled');
  if (plain === undefined) return { kind: 'none', others: masters.map(describe), orphans };
  const starting = ageOf(table, plain.stat) < longestStartMs;
  return { kind: starting ? 'starting' : 'single-process', process: describe(plain), orphans };
}

function matches(match: RegExp | undefined, commandLine: string): boolean {
  // `search` has no memory of an earlier call, which `test` has for expressions with the flag g.
  return match === undefined || commandLine.search(match) >= 0;
}

function describe(one: Scanned): NginxProcess {
  const commandLine = 'commandLine' in one.title ? one.title.commandLine : (one.args[0] ?? '').trimEnd();
  return { pid: one.stat.pid, startTime: one.stat.startTime, commandLine };
}

function isTitledMaster(one: Scanned): one is Scanned<Extract<Title, { kind: 'master' }>> {
  return one.title.kind === 'master';
}

function isWorkerLike(one: Scanned): boolean {
  return one.title.kind === 'worker' || one.title.kind === 'draining' || one.title.kind === 'helper';
}
