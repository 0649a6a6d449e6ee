/** Reading the file that nginx writes its reasons into. All of it is hostile: workers can write there as well. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, type Stats } from 'node:fs';
import { type LogLine, parseLog } from './log-lines.ts';
import type { NginxLine } from './verdict.ts';

/** Where the file ended at some moment, and which file it was. */
interface LogPosition {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
}

export interface EmergLog {
  /** Where the file ends now; undefined when there is none, or none that may be read. */
  mark(): LogPosition | undefined;
  /**
   * What the master wrote since `mark`; `pid` is its own view of its pid. Undefined when the file cannot be read. A file
   * that is another one now, or shorter, was rotated or truncated: then all of it is new.
   */
  linesSince(position: LogPosition | undefined, pid: number): readonly NginxLine[] | undefined;
  /** Empties the file when it is longer than `bytes`; for its owner only. Returns whether it did. */
  truncateIfLarge(bytes: number): boolean;
}

/** Of more than this, only the end is read: the reason comes last. */
const longestRead = 64 * 1024;
const mostLines = 32;

/** The log at `path`. A link, a FIFO or a device in its place counts as no file. */
export function emergLog(path: string): EmergLog {
  return {
    mark: () => withFile(path, constants.O_RDONLY, (_, stats) => positionOf(stats)),
    linesSince: (position, pid) =>
      withFile(path, constants.O_RDONLY, (descriptor, stats) => {
        const text = readFrom(descriptor, startOf(position, stats), stats.size);
        return parseLog(text)
          .filter((line) => line.pid === pid)
          .slice(-mostLines)
          .map(withoutPid);
      }),
    truncateIfLarge: (bytes) =>
      withFile(path, constants.O_WRONLY, (descriptor, stats) => {
        if (stats.size <= bytes) return false;
        // nginx writes with O_APPEND, so it goes on at the new end.
        ftruncateSync(descriptor, 0);
        return true;
      }) ?? false,
  };
}

function withFile<T>(
  path: string,
  access: number,
  use: (descriptor: number, stats: Stats) => T,
): T | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, access | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(descriptor);
    return stats.isFile() ? use(descriptor, stats) : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function withoutPid({ level, text, at }: LogLine): NginxLine {
  return { level, text, ...(at !== undefined && { at }) };
}

function positionOf(stats: Stats): LogPosition {
  return { device: stats.dev, inode: stats.ino, size: stats.size };
}

function startOf(position: LogPosition | undefined, stats: Stats): number {
  const same = position !== undefined && position.device === stats.dev && position.inode === stats.ino;
  return same && position.size <= stats.size ? position.size : 0;
}

function readFrom(descriptor: number, start: number, size: number): string {
  const from = Math.max(start, size - longestRead);
  const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(size - from, longestRead)));
  let length = 0;
  while (length < buffer.length) {
    const got = readSync(descriptor, buffer, length, buffer.length - length, from + length);
    if (got === 0) break;
    length += got;
  }
  return buffer.toString('utf8', 0, length);
}
