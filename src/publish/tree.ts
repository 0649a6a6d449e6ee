/** A configuration as a whole: files by relative path, with one hash. Pure. */
import { createHash } from 'node:crypto';
import { StewardError } from '../base/errors.ts';
import { treeToken } from '../base/tree-token.ts';

export interface TreeFile {
  readonly content: Uint8Array;
  /** Permission bits: keys with 0600 stay so. */
  readonly mode: number;
}

/** By relative path, `/` between the names. */
export type Tree = ReadonlyMap<string, TreeFile>;

/** Bytes: the kernel's limit for one name, and well below its limit for a path with the publish directory before it. */
const longestName = 255;
const longestPath = 1024;
const hashLength = 20;

/**
 * The permission bits that a file of this mode is published with: nobody but the owner may write it, whatever its source
 * allowed, or nginx's workers could change what the master reads; and the owner, who must read it again, may always read.
 */
export function publishedMode(mode: number): number {
  return (mode & 0o755) | 0o400;
}

/** Names the content: paths, modes and bytes, in no order. Hexadecimal, fit for a directory's name. */
export function treeHash(tree: Tree): string {
  const hash = createHash('sha256');
  for (const path of [...tree.keys()].sort()) {
    const file = tree.get(path);
    if (file === undefined) continue;
    const mode = publishedMode(file.mode).toString(8);
    // Lengths keep two different trees from running together into one text.
    hash.update(`${Buffer.byteLength(path)} ${path} ${mode} ${file.content.length}\n`).update(file.content);
  }
  return hash.digest('hex').slice(0, hashLength);
}

/**
 * Holds a tree's paths to what may be written below one directory.
 *
 * @throws StewardError STEWARD_TREE_PATH naming the path.
 */
export function checkTree(tree: Tree): void {
  for (const path of tree.keys()) {
    const reason = pathProblem(path) ?? directoryProblem(path, tree);
    if (reason !== undefined)
      throw new StewardError('STEWARD_TREE_PATH', reason, { where: JSON.stringify(path) });
  }
}

/** The tree as it is written: the token replaced by its directory. */
export function placeTree(tree: Tree, directory: string): Tree {
  return replaceInTree(tree, treeToken, directory);
}

/** The tree as it was before it was written into `directory`: what its hash was taken over. */
export function unplaceTree(tree: Tree, directory: string): Tree {
  return replaceInTree(tree, directory, treeToken);
}

/** Every directory that the tree's files lie in, relative, parents before what is in them. */
export function directoriesOf(tree: Tree): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const path of tree.keys())
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
      directories.add(path.slice(0, end));
  return directories;
}

function replaceInTree(tree: Tree, from: string, to: string): Tree {
  const wanted = Buffer.from(from);
  const replaced = new Map<string, TreeFile>();
  for (const [path, file] of tree) {
    const content = Buffer.from(file.content.buffer, file.content.byteOffset, file.content.byteLength);
    if (!content.includes(wanted)) replaced.set(path, file);
    else
      replaced.set(path, {
        mode: file.mode,
        content: Buffer.from(
          content.toString('latin1').replaceAll(latin1(from), () => latin1(to)),
          'latin1',
        ),
      });
  }
  return replaced;
}

/** The bytes of a UTF-8 text as latin1 characters: replacing in bytes without decoding them. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'a file needs a path';
  if (!path.isWellFormed()) return 'a path is text that UTF-8 can write';
  if (Buffer.byteLength(path) > longestPath) return `a path has at most ${longestPath} bytes`;
  if (path.startsWith('/')) return 'a path in a tree is relative: conf.d/site.conf';
  if (/\p{Cc}/u.test(path)) return 'a path has no control characters';
  const names = path.split('/');
  const bad = names.find((name) => name === '' || name === '.' || name === '..');
  if (bad !== undefined) return `"${bad}" is no name in a path: conf.d/site.conf`;
  const isLong = names.some((name) => Buffer.byteLength(name) > longestName);
  return isLong ? `a name in a path has at most ${longestName} bytes` : undefined;
}

function directoryProblem(path: string, tree: Tree): string | undefined {
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    const above = path.slice(0, end);
    if (tree.has(above)) return `${JSON.stringify(above)} is a file and cannot be its directory too`;
  }
  return undefined;
}
