/**
 * Trees on disk: `revisions/HASH/…` and `current -> revisions/HASH`. A tree appears whole by one rename, and becomes
 * current by another; killed anywhere in between, `current` still names one complete tree.
 */
import { lstatSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { StewardError } from '../base/errors.ts';
import { makeDirectory, type OnStep, removeQuietly, syncDirectory, writeFiles } from './durable.ts';
import { type Lock, takeLock } from './lock.ts';
import { mendTree } from './mend.ts';
import { preparePublishDirectory, removeLeftovers, revisions } from './publish-directory.ts';
import { publishError } from './publish-error.ts';
import { compareTree, readTree } from './read-back.ts';
import { checkTree, placeTree, type Tree, treeHash, unplaceTree } from './tree.ts';

export interface Publisher {
  readonly directory: string;
  /** The absolute directory of a tree, as templates get it. */
  treeDirectory(hash: string): string;
  /** What `current` names now, and since when (Unix epoch, ms); undefined when it names no tree of ours that is there. */
  current(): { readonly hash: string; readonly since: number } | undefined;
  /** Whether a tree is there, whole or not. */
  has(hash: string): boolean;
  /**
   * Writes a tree so that it is whole on disk; one that is there already is left, or mended where somebody changed it. What
   * it returns from has reached the disk.
   *
   * @throws StewardError STEWARD_TREE_PATH, STEWARD_PUBLISH; then everything that was published is as it was before.
   */
  write(hash: string, tree: Tree): Promise<void>;
  /**
   * Makes a tree current in one step.
   *
   * @throws StewardError STEWARD_PUBLISH; then what was current still is.
   */
  makeCurrent(hash: string): void;
  /** What differs between a tree on disk and what it should be, a sentence each; empty when nothing does. */
  compare(hash: string, tree: Tree): readonly string[];
  /**
   * The same where what it should be is not known: its name is the hash of its content. For what an earlier agent
   * published.
   */
  verify(hash: string): readonly string[];
  /** Reads a tree back as nginx reads it: its directory stands where the token stood. */
  read(hash: string): Tree;
  /**
   * Removes trees other than the current one, those in `keep`, and of the rest the `count` that were current last. While
   * `current` names nothing that is there, any tree may be the one that it should name, and all stay.
   */
  collect(keep: ReadonlySet<string>, count: number): void;
  /** Lets another agent have the directory. */
  close(): void;
}

export interface PublisherOptions {
  readonly clock?: Clock;
  readonly onStep?: OnStep;
}

const hashPattern = /^[0-9a-f]{8,64}$/;

/**
 * Opens a publish directory, making it where its parent is there, and takes it for this process alone.
 *
 * @throws StewardError STEWARD_PUBLISH, STEWARD_PUBLISH_LOCKED
 */
export async function openPublisher(directory: string, options: PublisherOptions = {}): Promise<Publisher> {
  const { clock = systemClock, onStep = () => {} } = options;
  preparePublishDirectory(directory);
  const lock = await takeLock(directory, clock);
  try {
    removeLeftovers(directory);
  } catch (error) {
    lock.release();
    throw publishError(error, 'what an earlier run left cannot be removed', directory);
  }
  return new TreePublisher(directory, clock, onStep, lock);
}

class TreePublisher implements Publisher {
  readonly directory: string;
  readonly #clock: Clock;
  readonly #onStep: OnStep;
  readonly #lock: Lock;

  constructor(directory: string, clock: Clock, onStep: OnStep, lock: Lock) {
    this.directory = directory;
    this.#clock = clock;
    this.#onStep = onStep;
    this.#lock = lock;
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
    return hashPattern.test(hash) && isDirectory(this.treeDirectory(hash));
  }

  async write(hash: string, tree: Tree): Promise<void> {
    checkTree(tree);
    const target = this.treeDirectory(hash);
    if (!hashPattern.test(hash)) throw new Error(`${JSON.stringify(hash)} is no hash of a tree`);
    const fresh = join(this.directory, revisions, `.new-${hash}`);
    try {
      const isThere = lstatSync(target, { throwIfNoEntry: false }) !== undefined;
      const placed = placeTree(tree, target);
      const differences = isThere ? compareTree(target, placed, this.#lock.owner) : [];
      if (isThere && differences.length === 0) return;
      this.#onStep('make the temporary directory');
      rmSync(fresh, { recursive: true, force: true });
      makeDirectory(fresh);
      await writeFiles(fresh, placed, this.#onStep);
      if (isThere) {
        mendTree(target, fresh, placed, differences, this.#onStep);
        rmSync(fresh, { recursive: true, force: true });
      } else {
        this.#onStep('rename the tree');
        renameSync(fresh, target);
      }
      this.#onStep('sync the revisions');
      syncDirectory(join(this.directory, revisions));
    } catch (error) {
      removeQuietly(fresh);
      throw publishError(error, 'the tree cannot be written', target);
    }
  }

  makeCurrent(hash: string): void {
    const link = join(this.directory, 'current');
    const temporary = join(this.directory, '.current-new');
    if (!this.has(hash))
      throw new StewardError('STEWARD_PUBLISH', 'the tree is not there', { where: this.treeDirectory(hash) });
    try {
      if (this.current()?.hash === hash) return;
      refuseForeign(link);
      rmSync(temporary, { force: true });
      this.#onStep('make the link');
      symlinkSync(join(revisions, hash), temporary);
      this.#onStep('rename the link');
      renameSync(temporary, link);
      this.#onStep('sync the link');
      syncDirectory(this.directory);
      this.#noteUse(hash);
    } catch (error) {
      removeQuietly(temporary);
      throw publishError(error, 'the tree cannot be made current', link);
    }
    // Read back: whoever else writes here may have been faster.
    if (this.current()?.hash !== hash)
      throw new StewardError('STEWARD_PUBLISH', 'the link does not name the tree that it was given', {
        where: link,
      });
  }

  compare(hash: string, tree: Tree): readonly string[] {
    const directory = this.treeDirectory(hash);
    return this.#saying(directory, () =>
      compareTree(directory, placeTree(tree, directory), this.#lock.owner).map(({ text }) => text),
    );
  }

  verify(hash: string): readonly string[] {
    const directory = this.treeDirectory(hash);
    return this.#saying(directory, () => {
      const found = readTree(directory);
      const wrong = compareTree(directory, found, this.#lock.owner).map(({ text }) => text);
      return treeHash(unplaceTree(found, directory)) === hash
        ? wrong
        : [...wrong, 'its content is not what it was published with'];
    });
  }

  read(hash: string): Tree {
    try {
      return readTree(this.treeDirectory(hash));
    } catch (error) {
      throw publishError(error, 'the tree cannot be read', this.treeDirectory(hash));
    }
  }

  collect(keep: ReadonlySet<string>, count: number): void {
    const folder = join(this.directory, revisions);
    const current = this.current()?.hash;
    if (current === undefined) return;
    try {
      const others = readdirSync(folder)
        .filter((name) => hashPattern.test(name) && name !== current && !keep.has(name))
        // The name settles what was written within one tick of the file system's clock.
        .sort()
        .map((name) => ({ name, at: lstatSync(join(folder, name)).mtimeMs }))
        .sort((a, b) => b.at - a.at);
      for (const { name } of others.slice(count)) {
        const doomed = join(folder, `.old-${name}`);
        this.#onStep(`move ${name} away`);
        // Renamed first, so that a tree is never there in part.
        renameSync(join(folder, name), doomed);
        this.#onStep(`remove ${name}`);
        rmSync(doomed, { recursive: true, force: true });
      }
    } catch (error) {
      throw publishError(error, 'old trees cannot be removed', folder);
    }
  }

  close(): void {
    this.#lock.release();
  }

  /** When a tree was current last, for `collect`. */
  #noteUse(hash: string): void {
    const now = this.#clock.now() / 1000;
    try {
      utimesSync(this.treeDirectory(hash), now, now);
    } catch {
      // Another user's tree: it only counts as older than it is.
    }
  }

  #saying(directory: string, look: () => readonly string[]): readonly string[] {
    try {
      return look();
    } catch (error) {
      return [publishError(error, 'the tree cannot be read', directory).message];
    }
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function refuseForeign(link: string): void {
  const stats = lstatSync(link, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isSymbolicLink())
    throw new StewardError(
      'STEWARD_PUBLISH',
      'it is not a symbolic link, and steward does not delete what it did not make',
      { where: link, fix: 'Move it away.' },
    );
}
