/** `steward reload`: through the running agent, or one proven reload by itself. */
import process from 'node:process';
import { systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import { diskFiles } from '../../nginx/language/config-files.ts';
import { mainFacts } from '../../nginx/language/facts.ts';
import { readConfiguration } from '../../nginx/language/read-configuration.ts';
import { findMaster, type MasterProcess } from '../../nginx/processes/find-master.ts';
import { procTable } from '../../nginx/processes/proc-table.ts';
import { masterRefusal } from '../../nginx/processes/refusals.ts';
import { emergLog } from '../../nginx/reload/emerg-log.ts';
import { type ExpectedWorkers, expectedWorkers } from '../../nginx/reload/expected-workers.ts';
import { reload as proveReload } from '../../nginx/reload/reload.ts';
import type { Verdict } from '../../nginx/reload/verdict.ts';
import { watchGeneration } from '../../nginx/reload/watch-generation.ts';
import { askControl } from '../../telemetry/control.ts';
import type { FlagValues } from '../parse.ts';
import { isAnswer, printAnswer } from './answers.ts';

export async function reload(flags: FlagValues): Promise<number> {
  const timeoutMs = flags.milliseconds('timeout');
  // The agent may have to put back as well, which is a second reload.
  const asked = await askControl(flags.required('control-socket'), 'reload', {
    timeoutMs: 3 * timeoutMs + 10_000,
  });
  if (asked.kind === 'answer' && isAnswer(asked.value)) return printAnswer(asked.value);
  try {
    const { verdict, reasonFrom } = await reloadAlone(flags, timeoutMs);
    const unknown = verdict.kind === 'Rejected' && verdict.lines.length === 0 ? `; ${reasonFrom}` : '';
    const lines = verdict.lines.map(({ level, text }) => `[${level}] ${text}`);
    return printAnswer({ outcome: verdict.kind, message: verdict.summary + unknown, lines });
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n${error.fix}\n`);
    return 5;
  }
}

async function reloadAlone(
  flags: FlagValues,
  timeoutMs: number,
): Promise<{ verdict: Verdict; reasonFrom: string }> {
  const table = procTable();
  const match = flags.expression('master-match');
  const search = findMaster(table, match === undefined ? {} : { match });
  if (search.kind !== 'found') throw masterRefusal(search);
  const { master } = search;
  const known = describe(master, flags.required('server-prefix'), {
    onlineCpus: table.onlineCpus(),
    allowedCpus: table.status(master.pid)?.allowedCpus,
  });
  const log = known.errorLog === undefined ? undefined : emergLog(known.errorLog);
  const ports = { table, clock: systemClock, ...(log === undefined ? {} : { emergLog: log }) };
  const verdict = await proveReload(ports, { master, timeoutMs, expectedWorkers: known.expected });
  const reasonFrom =
    known.errorLog === undefined
      ? 'the reason is not known: its configuration names no error_log file that can be read'
      : `the reason is not in ${known.errorLog}`;
  if (verdict.kind !== 'Applied') return { verdict, reasonFrom };
  const watched = await watchGeneration(ports, verdict);
  if (watched.kind !== 'died') return { verdict, reasonFrom };
  const summary = `${watched.died.length} workers of the new generation died within two seconds`;
  return { verdict: { ...verdict, kind: 'Degraded', reason: 'generation-died', summary }, reasonFrom };
}

/** What the master's own configuration says, where its command line names one that can be read. */
function describe(
  { commandLine }: MasterProcess,
  serverPrefix: string,
  cpus: Parameters<typeof expectedWorkers>[2],
): { expected: ExpectedWorkers; errorLog: string | undefined } {
  const file = /(?:^|\s)-c\s*(\S+)/.exec(commandLine)?.[1];
  if (file === undefined || !file.startsWith('/'))
    return { expected: { kind: 'unknown' }, errorLog: undefined };
  const configuration = readConfiguration(diskFiles(), file, { serverPrefix });
  if (configuration.problems.some(({ directive }) => directive === undefined))
    return { expected: { kind: 'unknown' }, errorLog: undefined };
  const facts = mainFacts(configuration, /\s-g\s(.*;)/.exec(commandLine)?.[1] ?? '');
  return {
    expected: expectedWorkers(facts.workerProcesses, undefined, cpus),
    errorLog: facts.errorLogs.find(({ path }) => path !== undefined)?.path,
  };
}
