/** File system steps that survive a crash, and never follow a link. */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { directoriesOf, publishedMode, type Tree } from './tree.ts';

/** Told before each step that changes the disk, by its name: a test ends the process there. */
export type OnStep = (name: string) => void;

/** Directories are for all to enter; nobody but their owner may change what is in them. */
export const directoryMode = 0o755;

/** Between so many files others get a turn: writing is synchronous, which is far faster for small trees. */
const filesPerTurn = 25;

/** Writes a tree's files below a directory that is new and nobody else's, and syncs them all. */
export async function writeFiles(directory: string, tree: Tree, onStep: OnStep): Promise<void> {
  const directories = [...directoriesOf(tree)].map((path) => join(directory, path));
  for (const path of directories) {
    onStep(`make ${path}`);
    makeDirectory(path);
  }
  let count = 0;
  for (const [path, file] of tree) {
    onStep(`write ${path}`);
    writeNew(join(directory, path), file.content, publishedMode(file.mode));
    count += 1;
    if (count % filesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  onStep('sync the directories');
  for (const path of [directory, ...directories]) syncDirectory(path);
}

/** Makes a directory that may not be there yet: whatever stands in its place is not ours. */
export function makeDirectory(path: string): void {
  mkdirSync(path, { mode: 0o700 });
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    // Whatever the umask is; this also takes away the set-group-id bit that a volume with `fsGroup` passes on.
    fchmodSync(descriptor, directoryMode);
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a file in place of what is there, in one step; what it returns from has reached the disk. */
export function replaceFile(path: string, content: Uint8Array, mode: number, onStep: OnStep): void {
  const temporary = temporaryOf(path);
  try {
    // Left by a process that was killed; opened anew, or a link in its place would be written through.
    rmSync(temporary, { force: true });
    onStep(`write ${temporary}`);
    writeNew(temporary, content, mode);
    onStep(`rename ${temporary}`);
    renameSync(temporary, path);
    onStep(`sync ${path}`);
    syncDirectory(dirname(path));
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
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

/** Removes what may or may not be there, on the way out of a failure that has its own error. Follows no link. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The failure that led here is the one to tell of; the next start cleans up.
  }
}

function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

function writeNew(path: string, content: Uint8Array, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  // Readable for nobody else until it has its own mode, whatever the umask is.
  const descriptor = openSync(path, flags, 0o600);
  try {
    // A disk that is just getting full takes a part, and says so only the next time.
    for (let written = 0; written < content.length; )
      written += writeSync(descriptor, content, written, content.length - written);
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
