/** What `/status` answers and `steward status` shows: everything the agent knows, in one value. */
import type { NginxLine, VerdictKind } from '../nginx/reload/verdict.ts';
import type { Phase, Trigger } from './ports.ts';

/**
 * The one word for how this Pod is.
 *
 * - `Starting`: nothing is published yet.
 * - `WaitingForMaster`: a tree is published and no nginx master runs.
 * - `Proving`: an attempt is under way.
 * - `Proven`: nginx runs exactly what is wanted.
 * - `Pending`: something newer is wanted and waits (see `pending`).
 * - `Refused`: what is wanted was refused; nginx runs the last good state.
 * - `Unproven`: the last attempt proved nothing; it is looked at again.
 * - `PutBackFailed`: the last good state could not be put back: nginx may serve nothing.
 * - `Blocked`: no signal can be sent (two masters, another uid, an upgrade under way); see `message`.
 */
export type AgentState =
  | 'Starting'
  | 'WaitingForMaster'
  | 'Proving'
  | 'Proven'
  | 'Pending'
  | 'Refused'
  | 'Unproven'
  | 'PutBackFailed'
  | 'Blocked';

/** The NginxRevision that a tree came from. */
export interface Revision {
  readonly name: string;
  readonly hash: string;
  /** That it had when it was handed out: the same content may be handed out again. */
  readonly number?: number | undefined;
}

export interface Attempt {
  /** ISO 8601. */
  readonly at: string;
  readonly trigger: Trigger;
  /** The content hash of the tree that was tried; in place: of the files that nginx reads. */
  readonly hash: string;
  readonly revision?: Revision;
  readonly verdict: VerdictKind | 'RefusedByLint' | 'RefusedByProbe' | 'Failed';
  /** One sentence: what was seen or why it was refused. */
  readonly message: string;
  readonly lines: readonly (NginxLine & { readonly source?: string })[];
  readonly milliseconds: Partial<Record<Phase, number>>;
  /** Whether the last good state was put back, and proven. */
  readonly putBack?: 'proven' | 'failed';
}

export interface CertificateStatus {
  readonly path: string;
  readonly keyPath: string;
  readonly subject: string;
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly fingerprint: string;
  readonly served: 'yes' | 'no' | 'unknown';
  /** Why `served` is not `yes`. */
  readonly reason?: string;
  readonly problem?: string;
}

export interface AgentStatus {
  readonly version: string;
  readonly startedAt: string;
  readonly mode: 'published' | 'in-place';
  readonly state: AgentState;
  readonly message: string;
  readonly started: boolean;
  readonly ready: boolean;
  readonly master?: {
    readonly pid: number;
    readonly commandLine: string;
    readonly startedAt: string;
    readonly workers: { readonly running: number; readonly draining: number };
  };
  readonly wanted?: { readonly hash: string; readonly revision?: Revision };
  readonly proven?: { readonly hash: string; readonly at: string; readonly revision?: Revision };
  /** Why something wanted is not tried yet, and (ISO 8601) until when at the latest. */
  readonly pending?: {
    readonly reason:
      | 'settle'
      | 'min-interval'
      | 'max-draining'
      | 'backoff'
      | 'certificate-pair'
      | 'refused'
      | 'master';
    readonly message: string;
    readonly until?: string;
  };
  readonly attempts: readonly Attempt[];
  readonly findings: readonly string[];
  /** Those that expire first. */
  readonly certificates: readonly CertificateStatus[];
  /** All of them. */
  readonly certificateCount: number;
  readonly conditions: readonly {
    readonly type: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly watch: { readonly mode: 'inotify' | 'poll'; readonly directories: number };
  readonly unwatched: readonly { readonly path: string; readonly reason: string }[];
  readonly acknowledged: readonly {
    readonly action: 'reload' | 'reopen-logs';
    readonly origin: 'annotation' | 'control' | 'schedule';
    readonly value?: string;
    readonly verdict: string;
    readonly at: string;
  }[];
  readonly schedules: readonly {
    readonly action: 'reload' | 'reopen-logs';
    readonly cron: string;
    readonly next: string;
  }[];
}
