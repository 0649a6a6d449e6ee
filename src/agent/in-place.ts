/** Files that nginx reads where they lie: watched, checked, reloaded and proven; nothing can be put back. */
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { diskFiles } from '../nginx/language/config-files.ts';
import type { ProcessIdentity } from '../nginx/reload/verdict.ts';
import type { Candidate, Look } from './candidate.ts';
import { type CheckOptions, createCheck, workerProcessesOf } from './check.ts';
import type { Store } from './store.ts';
import type { Restored, Subject } from './subject.ts';

export interface InPlaceOptions extends CheckOptions {
  /** The file that nginx reads first. */
  readonly file: string;
  readonly store: Store;
  readonly clock: Clock;
}

export class InPlaceSubject implements Subject {
  readonly mode = 'in-place';
  readonly configuration: string;
  readonly #options: InPlaceOptions;
  readonly #check: ReturnType<typeof createCheck>;
  #seen: Candidate | undefined;

  constructor(options: InPlaceOptions) {
    this.#options = options;
    this.#check = createCheck(options);
    this.configuration = options.file;
  }

  async look(): Promise<Look> {
    const { file, root } = this.#options;
    const prefix = root();
    const checked = this.#check(diskFiles(prefix), file, {
      tree: undefined,
      isPublished: () => false,
      content: () => undefined,
      shown: (path) => path,
      source: (file, line) => ({ file, line }),
    });
    if (!checked.isEntryThere)
      return {
        kind: 'unreadable',
        message: `${file} cannot be read: mount it for steward at the same path`,
        watch: [dirname(file)],
      };
    const candidate: Candidate = {
      key: checked.outside.digest,
      hash: checked.outside.digest.slice(0, 20),
      withoutCertificates: checked.outside.withoutPairs,
      refusals: checked.refusals,
      findings: checked.findings,
      workerProcesses: workerProcessesOf(checked),
      pairs: checked.pairs,
      mounted: checked.mounted,
      watch: checked.outside.watch,
      loose: checked.outside.loose,
      unwatched: checked.unwatched,
      stamp: checked.outside.stamp,
      newestChange: checked.outside.newestChange,
      ownErrorLog: checked.facts.errorLogs.find(({ path }) => path !== undefined)?.path,
      source: (path, line) => `${path}:${line}`,
    };
    this.#seen = candidate;
    return { kind: 'seen', candidate };
  }

  started(): boolean {
    return this.#seen !== undefined;
  }

  staged(): { readonly hash: string; readonly since: number } | undefined {
    return this.#seen === undefined ? undefined : { hash: this.#seen.hash, since: this.#seen.newestChange };
  }

  async stage(): Promise<void> {
    // It lies where nginx reads it.
  }

  async proven(candidate: Candidate, generation: readonly ProcessIdentity[]): Promise<void> {
    this.#options.store.update({
      proven: { tree: candidate.hash, key: candidate.key, at: this.#options.clock.now() },
      attempt: undefined,
      generations: [{ tree: candidate.hash, workers: generation }, ...this.#options.store.get().generations],
    });
  }

  demote(): void {
    this.#options.store.update({ proven: undefined });
  }

  distrust(): readonly string[] {
    return [];
  }

  async restore(): Promise<Restored> {
    return { kind: 'nothing' };
  }

  lastGood(): { readonly key: string; readonly hash: string; readonly at: number } | undefined {
    const { proven } = this.#options.store.get();
    return proven === undefined ? undefined : { key: proven.key, hash: proven.tree, at: proven.at };
  }

  async collect(living: readonly ProcessIdentity[]): Promise<void> {
    const { generations } = this.#options.store.get();
    const needed = generations.filter(({ workers }) =>
      workers.some((worker) =>
        living.some((one) => one.pid === worker.pid && one.startTime === worker.startTime),
      ),
    );
    if (needed.length !== generations.length) this.#options.store.update({ generations: needed });
  }

  async mend(): Promise<string | undefined> {
    return undefined;
  }
}
