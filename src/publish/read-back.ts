/** Reads trees back from disk, to hold them against what they should be. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree, TreeFile } from './tree.ts';

/** More than this was not published by us. */
const longestFile = 64 * 1024 * 1024;

/** All files below a directory; links and special files count as nothing. */
export function readFiles(directory: string): Tree {
  const files = new Map<string, TreeFile>();
  readInto(files, directory, '');
  return files;
}

/** Sentences about what differs, for people; empty when nothing does. */
export function differences(wanted: Tree, found: Tree): readonly string[] {
  const all: string[] = [];
  for (const [path, file] of wanted) {
    const there = found.get(path);
    if (there === undefined) all.push(`${path} is missing`);
    else if (!Buffer.from(there.content).equals(file.content)) all.push(`${path} was changed`);
    else if (there.mode !== (file.mode & 0o777))
      all.push(`${path} has mode ${there.mode.toString(8)}, not ${file.mode.toString(8)}`);
  }
  for (const path of found.keys()) if (!wanted.has(path)) all.push(`${path} was added`);
  return all;
}

function readInto(files: Map<string, TreeFile>, directory: string, prefix: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) readInto(files, join(directory, entry.name), path);
    else if (entry.isFile()) files.set(path, readOne(join(directory, entry.name)));
    // A link or a device shows up as a difference by its name.
    else files.set(path, { content: Buffer.alloc(0), mode: 0 });
  }
}

function readOne(path: string): TreeFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > longestFile) return { content: Buffer.alloc(0), mode: 0 };
    return { content: readFileSync(descriptor), mode: stats.mode & 0o777 };
  } finally {
    closeSync(descriptor);
  }
}
