/** A process without the danger of a reused pid: `startTime` is field 22 of /proc/PID/stat, in clock ticks since boot. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

/** One line of nginx's own error log that belongs to one attempt. */
export interface NginxLine {
  readonly level: 'emerg' | 'alert' | 'crit' | 'error';
  /** What nginx wrote after its time, level and pid. */
  readonly text: string;
  /** The place it names in a configuration file, as nginx saw the path. */
  readonly at?: { readonly file: string; readonly line: number };
}

/** What one proof saw, whatever came of it. */
export interface Sight {
  readonly master: ProcessIdentity;
  /** How it was known that the master had finished: its signal mask, or (where the kernel hides that) children that settled. */
  readonly evidence: 'signal-mask' | 'children';
  /** The workers that ran, not draining, before the signal. */
  readonly noted: readonly ProcessIdentity[];
  readonly lines: readonly NginxLine[];
  /** Milliseconds from the signal to the verdict. */
  readonly durationMs: number;
  /** One sentence for people: what was seen. */
  readonly summary: string;
}

/**
 * What became of one reload.
 *
 * - `Applied`: a new generation, complete and alive; every worker noted before is draining, gone, or listed in `stuck`.
 * - `Rejected`: nginx kept the old configuration.
 * - `Degraded`: the old workers were told to leave and no complete, living new generation took over.
 * - `Unproven`: what was seen proves nothing; never counted as success.
 * - `Stopping`: nginx is going down, which says nothing about the configuration.
 */
export type Verdict = Sight &
  (
    | {
        readonly kind: 'Applied';
        readonly generation: readonly ProcessIdentity[];
        readonly stuck: readonly ProcessIdentity[];
      }
    | { readonly kind: 'Rejected' }
    | {
        readonly kind: 'Degraded';
        readonly reason: 'no-generation' | 'incomplete-generation' | 'generation-died';
      }
    | {
        readonly kind: 'Unproven';
        readonly reason: 'timeout' | 'stopped' | 'upgrade' | 'unsettled' | 'signs-disagree';
      }
    | { readonly kind: 'Stopping'; readonly reason: 'quit' | 'master-ended' }
  );

export type VerdictKind = Verdict['kind'];
