/** What the sources say that nginx should run, looked at once and checked: the value that the agent decides about. */
import type { InspectedPair } from './certificates.ts';
import type { Revision } from './status.ts';

export interface Candidate {
  /** Of all the bytes that decide what nginx would do: the configuration and every file that it names. */
  readonly key: string;
  /** Of the configuration alone: the published tree's name. */
  readonly hash: string;
  /** Where it came from, where it came from the API. */
  readonly revision?: Revision;
  /** Like `key`, without the certificates and their keys: tells a renewal from another change. */
  readonly withoutCertificates: string;
  /** Why nginx must not get it at all, one sentence each with its place; empty when it may. */
  readonly refusals: readonly string[];
  /** What lint warns of, as `file:line:column: severity: message [rule]`. */
  readonly findings: readonly string[];
  /** What the configuration says of `worker_processes`. */
  readonly workerProcesses: number | 'auto' | 'unset';
  readonly pairs: readonly InspectedPair[];
  /** Of their certificates, those that nginx reads where they lie. */
  readonly mounted: ReadonlySet<string>;
  /** Paths to watch: of the sources, and of the files that it names and that lie outside what is published. */
  readonly watch: readonly string[];
  /** Of those bytes that may be seen half written: see `Seen` of the schedule. */
  readonly loose: string;
  readonly unwatched: readonly { readonly path: string; readonly reason: string }[];
  /** Identity and change time of the files that nginx opens where they lie. */
  readonly stamp: string;
  /** Milliseconds since the epoch: the newest change of any file that nginx opens where it lies. */
  readonly newestChange: number;
  /** The log file at main level that the configuration itself names, where it is a file. */
  readonly ownErrorLog: string | undefined;
  /** The author's `file:line` of a place that nginx names. */
  source(file: string, line: number): string | undefined;
}

export type Look =
  | { readonly kind: 'seen'; readonly candidate: Candidate }
  /** The sources could not be read as a whole: nothing is known of what is wanted. */
  | {
      readonly kind: 'unreadable';
      readonly message: string;
      readonly watch: readonly string[];
      /** Nothing is wrong: it is on its way. */
      readonly isAwaited?: boolean;
    };
