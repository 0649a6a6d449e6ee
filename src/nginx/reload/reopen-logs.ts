/** USR1: nginx opens its log files again, after somebody has moved them away. */
import type { MasterProcess } from '../processes/find-master.ts';
import { signalMaster } from '../processes/signal-master.ts';
import { type Look, lookAt } from './look.ts';
import { defaultTimeoutMs, hasUpgrade, type ProofPorts, pauseAfter, waitUntilIdle } from './proof.ts';
import type { NginxLine, ProcessIdentity } from './verdict.ts';

/**
 * - `Reopened`: the master has opened its files again and told its workers to do so, which they do by themselves, unseen.
 * - `Failed`: it could not open some of them (see `lines`); those go on into the old files.
 * - `Unproven`: it was not seen to get done.
 * - `Stopping`: it ended.
 */
export interface Reopening {
  readonly kind: 'Reopened' | 'Failed' | 'Unproven' | 'Stopping';
  readonly master: ProcessIdentity;
  readonly lines: readonly NginxLine[];
  /** Milliseconds from the signal; 0 when none was sent. */
  readonly durationMs: number;
  readonly summary: string;
}

/**
 * Has `master` reopen its logs. While it does, it blocks its signals as it does for a reload, and it writes into its old
 * log what it cannot open (`ngx_reopen_files`), so being idle again without such a line is the proof.
 *
 * Throws `STEWARD_NOT_PERMITTED` where the signal is not let through, and the abort's reason when aborted.
 */
export async function reopenLogs(
  ports: ProofPorts,
  request: { readonly master: MasterProcess; readonly timeoutMs?: number },
): Promise<Reopening> {
  const { table, clock, signal, emergLog } = ports;
  const { master, timeoutMs = defaultTimeoutMs } = request;
  const identity = { pid: master.pid, startTime: master.startTime };
  const nothing = { master: identity, lines: [], durationMs: 0 };
  const before = await waitUntilIdle(ports, master, timeoutMs);
  if (before.master === 'ended')
    return { ...nothing, kind: 'Stopping', summary: 'the master has ended; no signal was sent' };
  if (before.master !== 'idle')
    return { ...nothing, kind: 'Unproven', summary: `${whatItDoes(before)}; no signal was sent` };

  const position = emergLog?.mark();
  const { innermostPid = master.pid } = table.status(master.pid) ?? {};
  const signalAt = clock.monotonic();
  if (signalMaster(table, master, 'SIGUSR1') === 'gone')
    return { ...nothing, kind: 'Stopping', summary: 'the master has ended; no signal was sent' };
  for (;;) {
    const look = lookAt(table, clock, master);
    const durationMs = look.at - signalAt;
    if (look.master === 'ended')
      return { ...nothing, kind: 'Stopping', durationMs, summary: 'the master ended' };
    if (look.master === 'idle') {
      const lines = emergLog?.linesSince(position, innermostPid) ?? [];
      return { ...conclude(look, lines), master: identity, lines, durationMs };
    }
    if (durationMs >= timeoutMs)
      return { ...nothing, kind: 'Unproven', durationMs, summary: whatItDoes(look) };
    await clock.sleep(pauseAfter(durationMs), signal);
  }
}

function conclude(look: Look, lines: readonly NginxLine[]): Pick<Reopening, 'kind' | 'summary'> {
  const failed = lines.find(({ level, text }) => level === 'emerg' && text.startsWith('open() '));
  if (failed !== undefined) return { kind: 'Failed', summary: `nginx wrote: ${failed.text}` };
  const told = (look.children ?? []).filter(({ role }) => role === 'worker' || role === 'draining').length;
  return {
    kind: 'Reopened',
    summary: `the master has opened its logs again and told ${told} ${told === 1 ? 'worker' : 'workers'} to`,
  };
}

function whatItDoes(look: Look): string {
  if (hasUpgrade(look)) return 'a new binary was started (USR2) and has not taken over yet';
  return look.master === 'stopped'
    ? 'the master is stopped (SIGSTOP or a debugger): it goes on after SIGCONT'
    : 'the master works on something else and did not get done in time';
}
