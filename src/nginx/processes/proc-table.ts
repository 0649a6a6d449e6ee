/** The real process table: /proc, read synchronously, since during a reload it is read every millisecond. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import process from 'node:process';
import { parseCommandLine, parseCpuList, parsePids, parseStat, parseStatus } from './proc-text.ts';
import type { ProcessTable } from './process-table.ts';

/** Room for one read of any of the files: `status` must come whole from a single read to belong to one moment. */
const bufferSize = 32 * 1024;
/** A command line may be megabytes long; no more of it than this is of interest. */
const longestRead = 64 * 1024;

/**
 * The processes of the PID namespace that `root` (a mount of proc) belongs to.
 *
 * Throws only when `root` itself cannot be listed.
 */
export function procTable(root = '/proc'): ProcessTable {
  const buffer = Buffer.allocUnsafe(bufferSize);
  const read = (path: string): string | undefined => readSmall(path, buffer);
  return {
    pids: () => listPids(root),
    stat: (pid) => parsed(read(`${root}/${pid}/stat`), parseStat),
    status: (pid) => parsed(read(`${root}/${pid}/status`), parseStatus),
    commandLine: (pid) => parsed(read(`${root}/${pid}/cmdline`), parseCommandLine),
    children: (pid) =>
      parsed(read(`${root}/${pid}/task/${pid}/children`), parsePids) ?? childrenByParent(root, pid, read),
    signal: (pid, signal) => sendSignal(pid, signal),
    uptime: () => Number.parseFloat(read(`${root}/uptime`) ?? '0'),
    onlineCpus: () => parsed(read('/sys/devices/system/cpu/online'), parseCpuList),
  };
}

function parsed<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function readSmall(path: string, buffer: Buffer): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    let length = readSync(descriptor, buffer, 0, buffer.length, null);
    let text = buffer.toString('utf8', 0, length);
    // Only what fills the buffer can have more to come.
    while (length === buffer.length && text.length < longestRead) {
      length = readSync(descriptor, buffer, 0, buffer.length, null);
      text += buffer.toString('utf8', 0, length);
    }
    return text;
  } catch {
    // ESRCH: it ended between the opening and the reading.
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function listPids(root: string): readonly number[] {
  const pids: number[] = [];
  for (const name of readdirSync(root)) if (/^[0-9]+$/.test(name)) pids.push(Number(name));
  return pids;
}

/** Kernels without CONFIG_PROC_CHILDREN have no such file: then every process is asked for its parent. */
function childrenByParent(
  root: string,
  parent: number,
  read: (path: string) => string | undefined,
): readonly number[] | undefined {
  if (read(`${root}/${parent}/stat`) === undefined) return undefined;
  return listPids(root).filter((pid) => parsed(read(`${root}/${pid}/stat`), parseStat)?.parent === parent);
}

function sendSignal(pid: number, signal: NodeJS.Signals): 'sent' | 'gone' | 'not-permitted' {
  try {
    process.kill(pid, signal);
    return 'sent';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return 'not-permitted';
    return 'gone';
  }
}
