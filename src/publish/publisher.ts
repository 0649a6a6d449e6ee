/**
 * Trees on disk: `revisions/HASH/…` and `current -> revisions/HASH`. A tree appears whole by one rename, and becomes
 * current by another; killed anywhere in between, `current` still names one complete tree.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';
import { StewardError } from '../base/errors.ts';
import { type OnStep, publishError, syncDirectory, writeFiles } from './durable.ts';
import { takeLock } from './lock.ts';
import { differences, readFiles } from './read-back.ts';
import { checkTree, placeTree, type Tree } from './tree.ts';

export interface Publisher {
  readonly directory: string;
  /** The absolute directory of a tree, as templates get it. */
  treeDirectory(hash: string): string;
  /** What `current` names now, and since when (Unix epoch, ms); undefined when it names no tree of ours that is there. */
  current(): { readonly hash: string; readonly since: number } | undefined;
  /** Whether a tree is there, whole or not. */
  has(hash: string): boolean;
  /** Writes a tree so that it is whole on disk; one that is there already is left, or replaced where it was changed. */
  write(hash: string, tree: Tree): Promise<void>;
  /** Makes a tree current in one step. */
  makeCurrent(hash: string): void;
  /** What differs between a tree on disk and what it should be; empty when nothing does. */
  compare(hash: string, tree: Tree): readonly string[];
  /** Reads a tree back, the token not restored. */
  read(hash: string): Tree;
  /** Removes trees other than the current one, those in `keep`, and the newest `count` beyond. */
  collect(keep: ReadonlySet<string>, count: number): void;
  close(): void;
}

const revisions = 'revisions';
const hashPattern = /^[0-9a-f]{8,64}$/;

/**
 * Opens a publish directory, making it where its parent is there, and takes it for this process alone.
 *
 * @throws StewardError STEWARD_PUBLISH, STEWARD_PUBLISH_LOCKED
 */
export async function openPublisher(directory: string, onStep: OnStep = () => {}): Promise<Publisher> {
  if (!isAbsolute(directory))
    throw new StewardError('STEWARD_PUBLISH', 'a publish directory is an absolute path', {
      where: directory,
    });
  prepare(directory);
  const lock = await takeLock(directory);
  try {
    removeLeftovers(directory);
  } catch (error) {
    lock.release();
    throw publishError(error, 'what an earlier run left cannot be removed', directory);
  }
  return new TreePublisher(directory, onStep, () => lock.release());
}

class TreePublisher implements Publisher {
  readonly directory: string;
  readonly close: () => void;
  readonly #onStep: OnStep;
  #serial = 0;

  constructor(directory: string, onStep: OnStep, close: () => void) {
    this.directory = directory;
    this.#onStep = onStep;
    this.close = close;
  }

  treeDirectory(hash: string): string {
    return join(this.directory, revisions, hash);
  }

  current(): { readonly hash: string; readonly since: number } | undefined {
    const link = join(this.directory, 'current');
    try {
      const stats = lstatSync(link);
      if (!stats.isSymbolicLink()) return undefined;
      const [folder, hash, ...rest] = readlinkSync(link).split('/');
      if (folder !== revisions || hash === undefined || rest.length > 0 || !this.has(hash)) return undefined;
      return { hash, since: stats.ctimeMs };
    } catch {
      return undefined;
    }
  }

  has(hash: string): boolean {
    return (
      hashPattern.test(hash) &&
      lstatSync(this.treeDirectory(hash), { throwIfNoEntry: false })?.isDirectory() === true
    );
  }

  async write(hash: string, tree: Tree): Promise<void> {
    checkTree(tree);
    const target = this.treeDirectory(hash);
    const isThere = lstatSync(target, { throwIfNoEntry: false }) !== undefined;
    if (isThere && this.compare(hash, tree).length === 0) return;
    this.#serial += 1;
    const temporary = join(this.directory, revisions, `.new-${hash}-${process.pid}-${this.#serial}`);
    try {
      this.#onStep('make the temporary directory');
      mkdirSync(temporary, { mode: 0o755 });
      chmodSync(temporary, 0o755);
      await writeFiles(temporary, placeTree(tree, target), this.#onStep);
      // What somebody changed is moved away whole: a rename cannot replace a directory that has files.
      if (isThere) {
        this.#onStep('move the changed tree away');
        renameSync(target, join(this.directory, revisions, `.old-${hash}-${process.pid}-${this.#serial}`));
      }
      this.#onStep('rename the tree');
      renameSync(temporary, target);
      this.#onStep('sync the revisions');
      syncDirectory(join(this.directory, revisions));
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      throw publishError(error, 'the tree cannot be written', target);
    }
    if (isThere) removeLeftovers(this.directory);
  }

  makeCurrent(hash: string): void {
    const link = join(this.directory, 'current');
    const temporary = join(this.directory, `.current-${process.pid}`);
    if (!this.has(hash))
      throw new StewardError('STEWARD_PUBLISH', 'the tree is not there', { where: this.treeDirectory(hash) });
    try {
      if (this.current()?.hash === hash) return;
      rmSync(temporary, { force: true });
      const before = lstatSync(link, { throwIfNoEntry: false });
      if (before !== undefined && !before.isSymbolicLink())
        throw new StewardError(
          'STEWARD_PUBLISH',
          'it is not a symbolic link, and steward does not delete what it did not make',
          { where: link, fix: 'Move it away.' },
        );
      this.#onStep('make the link');
      symlinkSync(join(revisions, hash), temporary);
      this.#onStep('rename the link');
      renameSync(temporary, link);
      this.#onStep('sync the link');
      syncDirectory(this.directory);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw publishError(error, 'the tree cannot be made current', link);
    }
    // Read back: whoever else writes here may have been faster.
    if (this.current()?.hash !== hash)
      throw new StewardError('STEWARD_PUBLISH', 'the link does not name the tree that it was given', {
        where: link,
      });
  }

  compare(hash: string, tree: Tree): readonly string[] {
    try {
      return differences(placeTree(tree, this.treeDirectory(hash)), readFiles(this.treeDirectory(hash)));
    } catch (error) {
      return [
        `${this.treeDirectory(hash)} cannot be read (${error instanceof Error ? error.message : String(error)})`,
      ];
    }
  }

  read(hash: string): Tree {
    try {
      return readFiles(this.treeDirectory(hash));
    } catch (error) {
      throw publishError(error, 'the tree cannot be read', this.treeDirectory(hash));
    }
  }

  collect(keep: ReadonlySet<string>, count: number): void {
    const current = this.current()?.hash;
    const folder = join(this.directory, revisions);
    const others = readdirSync(folder)
      .filter((name) => hashPattern.test(name) && name !== current && !keep.has(name))
      .map((name) => ({ name, at: lstatSync(join(folder, name), { throwIfNoEntry: false })?.ctimeMs ?? 0 }))
      .sort((a, b) => b.at - a.at);
    for (const { name } of others.slice(count)) {
      this.#onStep(`collect ${name}`);
      const doomed = join(folder, `.old-${name}-${process.pid}`);
      // Renamed first, so that a tree is never there in part.
      renameSync(join(folder, name), doomed);
      rmSync(doomed, { recursive: true, force: true });
    }
  }
}

function prepare(directory: string): void {
  try {
    mkdirIfMissing(directory);
    mkdirIfMissing(join(directory, revisions));
  } catch (error) {
    throw publishError(error, 'the publish directory cannot be made', directory);
  }
}

function mkdirIfMissing(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    mkdirSync(path, { mode: 0o755 });
    chmodSync(path, 0o755);
  } else if (!stats.isDirectory()) {
    throw new StewardError(
      'STEWARD_PUBLISH',
      stats.isSymbolicLink()
        ? 'it is a symbolic link, which could lead elsewhere tomorrow'
        : 'it is not a directory',
      { where: path, fix: 'Move it away, or choose another --publish-dir.' },
    );
  }
}

/** What a killed process left half done. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory))
    if (/^\.(?:current|state)-/.test(name)) unlinkSync(join(directory, name));
  const folder = join(directory, revisions);
  for (const name of readdirSync(folder))
    if (/^\.(?:new|old)-/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
}
