/** `steward reload`: through the running agent, or one proven reload by itself; `steward reload NAME` is the cluster's. */
import type { Answer } from '../../agent/askers.ts';
import { systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import { procTable } from '../../nginx/processes/proc-table.ts';
import { emergLog } from '../../nginx/reload/emerg-log.ts';
import { reload as proveReload } from '../../nginx/reload/reload.ts';
import { watchGeneration } from '../../nginx/reload/watch-generation.ts';
import { reloadFlags } from '../flags/cluster.ts';
import type { FlagValues } from '../parse.ts';
import type { Program } from '../program.ts';
import { settingsOf, theMaster } from '../the-master.ts';
import { askOrAct } from './ask-or-act.ts';

export async function reload(
  flags: FlagValues,
  operands: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  calledAs: Program['name'],
): Promise<number> {
  if (operands.length > 0) {
    const { runInCluster } = await import('../cluster/run.ts');
    return runInCluster('reload', flags, operands, env, calledAs);
  }
  // What is in the environment may be meant for other commands.
  const meant = reloadFlags.find(({ name }) => flags.isTyped(name));
  if (meant !== undefined)
    throw new StewardError('STEWARD_USAGE', 'it is about an NginxConfig in a cluster, and none is named', {
      where: `steward reload --${meant.name}`,
      fix: 'Name it: steward reload NAME. See steward reload --help.',
    });
  const timeoutMs = flags.milliseconds('timeout');
  // The agent may have to put back as well, which is a second reload.
  return askOrAct(flags, 'reload', 3 * timeoutMs + 10_000, () => reloadAlone(flags, timeoutMs));
}

async function reloadAlone(flags: FlagValues, timeoutMs: number): Promise<Answer> {
  const table = procTable();
  const master = theMaster(table, flags);
  const known = settingsOf(table, master, flags.required('server-prefix'));
  const log = known.errorLog === undefined ? undefined : emergLog(known.errorLog);
  const ports = { table, clock: systemClock, ...(log === undefined ? {} : { emergLog: log }) };
  const verdict = await proveReload(ports, { master, timeoutMs, expectedWorkers: known.expectedWorkers });
  const lines = verdict.lines.map(({ level, text }) => `[${level}] ${text}`);
  if (verdict.kind === 'Rejected' && lines.length === 0) {
    const where = known.errorLog ?? 'no error_log at main level is a file that can be read here';
    return { outcome: verdict.kind, message: `${verdict.summary} (${where})`, lines };
  }
  // Nobody else looks at the first moments of the new generation when this command has ended.
  const watched = verdict.kind === 'Applied' ? await watchGeneration(ports, verdict) : undefined;
  if (watched?.kind !== 'died') return { outcome: verdict.kind, message: verdict.summary, lines };
  const message = `${watched.died.length} workers of the new generation died within two seconds`;
  return { outcome: 'Degraded', message, lines };
}
