/** File system steps that survive a crash, and never follow a link. */
import { closeSync, constants, fchmodSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StewardError } from '../base/errors.ts';
import type { Tree } from './tree.ts';

/** Told before each step that changes the disk, by its name: a test ends the process there. */
export type OnStep = (name: string) => void;

/** Between so many files others get a turn: writing is synchronous, which is far faster for small trees. */
const filesPerTurn = 50;

/** Writes a tree's files below a directory that is new and nobody else's, and syncs them all. */
export async function writeFiles(directory: string, tree: Tree, onStep: OnStep): Promise<void> {
  const directories = new Set([directory]);
  let count = 0;
  for (const [path, file] of tree) {
    makeDirectories(directory, path, directories);
    onStep(`write ${path}`);
    writeWhole(join(directory, path), file.content, file.mode);
    count += 1;
    if (count % filesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const made of directories) syncDirectory(made);
}

/** Makes a directory's entries durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Any failure of the file system as one error that says what cannot be done, where, and what to do. */
export function publishError(error: unknown, what: string, where: string): StewardError {
  if (error instanceof StewardError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice: Readonly<Record<string, string>> = {
    ENOSPC: 'The file system is full: make room, or give the volume more.',
    EDQUOT: 'The quota is used up: make room, or raise it.',
    EROFS: 'The file system is read-only: mount it read-write for steward.',
    EACCES: 'Give steward the right to write there (its uid is that of the nginx master).',
    EPERM: 'Give steward the right to write there (its uid is that of the nginx master).',
    ENOENT: 'Make the directory, or mount the volume there.',
    ENOTDIR: 'Something on the way is a file: remove it, or choose another directory.',
  };
  const fix = advice[code];
  const reason = code === '' ? (error instanceof Error ? error.message : String(error)) : code;
  return new StewardError('STEWARD_PUBLISH', `${what} (${reason})`, {
    where,
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  });
}

function makeDirectories(root: string, path: string, made: Set<string>): void {
  const parent = dirname(join(root, path));
  const missing: string[] = [];
  for (let at = parent; !made.has(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) {
    // Alone it may not exist yet: whatever stands there is not ours.
    mkdirSync(directory, { mode: 0o755 });
    chmodDirectory(directory);
    made.add(directory);
  }
}

function chmodDirectory(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchmodSync(descriptor, 0o755);
  } finally {
    closeSync(descriptor);
  }
}

function writeWhole(path: string, content: Uint8Array, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  // Readable for nobody else until it has its own mode, whatever the umask is.
  const descriptor = openSync(path, flags, mode & 0o600);
  try {
    let written = 0;
    while (written < content.length) written += writeSync(descriptor, content, written);
    fchmodSync(descriptor, mode & 0o777);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
