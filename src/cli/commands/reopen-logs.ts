/** `steward reopen-logs`: through the running agent, or by itself. */
import type { Answer } from '../../agent/askers.ts';
import { systemClock } from '../../base/clock.ts';
import { procTable } from '../../nginx/processes/proc-table.ts';
import { emergLog } from '../../nginx/reload/emerg-log.ts';
import { reopenLogs as proveReopening } from '../../nginx/reload/reopen-logs.ts';
import type { FlagValues } from '../parse.ts';
import { settingsOf, theMaster } from '../the-master.ts';
import { askOrAct } from './ask-or-act.ts';

export async function reopenLogs(flags: FlagValues): Promise<number> {
  const timeoutMs = flags.milliseconds('timeout');
  // A reload that is under way comes first.
  return askOrAct(flags, 'reopen-logs', 2 * timeoutMs, () => reopenAlone(flags, timeoutMs));
}

async function reopenAlone(flags: FlagValues, timeoutMs: number): Promise<Answer> {
  const table = procTable();
  const master = theMaster(table, flags);
  const { errorLog } = settingsOf(table, master, flags.required('server-prefix'));
  const ports = {
    table,
    clock: systemClock,
    ...(errorLog !== undefined && { emergLog: emergLog(errorLog) }),
  };
  const { kind, summary, lines } = await proveReopening(ports, { master, timeoutMs });
  return { outcome: kind, message: summary, lines: lines.map(({ level, text }) => `[${level}] ${text}`) };
}
