/** Bounded reading of single files that others write: never a FIFO or a device, and never more than agreed. */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The path leads to something that is not a regular file. */
export class NotRegularError extends Error {}

/** There are more bytes than agreed. */
export class TooLargeError extends Error {}

export interface WholeFile {
  readonly content: Uint8Array;
  readonly stats: BigIntStats;
}

/** Opening a FIFO without O_NONBLOCK would wait for a writer for ever. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const chunkSize = 64 * 1024;

/**
 * The content of a regular file. With `links: 'refuse'` a link as the last part of the path is an error (ELOOP).
 *
 * @throws NotRegularError, TooLargeError, and what `open` and `read` throw.
 */
export function readWhole(path: string, maxBytes: number, links: 'follow' | 'refuse' = 'follow'): WholeFile {
  const chunks: Uint8Array[] = [];
  const stats = readChunks(
    path,
    links === 'refuse' ? openFlags | constants.O_NOFOLLOW : openFlags,
    maxBytes,
    (chunk) => chunks.push(Uint8Array.from(chunk)),
  );
  const [only] = chunks;
  return { content: only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks), stats };
}

/**
 * Hands a regular file's bytes over in pieces that are valid during the call only; links are followed. Nothing is read
 * when `wanted` says so of the opened file.
 */
export function readPieces(
  path: string,
  maxBytes: number,
  take: (chunk: Uint8Array) => void,
  wanted: (stats: BigIntStats) => boolean,
): BigIntStats {
  return readChunks(path, openFlags, maxBytes, take, wanted);
}

/** What changes whenever a file is replaced, written, or has its mode changed. */
export function stampOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.ctimeNs}`;
}

function readChunks(
  path: string,
  flags: number,
  maxBytes: number,
  take: (chunk: Uint8Array) => void,
  wanted: (stats: BigIntStats) => boolean = () => true,
): BigIntStats {
  const fd = openSync(path, flags);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) throw new NotRegularError(`${path} is not a regular file`);
    if (stats.size > maxBytes) throw new TooLargeError(`${path} has ${stats.size} bytes`);
    if (!wanted(stats)) return stats;
    // One byte more than it has: the end is then seen with the first read.
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, Number(stats.size) + 1));
    for (let total = 0; ; ) {
      const count = readSync(fd, buffer, 0, buffer.length, null);
      if (count === 0) return stats;
      total += count;
      if (total > maxBytes) throw new TooLargeError(`${path} grew while it was read`);
      take(buffer.subarray(0, count));
      if (count < buffer.length && total >= Number(stats.size)) return stats;
    }
  } finally {
    closeSync(fd);
  }
}
