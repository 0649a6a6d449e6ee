/** `steward reopen-logs`: through the running agent, or by itself. */
import process from 'node:process';
import { systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import { findMaster } from '../../nginx/processes/find-master.ts';
import { procTable } from '../../nginx/processes/proc-table.ts';
import { masterRefusal } from '../../nginx/processes/refusals.ts';
import { reopenLogs as proveReopening } from '../../nginx/reload/reopen-logs.ts';
import { askControl } from '../../telemetry/control.ts';
import type { FlagValues } from '../parse.ts';
import { isAnswer, printAnswer } from './answers.ts';

export async function reopenLogs(flags: FlagValues): Promise<number> {
  const timeoutMs = flags.milliseconds('timeout');
  const asked = await askControl(flags.required('control-socket'), 'reopen-logs', {
    timeoutMs: 2 * timeoutMs,
  });
  if (asked.kind === 'answer' && isAnswer(asked.value)) return printAnswer(asked.value);
  try {
    const table = procTable();
    const match = flags.expression('master-match');
    const search = findMaster(table, match === undefined ? {} : { match });
    if (search.kind !== 'found') throw masterRefusal(search);
    const { kind, summary, lines } = await proveReopening(
      { table, clock: systemClock },
      { master: search.master, timeoutMs },
    );
    return printAnswer({ outcome: kind, message: summary, lines: lines.map(({ text }) => text) });
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n${error.fix}\n`);
    return 5;
  }
}
