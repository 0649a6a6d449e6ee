/**
 * What `NginxRevision.spec.data` holds, written by the controller and read by agents and tools. No schema library here: the
 * agent reads it too.
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { StewardError } from '../base/errors.ts';

export interface RevisionFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** For people: `ConfigMap web key nginx.conf`. */
  readonly origin: string;
  /** Of a template: its line for each line of `content` (index 0 is line 1). */
  readonly templateLines?: Uint32Array;
}

export interface EncodedData {
  readonly encoding: 'Plain' | 'Gzip';
  readonly data: string;
}

interface StoredFile {
  readonly path: string;
  readonly origin: string;
  readonly text?: string;
  readonly base64?: string;
  /** Differences from one line's template line to the next. */
  readonly lines?: readonly number[];
}

/** Above this many bytes the data is compressed. */
const plainLimit = 64 * 1024;
const hashLength = 20;
/** Far above what fits into an object: a bomb of zeros must not fill an agent's memory. */
const mostBytes = 64 * 1024 * 1024;

/** Names the content: paths, bytes and the entry file, in no order. */
export function revisionHash(files: readonly RevisionFile[], entrypoint: string): string {
  const hash = createHash('sha256').update(`${Buffer.byteLength(entrypoint)} ${entrypoint}\n`);
  for (const file of sorted(files))
    hash.update(`${Buffer.byteLength(file.path)} ${file.path} ${file.content.length}\n`).update(file.content);
  return hash.digest('hex').slice(0, hashLength);
}

/** The same files give the same text, whatever their order. */
export function encodeRevision(files: readonly RevisionFile[]): EncodedData {
  const text = JSON.stringify(sorted(files).map(stored));
  if (Buffer.byteLength(text) <= plainLimit) return { encoding: 'Plain', data: text };
  return { encoding: 'Gzip', data: gzipSync(text, { level: 6 }).toString('base64') };
}

/** @throws StewardError STEWARD_REVISION: what stands there is no revision's data. */
export function decodeRevision({ encoding, data }: EncodedData, where: string): readonly RevisionFile[] {
  try {
    const text =
      encoding === 'Plain'
        ? data
        : gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: mostBytes }).toString('utf8');
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) throw new Error('it is no list of files');
    return parsed.map(restored);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StewardError('STEWARD_REVISION', `its data cannot be read: ${reason}`, { where });
  }
}

function stored({ path, origin, content, templateLines }: RevisionFile): StoredFile {
  const text = utf8(content);
  return {
    path,
    origin,
    ...(text === undefined ? { base64: Buffer.from(content).toString('base64') } : { text }),
    ...(templateLines !== undefined && { lines: differences(templateLines) }),
  };
}

function restored(value: unknown): RevisionFile {
  if (typeof value !== 'object' || value === null) throw new Error('a file is no object');
  const { path, origin, text, base64, lines } = value as Partial<Record<keyof StoredFile, unknown>>;
  if (typeof path !== 'string' || typeof origin !== 'string') throw new Error('a file has no path or origin');
  if (typeof text !== 'string' && typeof base64 !== 'string') throw new Error(`${path} has no content`);
  const content =
    typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(String(base64), 'base64');
  return { path, origin, content, ...(Array.isArray(lines) && { templateLines: sums(lines.map(Number)) }) };
}

function utf8(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function differences(lines: Uint32Array): number[] {
  return Array.from(lines, (line, index) => line - (lines[index - 1] ?? 0));
}

function sums(all: readonly number[]): Uint32Array {
  let sum = 0;
  return Uint32Array.from(all, (one) => {
    sum += one;
    return sum;
  });
}

function sorted(files: readonly RevisionFile[]): RevisionFile[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
