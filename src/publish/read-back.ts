/** Reads trees back from disk, to hold them against what they should be. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { directoryMode } from './durable.ts';
import { directoriesOf, publishedMode, type Tree, type TreeFile } from './tree.ts';

export interface Difference {
  /** Relative; empty for the tree's own directory. */
  readonly path: string;
  /** A sentence for people, that names the path. */
  readonly text: string;
  /** What mends it. */
  readonly mend: 'replace' | 'remove' | 'mode';
}

interface Found {
  readonly kind: 'file' | 'directory' | 'other';
  readonly mode: number;
  readonly owner: number;
  readonly size: number;
}

/** More than this was not published by us: a source is far smaller. */
const mostEntries = 100_000;
const mostBytes = 256 * 1024 * 1024;

/**
 * What differs between a directory and the tree that it should be: files, their modes, and who may change them. Reads no
 * more than what is wanted, however much somebody put there.
 */
export function compareTree(directory: string, wanted: Tree, owner: number): readonly Difference[] {
  const found = survey(directory);
  const directories = directoriesOf(wanted);
  const all: Difference[] = [];
  for (const path of found.keys())
    if (path !== '' && !wanted.has(path) && !directories.has(path))
      all.push({ path, text: `${path} was added`, mend: 'remove' });
  for (const path of ['', ...directories]) all.push(...directoryDifferences(path, found.get(path), owner));
  for (const [path, file] of wanted) {
    const there = found.get(path);
    const text =
      there?.kind === 'file' ? fileDifference(directory, path, file, there, owner) : absence(path, there);
    if (text !== undefined) all.push({ path, text, mend: 'replace' });
  }
  return all;
}

/**
 * All files below a directory.
 *
 * @throws Error where there is anything else in it, or more than a configuration has.
 */
export function readTree(directory: string): Tree {
  const files = new Map<string, TreeFile>();
  let bytes = 0;
  for (const [path, { kind, size }] of survey(directory)) {
    if (kind === 'directory') continue;
    bytes += size;
    if (kind === 'other') throw new Error(`${path} is neither a file nor a directory`);
    if (bytes > mostBytes) throw new Error(`there are more than ${mostBytes} bytes in it`);
    files.set(path, readRegular(join(directory, path), size));
  }
  return files;
}

/** Everything below a directory, itself included, without following a link. */
function survey(directory: string): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  const add = (path: string): void => {
    if (found.size > mostEntries) throw new Error(`there are more than ${mostEntries} files in it`);
    const stats = lstatSync(join(directory, path));
    const kind = stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other';
    found.set(path, { kind, mode: stats.mode & 0o7777, owner: stats.uid, size: stats.size });
    if (kind !== 'directory') return;
    for (const name of readdirSync(join(directory, path))) add(path === '' ? name : `${path}/${name}`);
  };
  add('');
  return found;
}

function directoryDifferences(path: string, found: Found | undefined, owner: number): readonly Difference[] {
  const name = path === '' ? 'the directory itself' : path;
  if (found?.kind !== 'directory') return [{ path, text: absence(name, found), mend: 'replace' }];
  if (found.owner !== owner)
    return [{ path, text: `${name} belongs to uid ${found.owner}`, mend: 'replace' }];
  if (found.mode === directoryMode) return [];
  return [{ path, text: `${name} has mode ${found.mode.toString(8)}`, mend: 'mode' }];
}

function absence(name: string, found: Found | undefined): string {
  return found === undefined ? `${name} is missing` : `${name} was replaced by something else`;
}

function fileDifference(
  directory: string,
  path: string,
  file: TreeFile,
  found: Found,
  owner: number,
): string | undefined {
  const mode = publishedMode(file.mode);
  if (found.owner !== owner) return `${path} belongs to uid ${found.owner}`;
  if (found.mode !== mode) return `${path} has mode ${found.mode.toString(8)}, not ${mode.toString(8)}`;
  if (found.size !== file.content.length) return `${path} was changed`;
  const { content } = readRegular(join(directory, path), found.size);
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).equals(file.content)
    ? undefined
    : `${path} was changed`;
}

function readRegular(path: string, size: number): TreeFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size !== size) throw new Error(`${path} changes while it is read`);
    return { content: readFileSync(descriptor), mode: stats.mode & 0o7777 };
  } finally {
    closeSync(descriptor);
  }
}
