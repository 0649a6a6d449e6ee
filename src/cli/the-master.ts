/** The nginx master on this machine, and what its own configuration says, for commands that act without an agent. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { diskFiles } from '../nginx/language/config-files.ts';
import { type MainFacts, mainFacts } from '../nginx/language/facts.ts';
import { readConfiguration } from '../nginx/language/read-configuration.ts';
import { findMaster, type MasterProcess } from '../nginx/processes/find-master.ts';
import type { ProcessTable } from '../nginx/processes/process-table.ts';
import { masterRefusal } from '../nginx/processes/refusals.ts';
import { type ExpectedWorkers, expectedWorkers } from '../nginx/reload/expected-workers.ts';
import type { FlagValues } from './parse.ts';

export interface MasterSettings {
  readonly expectedWorkers: ExpectedWorkers;
  /** A file that nginx writes its reasons into and that can be read here. */
  readonly errorLog: string | undefined;
}

/** @throws StewardError where there is not exactly one master that may be signalled. */
export function theMaster(table: ProcessTable, flags: FlagValues): MasterProcess {
  const match = flags.expression('master-match');
  const search = findMaster(table, match === undefined ? {} : { match });
  if (search.kind !== 'found') throw masterRefusal(search);
  return search.master;
}

/** Reads what `master` was started with; where that cannot be seen from here, nothing is known. */
export function settingsOf(table: ProcessTable, master: MasterProcess, serverPrefix: string): MasterSettings {
  const { entry, prefix, globals, isCertain } = invocationOf(master.commandLine, serverPrefix);
  const configuration = readConfiguration(diskFiles(), entry, { serverPrefix: prefix });
  if (configuration.problems.some(({ directive }) => directive === undefined))
    return { expectedWorkers: { kind: 'unknown' }, errorLog: undefined };
  const facts = mainFacts(configuration, globals);
  // A guess is good enough to look for reasons in, since only the master's own lines count, and for no verdict.
  const workers: ExpectedWorkers = isCertain
    ? expectedWorkers(facts.workerProcesses, undefined, {
        onlineCpus: table.onlineCpus(),
        allowedCpus: table.status(master.pid)?.allowedCpus,
      })
    : { kind: 'unknown' };
  return { expectedWorkers: workers, errorLog: readableLog(facts) };
}

/**
 * A master's title has its arguments without quotes, so the end of a value with spaces can only be guessed: `-g` ends with
 * its last semicolon.
 */
export function invocationOf(
  commandLine: string,
  serverPrefix: string,
): {
  readonly entry: string;
  readonly prefix: string;
  readonly globals: string;
  /** Without `-c`, the entry is what its build says, which is not to be seen. */
  readonly isCertain: boolean;
} {
  const globals = /\s-g\s*([^;]*;(?:.*;)?)/.exec(commandLine);
  const others = globals === null ? commandLine : commandLine.replace(globals[0], ' ');
  const value = (letter: string): string | undefined =>
    new RegExp(`(?:^|\\s)-${letter}\\s*(\\S+)`).exec(others)?.[1];
  const prefix = value('p') ?? serverPrefix;
  const named = value('c');
  const entry = named === undefined || !named.startsWith('/') ? join(prefix, named ?? 'nginx.conf') : named;
  return { entry, prefix, globals: globals?.[1] ?? '', isCertain: named !== undefined };
}

function readableLog({ errorLogs }: MainFacts): string | undefined {
  for (const { path } of errorLogs) {
    if (path === undefined) continue;
    try {
      accessSync(path, constants.R_OK);
      return path;
    } catch {
      // The next one may be readable.
    }
  }
  return undefined;
}
