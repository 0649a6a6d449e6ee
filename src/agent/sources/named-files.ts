/**
 * The bytes of every file that a configuration names outside its own tree: certificates, keys, htpasswd files, includes.
 * Content decides whether they changed. One that cannot be read is part of the answer too: it is reported, and the digest
 * changes when it appears.
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { NotRegularError, readPieces, stampOf, TooLargeError } from './read-file.ts';
import { resolvePath } from './resolve.ts';
import { codeOf } from './source-errors.ts';

export interface NamedFiles {
  /** Of all paths and bytes. */
  readonly digest: string;
  /** Of those that do not lie in a kubelet volume and may be seen half written. */
  readonly loose: string;
  /** Of the files' identities and change times; see `Seen.stamp` of the schedule. */
  readonly stamp: string;
  /** When the last of them changed (content, mode or place; Unix epoch, ms); 0 when there are none. */
  readonly newestChange: number;
  /** Those whose content is not known, with a reason for people. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
  /** What must be watched to notice any change. */
  readonly watch: readonly string[];
  /** For the next call. */
  readonly known: ReadonlyMap<string, KnownFile>;
}

interface KnownFile {
  readonly path: string;
  readonly stamp: string;
  readonly hash: string;
  /** Unix epoch, ms. */
  readonly readAt: number;
  readonly changedAt: number;
  readonly inVolume: boolean;
  readonly problem: string | undefined;
}

export interface NamedFilesOptions {
  /** Put before every path, for what only nginx sees: `/proc/<master>/root`. Its links are followed inside it. */
  readonly root?: string;
  /** Unix epoch, ms. */
  readonly now: number;
  /** The last answer: files that have not changed since are not read again. */
  readonly previous?: NamedFiles;
  /** Of a larger file (a geo database), size and change time stand for the content. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 16 * 1024 * 1024;
/**
 * The kernel stamps changes with the time of its last tick, or some later one's on another machine's file system. Content
 * read this long after a change is the content of that stamp for certain.
 */
const stampSettlesMs = 2000;

/** Reads every file named, `paths` absolute, whatever their order. Never throws for a file. */
export function namedFilesDigest(paths: readonly string[], options: NamedFilesOptions): NamedFiles {
  const { root = '' } = options;
  const files = [...new Set(paths)].sort().map((path) => readNamed(path, options));
  return {
    digest: digestOf(files),
    loose: digestOf(files.filter((file) => !file.inVolume)),
    stamp: hashOf(files.map((file) => `${file.path}\0${file.stamp}`)),
    newestChange: files.reduce((newest, file) => Math.max(newest, file.changedAt), 0),
    problems: files.flatMap(({ path, problem }) =>
      problem === undefined ? [] : [{ path, reason: problem }],
    ),
    watch: files.map((file) => root + file.path),
    known: new Map(files.map((file) => [file.path, file])),
  };
}

function readNamed(path: string, options: NamedFilesOptions): KnownFile {
  const { root = '', now, previous, maxBytes = defaultMaxBytes } = options;
  const { real, stats, code } = resolvePath(root + path);
  const inVolume = real.includes('/..');
  const failed = (reason: string, hash: string): KnownFile => ({
    path,
    stamp: hash,
    hash,
    readAt: now,
    changedAt: 0,
    inVolume,
    problem: reason,
  });
  if (stats === undefined) return failed(missingReason(code), code ?? 'missing');
  if (stats.isDirectory()) return failed('it is a directory', 'directory');

  const before = previous?.known.get(path);
  const settled =
    before !== undefined && before.problem === undefined && before.readAt - before.changedAt > stampSettlesMs;
  const hash = createHash('sha256');
  let unchanged = false;
  try {
    const opened = readPieces(
      real,
      maxBytes,
      (chunk) => hash.update(chunk),
      (now) => {
        unchanged = settled && before.stamp === stampOf(now);
        return !unchanged;
      },
    );
    if (unchanged && before !== undefined) return { ...before, inVolume };
    return {
      path,
      stamp: stampOf(opened),
      hash: hash.digest('hex'),
      readAt: now,
      changedAt: Number(opened.ctimeNs / 1_000_000n),
      inVolume,
      problem: undefined,
    };
  } catch (error) {
    if (error instanceof TooLargeError) {
      const identity = `large:${stats.size}:${stats.mtimeMs}`;
      return {
        path,
        stamp: identity,
        hash: identity,
        readAt: now,
        changedAt: stats.ctimeMs,
        inVolume,
        problem: undefined,
      };
    }
    if (error instanceof NotRegularError) return failed('it is not a regular file', 'not regular');
    return failed(missingReason(codeOf(error)), codeOf(error) ?? 'unreadable');
  }
}

function missingReason(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'it is not there';
  if (code === 'ELOOP') return 'its links lead in a circle';
  return `it cannot be read (${code ?? 'unknown'}, as uid ${process.getuid?.()}, gid ${process.getgid?.()})`;
}

function digestOf(files: readonly KnownFile[]): string {
  return hashOf(files.map((file) => `${file.path}\0${file.hash}`));
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
