import type { ProcessIdentity, Verdict } from '../nginx/reload/verdict.ts';

/** The master as one look at the process table sees it. */
export type MasterView =
  | {
      readonly kind: 'master';
      readonly identity: ProcessIdentity;
      readonly commandLine: string;
      /** Milliseconds since the epoch, to about 15 ms. */
      readonly startedAt: number;
      readonly running: readonly ProcessIdentity[];
      readonly draining: readonly ProcessIdentity[];
    }
  | { readonly kind: 'none'; readonly message: string }
  /** A master is there and must not or cannot be signalled: two masters, another uid, an upgrade under way. */
  | { readonly kind: 'blocked'; readonly message: string };

type Watched = 'alive' | 'superseded' | 'master-ended' | 'died';

/** nginx as the agent drives it. */
export interface Nginx {
  look(): MasterView;
  /** Whether this very master still lives: far cheaper than a look. */
  isAlive(master: ProcessIdentity): boolean;
  /** @throws StewardError when no signal can be sent. */
  reload(expect: Expectation, signal: AbortSignal): Promise<Verdict>;
  /** Proves what a new master started with, without a signal. */
  proveStart(expect: Expectation, signal: AbortSignal): Promise<Verdict>;
  /** Watches a new generation through its first two seconds. */
  watch(applied: Verdict, signal: AbortSignal): Promise<Watched>;
  /** `outcome` is a word as verdicts are: `Applied` when the master has done it. */
  reopenLogs(signal: AbortSignal): Promise<{ readonly outcome: string; readonly message: string }>;
}

export interface Expectation {
  readonly workerProcesses: number | 'auto' | 'unset' | 'unknown';
  /** How many workers the generation before had, where its number was `auto` too. */
  readonly previous: number | undefined;
  /** A log of nginx's that can be read, besides steward's own. */
  readonly log: string | undefined;
}
