import process from 'node:process';
import type { MasterProcess } from './find-master.ts';
import type { ProcessTable, SignalName } from './process-table.ts';
import { isAlive } from './process-table.ts';
import { notPermitted } from './refusals.ts';

/** Signals this very master. Throws `STEWARD_NOT_PERMITTED` with both uids where the kernel refuses. */
export function signalMaster(
  table: ProcessTable,
  master: MasterProcess,
  signal: SignalName,
): 'sent' | 'gone' {
  // Its number may have been given to another process since it was found.
  if (!isAlive(table, master)) return 'gone';
  const result = table.signal(master.pid, signal);
  if (result === 'not-permitted')
    throw notPermitted(master, {
      real: process.getuid?.() ?? 0,
      effective: process.geteuid?.() ?? 0,
    });
  return result;
}
