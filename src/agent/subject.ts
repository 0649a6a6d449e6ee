import type { ProcessIdentity } from '../nginx/reload/verdict.ts';
import type { Candidate, Look } from './candidate.ts';
import type { Revision } from './status.ts';

/** What became of undoing a `stage`. */
export type Restored =
  /** There is nothing to go back to: nginx reads its files itself, or nothing was ever proven. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'restored';
      readonly key: string;
      readonly workerProcesses: number | 'auto' | 'unset' | 'unknown';
      /** Running workers may have opened refused files meanwhile, so only a further reload ends that. */
      readonly openedLate: boolean;
    };

/** What feeds one nginx: published trees, or the files that it reads itself. */
export interface Subject {
  readonly mode: 'published' | 'in-place';
  /** The path that nginx should have after `-c`. */
  readonly configuration: string;
  look(): Promise<Look>;
  /** Something is there that a starting nginx can read. */
  started(): boolean;
  /** The hash of what a starting nginx would read now, and since when (milliseconds since the epoch). */
  staged(): { readonly hash: string; readonly since: number } | undefined;
  /** Makes the candidate what nginx reads next. */
  stage(candidate: Candidate): Promise<void>;
  /** nginx provably runs what is staged, with these workers. */
  proven(candidate: Candidate, generation: readonly ProcessIdentity[]): Promise<void>;
  /** What was proven last is not good after all: what was before it is. */
  demote(): void;
  /** Looks whether the last good state is still what it was; what is wrong with it makes it good no longer. */
  distrust(): readonly string[];
  /** Goes back to the last good state. */
  restore(): Promise<Restored>;
  /** The last good state as a starting nginx would find it. */
  lastGood():
    | {
        readonly key: string;
        readonly hash: string;
        readonly at: number;
        readonly revision?: Revision | undefined;
      }
    | undefined;
  /** Forgets what no living worker needs. */
  collect(living: readonly ProcessIdentity[]): Promise<void>;
  /** What is staged is still what it was; mends it where it is not and says what was wrong. */
  mend(): Promise<string | undefined>;
}
