/** Trees published from sources: what the agent does for an nginx that reads `PUBLISH_DIR/current`. */
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { StewardError } from '../base/errors.ts';
import type { ProcessIdentity } from '../nginx/reload/verdict.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { State } from '../publish/state.ts';
import type { Tree } from '../publish/tree.ts';
import type { Candidate, Look } from './candidate.ts';
import type { Store } from './store.ts';
import type { Restored, Subject } from './subject.ts';

/** A candidate with the tree that makes it. */
export interface TreeCandidate extends Candidate {
  readonly tree: Tree;
  /** nginx opens files of its own tree after it was loaded, through `current`. */
  readonly opensLate: boolean;
}

/** What must be known of a tree to bring nginx back to it. */
export interface TreeFacts {
  readonly workerProcesses: TreeCandidate['workerProcesses'] | 'unknown';
  readonly opensLate: boolean;
}

type TreeLook =
  | { readonly kind: 'seen'; readonly candidate: TreeCandidate }
  | Exclude<Look, { kind: 'seen' }>;

export interface PublishedOptions {
  readonly publisher: Publisher;
  readonly store: Store;
  readonly clock: Clock;
  /** The entry file's path in the tree. */
  readonly entry: string;
  /** How many trees are kept beyond those that are needed. */
  readonly keep: number;
  /** Reads the sources. */
  readonly gather: () => Promise<TreeLook>;
  /** What a tree read back from disk says of itself. */
  readonly describe: (tree: Tree) => TreeFacts;
}

export class PublishedSubject implements Subject {
  readonly mode = 'published';
  readonly configuration: string;
  readonly #options: PublishedOptions;
  /** Trees whose content is known, by hash: what was seen last, and what is staged. */
  readonly #known = new Map<string, TreeCandidate>();
  #seen: TreeCandidate | undefined;

  constructor(options: PublishedOptions) {
    this.#options = options;
    this.configuration = join(options.publisher.directory, 'current', options.entry);
  }

  async look(): Promise<Look> {
    const found = await this.#options.gather();
    if (found.kind === 'seen') this.#seen = found.candidate;
    return found;
  }

  started(): boolean {
    return this.#options.publisher.current() !== undefined;
  }

  staged(): { readonly hash: string; readonly since: number } | undefined {
    return this.#options.publisher.current();
  }

  async stage(candidate: Candidate): Promise<void> {
    const { publisher, store, clock } = this.#options;
    const seen = this.#seen;
    if (seen === undefined || seen.hash !== candidate.hash)
      throw new Error('only what was seen last can be staged');
    await publisher.write(seen.hash, seen.tree);
    this.#remember(seen);
    // Noted first: whoever finds the link changed also finds why.
    store.update({ attempt: { tree: seen.hash, step: 'staged', at: clock.now() } });
    publisher.makeCurrent(seen.hash);
  }

  async proven(candidate: Candidate, generation: readonly ProcessIdentity[]): Promise<void> {
    const { store, clock } = this.#options;
    const { generations, proven, provenBefore } = store.get();
    store.update({
      proven: {
        tree: candidate.hash,
        key: candidate.key,
        at: clock.now(),
        ...(candidate.revision !== undefined && { revision: candidate.revision }),
      },
      provenBefore: proven?.tree === candidate.hash ? provenBefore : proven,
      attempt: undefined,
      generations: [{ tree: candidate.hash, workers: generation }, ...generations],
    });
  }

  demote(): void {
    const { store } = this.#options;
    store.update({ proven: store.get().provenBefore, provenBefore: undefined });
  }

  async restore(): Promise<Restored> {
    // What was changed while the agent was away must not be given to nginx.
    this.distrust();
    const { publisher, store, clock } = this.#options;
    const good = this.lastGood();
    if (good === undefined) return { kind: 'nothing' };
    const known = this.#known.get(good.hash);
    if (known !== undefined) await publisher.write(good.hash, known.tree);
    store.update({ attempt: { tree: good.hash, step: 'putting-back', at: clock.now() } });
    publisher.makeCurrent(good.hash);
    const { workerProcesses, opensLate } = this.#describe(good.hash);
    return { kind: 'restored', key: good.key, workerProcesses, openedLate: opensLate };
  }

  lastGood(): ReturnType<Subject['lastGood']> {
    const { proven } = this.#options.store.get();
    if (proven === undefined || !this.#options.publisher.has(proven.tree)) return undefined;
    return { key: proven.key, hash: proven.tree, at: proven.at, revision: proven.revision };
  }

  async collect(living: readonly ProcessIdentity[]): Promise<void> {
    const { publisher, store, keep } = this.#options;
    const state = store.get();
    const generations = state.generations.filter(({ workers }) =>
      workers.some((worker) => isAmong(worker, living)),
    );
    if (generations.length !== state.generations.length) store.update({ generations });
    const needed = new Set(generations.map(({ tree }) => tree));
    for (const tree of [state.proven?.tree, state.provenBefore?.tree, state.attempt?.tree])
      if (tree !== undefined) needed.add(tree);
    for (const hash of this.#known.keys()) if (!needed.has(hash)) this.#known.delete(hash);
    publisher.collect(needed, keep);
  }

  /** What is wrong with the last good tree as it lies on disk; then it is good no longer, and is never put back. */
  distrust(): readonly string[] {
    const { publisher, store } = this.#options;
    const { proven } = store.get();
    if (proven === undefined || this.#known.has(proven.tree)) return [];
    const wrong = publisher.has(proven.tree)
      ? publisher.verify(proven.tree)
      : [`${proven.tree} is not there`];
    if (wrong.length > 0) store.update({ proven: undefined, provenBefore: undefined });
    return wrong;
  }

  async mend(): Promise<string | undefined> {
    const { publisher, store } = this.#options;
    const state = store.get();
    const hash = state.attempt?.tree ?? state.proven?.tree;
    if (hash === undefined) return undefined;
    const wrong: string[] = [];
    const known = this.#known.get(hash) ?? (this.#seen?.hash === hash ? this.#seen : undefined);
    if (known !== undefined) {
      wrong.push(...publisher.compare(hash, known.tree));
      if (wrong.length > 0) await publisher.write(hash, known.tree);
    }
    if (publisher.current()?.hash !== hash && publisher.has(hash)) {
      wrong.push(`current does not name ${hash}`);
      publisher.makeCurrent(hash);
    }
    return wrong.length === 0 ? undefined : wrong.join(', ');
  }

  #remember(candidate: TreeCandidate): void {
    this.#known.set(candidate.hash, candidate);
  }

  /** Of a tree whose content is not in memory, what stands on disk. */
  #describe(hash: string): TreeFacts {
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    try {
      return this.#options.describe(this.#options.publisher.read(hash));
    } catch (error) {
      if (!(error instanceof StewardError)) throw error;
      // Nothing is known of it: take the way that is right for any.
      return { workerProcesses: 'unknown', opensLate: true };
    }
  }
}

function isAmong(
  one: State['generations'][number]['workers'][number],
  others: readonly ProcessIdentity[],
): boolean {
  return others.some((other) => other.pid === one.pid && other.startTime === one.startTime);
}
