/** nginx as the agent drives it, over the process table: finds the master anew each time. */
import type { Clock } from '../base/clock.ts';
import { StewardError } from '../base/errors.ts';
import { findMaster, type MasterProcess, type MasterSearch } from '../nginx/processes/find-master.ts';
import { ageOf, isAlive, type ProcessTable } from '../nginx/processes/process-table.ts';
import { masterRefusal } from '../nginx/processes/refusals.ts';
import { type EmergLog, emergLog } from '../nginx/reload/emerg-log.ts';
import { type ExpectedWorkers, expectedWorkers } from '../nginx/reload/expected-workers.ts';
import { proveStart } from '../nginx/reload/prove-start.ts';
import { reload } from '../nginx/reload/reload.ts';
import { reopenLogs } from '../nginx/reload/reopen-logs.ts';
import { watchGeneration } from '../nginx/reload/watch-generation.ts';
import { workersOf } from '../nginx/reload/workers.ts';
import type { Expectation, MasterView, Nginx } from './nginx.ts';

export interface NginxControlOptions {
  readonly table: ProcessTable;
  readonly clock: Clock;
  /** Chooses between several masters, by their command lines. */
  readonly match: RegExp | undefined;
  /** steward's own file that nginx writes its reasons into; undefined in place. */
  readonly log: EmergLog | undefined;
  readonly timeoutMs: () => number;
}

/** Larger, and steward's own log is emptied after an attempt. */
const longestLog = 1024 * 1024;

export function nginxControl(options: NginxControlOptions): Nginx {
  const { table, clock, match, log, timeoutMs } = options;
  const search = (): MasterSearch => findMaster(table, match === undefined ? {} : { match });
  /** A refused signal stays refused for as long as this master runs: neither side's uid changes. */
  let notPermitted: { readonly key: string; readonly message: string } | undefined;

  function find(): MasterProcess {
    const found = search();
    if (found.kind !== 'found') throw masterRefusal(found);
    return found.master;
  }

  async function signalling<T>(master: MasterProcess, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StewardError && error.code === 'STEWARD_NOT_PERMITTED')
        notPermitted = { key: keyOf(master), message: `${error.message}. ${error.fix}` };
      throw error;
    } finally {
      log?.truncateIfLarge(longestLog);
    }
  }

  function expected(master: MasterProcess, { workerProcesses, previous }: Expectation): ExpectedWorkers {
    if (workerProcesses === 'unknown') return { kind: 'unknown' };
    const configured = workerProcesses === 'unset' ? inGlobals(master.commandLine) : workerProcesses;
    return expectedWorkers(configured, previous, {
      onlineCpus: table.onlineCpus(),
      allowedCpus: table.status(master.pid)?.allowedCpus,
    });
  }

  return {
    look: () => viewOf(search(), table, clock, notPermitted),
    isAlive: (master) => isAlive(table, master),
    reload: async (expect, signal) => {
      const master = find();
      const reasons = log ?? (expect.log === undefined ? undefined : emergLog(expect.log));
      const ports = { table, clock, signal, ...(reasons === undefined ? {} : { emergLog: reasons }) };
      const request = { master, timeoutMs: timeoutMs(), expectedWorkers: expected(master, expect) };
      return signalling(master, () => reload(ports, request));
    },
    proveStart: (expect, signal) => {
      const master = find();
      return proveStart(
        { table, clock, signal },
        { master, timeoutMs: timeoutMs(), expectedWorkers: expected(master, expect) },
      );
    },
    watch: async (applied, signal) => {
      if (applied.kind !== 'Applied') return 'superseded';
      try {
        return (await watchGeneration({ table, clock, signal }, applied)).kind;
      } catch (error) {
        if (signal.aborted) return 'superseded';
        throw error;
      }
    },
    reopenLogs: async (signal) => {
      try {
        const master = find();
        const ports = { table, clock, signal, ...(log === undefined ? {} : { emergLog: log }) };
        const { kind, summary } = await signalling(master, () =>
          reopenLogs(ports, { master, timeoutMs: timeoutMs() }),
        );
        return { outcome: kind, message: summary };
      } catch (error) {
        if (!(error instanceof StewardError)) throw error;
        return { outcome: 'Failed', message: `${error.message}. ${error.fix}` };
      }
    },
  };
}

function viewOf(
  found: MasterSearch,
  table: ProcessTable,
  clock: Clock,
  notPermitted: { readonly key: string; readonly message: string } | undefined,
): MasterView {
  if (found.kind !== 'found') {
    const { message, fix } = masterRefusal(found);
    const isAbsent = found.kind === 'none' || found.kind === 'starting';
    return { kind: isAbsent ? 'none' : 'blocked', message: `${message}. ${fix}` };
  }
  const { master } = found;
  if (notPermitted?.key === keyOf(master)) return { kind: 'blocked', message: notPermitted.message };
  const workers = workersOf(table, clock, master);
  if (workers === undefined) return { kind: 'none', message: 'the nginx master has just ended' };
  return {
    kind: 'master',
    identity: { pid: master.pid, startTime: master.startTime },
    commandLine: master.commandLine,
    startedAt: clock.now() - ageOf(table, master),
    running: workers.running,
    draining: workers.draining,
  };
}

/** `worker_processes` as it stands after `-g` on the command line; nginx refuses to have it in both places. */
function inGlobals(commandLine: string): number | 'auto' | undefined {
  const value = /\s-g\s.*\bworker_processes\s+(auto|\d+)\s*;/.exec(commandLine)?.[1];
  return value === undefined || value === 'auto' ? value : Number(value);
}

function keyOf({ pid, startTime }: MasterProcess): string {
  return `${pid}/${startTime}`;
}
