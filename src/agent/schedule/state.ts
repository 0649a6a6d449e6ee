/**
 * What the agent knows about changes, attempts and requests, as one value, and how each thing that happens changes it.
 * `next` (schedule.ts) reads it and says what to do. Nothing here keeps a timer or asks for the time: `now` is in
 * milliseconds of one clock that never goes back.
 */
import type { Trigger } from '../ports.ts';
import { backoff, type Failure, failureAfter, oneMoreTry } from './failures.ts';

export interface SchedulePolicy {
  /** Loose files: how long nothing must have changed. */
  readonly settleMs: number;
  /** Loose files: how long a change waits for quiet at most. */
  readonly settleMaxMs: number;
  /** Sources are not read again sooner than this after the last reading, so that a storm of events costs little. */
  readonly lookGapMs: number;
  /** From the end of one reload to the start of the next. */
  readonly minIntervalMs: number;
  /** While more generations than this drain, ordinary reloads wait. */
  readonly maxDraining: number;
  /** They wait no longer than this. */
  readonly maxDrainWaitMs: number;
  /** The wait after a first failure; it doubles with each further one. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** How often one content is tried that nginx refuses. */
  readonly rejectedTries: number;
  /** How long a certificate and a key that do not belong together are thought to be halves of one change. */
  readonly pairWaitMs: number;
}

export const defaultPolicy: SchedulePolicy = {
  settleMs: 200,
  settleMaxMs: 2000,
  lookGapMs: 50,
  minIntervalMs: 1000,
  maxDraining: 4,
  maxDrainWaitMs: 600_000,
  backoffMs: 1000,
  backoffMaxMs: 300_000,
  rejectedTries: 5,
  pairWaitMs: 120_000,
};

/**
 * How a change was noticed: `swap` is complete when it is seen (a kubelet volume), `loose` may still be half written,
 * `rescan` says that nothing is known to have changed and a look is due.
 */
export type NoticeKind = 'swap' | 'loose' | 'rescan';

/** What a look at the sources and at every file that the configuration names has found. */
export interface Seen {
  /** Of all the bytes that decide what nginx would do. The same hash: no reload. */
  readonly hash: string;
  /**
   * Of those of them that lie loose (outside kubelet volumes), where a look can see a half written file. Only a look
   * after their quiet is believed when this differs from before.
   */
  readonly loose?: string;
  /**
   * Of identity and change time of the files that nginx opens where they lie (not of copies that were published). It
   * tells whether they changed and changed back while nginx was reading them. Leave it out where there are none.
   */
  readonly stamp?: string;
  /** A certificate and a key that do not belong together, as paths. */
  readonly pair?: { readonly certificate: string; readonly key: string };
  /** The running state is about to fail by itself (a certificate that expires soon): waits for no other rule. */
  readonly urgent?: boolean;
  /** What differs from before. */
  readonly trigger: Extract<Trigger, 'start' | 'change' | 'certificate'>;
}

/** Somebody asked for a reload, whatever changed. */
export type RequestTrigger = Extract<Trigger, 'schedule' | 'annotation' | 'control'>;

/**
 * What became of an attempt:
 * - `proven`: nginx runs it.
 * - `rejected`: nginx refused it (or a probe did): tried again, but not for ever.
 * - `refused`: the content itself cannot pass (a template or lint refused it): only another content can help.
 * - `failed`: nothing was proven, or the agent could not do its part: tried again until it is.
 * - `stopping`: nginx is going down, which says nothing about the content.
 */
export type AttemptOutcome = 'proven' | 'rejected' | 'refused' | 'failed' | 'stopping';

export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  /** Whether nginx got a signal: only then do other reloads keep their distance. */
  readonly signalled: boolean;
  /** The hash that nginx provably runs after it; undefined when that is not known. */
  readonly runs: string | undefined;
}

export interface ScheduleState {
  /** What asks for a look. */
  readonly notice: {
    /** A change that needs no quiet, or a rescan. */
    readonly now: boolean;
    /** Changes of loose files: the first and the last one since the last look that was made in quiet. */
    readonly loose: { readonly first: number; readonly last: number } | undefined;
    /** A look that failed is made again then, at the latest. */
    readonly retryAt: number | undefined;
  };
  /** Set while a look is under way: whether loose files were quiet when it began. */
  readonly look: { readonly quiet: boolean } | undefined;
  /** When the last look ended. */
  readonly lookedAt: number;
  /** What the last believed look found. */
  readonly seen: Seen | undefined;
  /** Since when what is wanted is not what nginx runs. */
  readonly wantedSince: number | undefined;
  /** The hash that nginx provably runs. */
  readonly proven: string | undefined;
  readonly attempt: { readonly seen: Seen; readonly at: number } | undefined;
  /** What was proven while something changed: what nginx read in between is not known until the next look. */
  readonly doubted: Seen | undefined;
  /** The look found that doubt justified. */
  readonly again: boolean;
  readonly lastReload: number;
  readonly requests: readonly {
    readonly trigger: RequestTrigger;
    readonly at: number;
    readonly looked: boolean;
  }[];
  readonly failure: Failure | undefined;
  readonly failedLooks: number;
  readonly draining: number;
  readonly pairSince: number | undefined;
  /** Why no signal can be sent at all (no master, two masters, an upgrade under way). */
  readonly blocked: string | undefined;
}

const nothingNoticed: ScheduleState['notice'] = { now: false, loose: undefined, retryAt: undefined };

/** Before the first look, which it asks for. */
export function initialState(): ScheduleState {
  return {
    notice: { ...nothingNoticed, now: true },
    look: undefined,
    lookedAt: Number.NEGATIVE_INFINITY,
    seen: undefined,
    wantedSince: undefined,
    proven: undefined,
    attempt: undefined,
    doubted: undefined,
    again: false,
    lastReload: Number.NEGATIVE_INFINITY,
    requests: [],
    failure: undefined,
    failedLooks: 0,
    draining: 0,
    pairSince: undefined,
    blocked: undefined,
  };
}

/** Something changed, or may have. */
export function noticed(state: ScheduleState, now: number, kind: NoticeKind): ScheduleState {
  const { notice } = state;
  if (kind !== 'loose') return { ...state, notice: { ...notice, now: true } };
  return { ...state, notice: { ...notice, loose: { first: notice.loose?.first ?? now, last: now } } };
}

/** When the loose files that changed may be read: after quiet, or when they had long enough. */
export function looseDue(state: ScheduleState, policy: SchedulePolicy): number {
  const { loose } = state.notice;
  if (loose === undefined) return Number.POSITIVE_INFINITY;
  return Math.min(loose.last + policy.settleMs, loose.first + policy.settleMaxMs);
}

/** Call when a look begins: whatever is noticed after this moment needs another one. */
export function looking(state: ScheduleState, now: number, policy: SchedulePolicy): ScheduleState {
  const quiet = looseDue(state, policy) <= now || state.seen === undefined || state.requests.length > 0;
  const loose = quiet ? undefined : state.notice.loose;
  return { ...state, notice: { ...nothingNoticed, loose }, look: { quiet } };
}

/** The look has ended with this. */
export function looked(state: ScheduleState, now: number, seen: Seen): ScheduleState {
  const requests = oncePerTrigger(state.requests).map((request) => ({ ...request, looked: true }));
  const base: ScheduleState = { ...state, look: undefined, lookedAt: now, failedLooks: 0, requests };
  if (state.look?.quiet !== true && state.seen?.loose !== seen.loose) return noticed(base, now, 'loose');

  const doubtful = state.doubted?.hash === seen.hash && state.doubted.stamp !== seen.stamp;
  const again = state.again || doubtful;
  const wanted = again || seen.hash !== state.proven;
  return {
    ...base,
    seen,
    doubted: undefined,
    again,
    wantedSince: wanted ? (state.wantedSince ?? now) : undefined,
    pairSince: pairSince(state, now, seen),
    failure: state.failure?.hash === seen.hash && !doubtful ? state.failure : undefined,
  };
}

/**
 * The sources could not be read: look again after a while, or when something changes. Requests end here: the caller
 * answers those who asked. `random` is in [0, 1).
 */
export function lookFailed(
  state: ScheduleState,
  now: number,
  random: number,
  policy: SchedulePolicy,
): ScheduleState {
  const failedLooks = state.failedLooks + 1;
  const retryAt = now + backoff(failedLooks, random, policy);
  const notice = { ...state.notice, retryAt };
  return { ...state, look: undefined, lookedAt: now, failedLooks, requests: [], notice };
}

/** Somebody asks for a reload. All bytes are looked at once more, now. */
export function asked(state: ScheduleState, now: number, trigger: RequestTrigger): ScheduleState {
  const request = { trigger, at: now, looked: false };
  const waiting = state.requests.some((other) => other.trigger === trigger && !other.looked);
  return {
    ...state,
    requests: waiting ? state.requests : [...state.requests, request],
    notice: { ...state.notice, now: true },
  };
}

/** Those who asked were told that it cannot be done now. */
export function declined(state: ScheduleState): ScheduleState {
  return { ...state, requests: state.requests.filter((request) => !request.looked) };
}

/** An attempt on what was last seen begins. Requests that were looked for are served by it. */
export function started(state: ScheduleState, now: number): ScheduleState {
  if (state.attempt !== undefined) throw new Error('started: an attempt is under way');
  if (state.seen === undefined) throw new Error('started: nothing was looked at');
  return { ...declined(state), attempt: { seen: state.seen, at: now }, again: false, doubted: undefined };
}

/** The attempt has ended. `random` is in [0, 1). */
export function finished(
  state: ScheduleState,
  now: number,
  result: AttemptResult,
  random: number,
  policy: SchedulePolicy,
): ScheduleState {
  const { attempt } = state;
  if (attempt === undefined) throw new Error('finished: no attempt is under way');
  const { hash } = attempt.seen;
  const settled = state.seen?.hash === result.runs;
  return {
    ...state,
    attempt: undefined,
    proven: result.runs,
    lastReload: result.signalled ? now : state.lastReload,
    wantedSince: settled ? undefined : result.signalled ? now : (state.wantedSince ?? now),
    doubted: changePending(state) ? attempt.seen : undefined,
    failure: failureAfter(state.failure, hash, now, result.outcome, random, policy),
  };
}

/** The same content is wanted anew: what became of it before counts no longer. */
export function wantedAnew(state: ScheduleState): ScheduleState {
  return { ...state, failure: undefined };
}

/** How many generations of workers are still leaving. */
export function drains(state: ScheduleState, generations: number): ScheduleState {
  return { ...state, draining: generations };
}

/** No signal can be sent, and why (for people); undefined: it can again. */
export function blocked(state: ScheduleState, reason: string | undefined): ScheduleState {
  return { ...state, blocked: reason };
}

/**
 * A new master runs; `runs` is what it provably started with. Another image perhaps, so what nginx refused before gets one
 * more try (not all of them: a master that restarts for ever must not be disturbed each time).
 */
export function masterStarted(
  state: ScheduleState,
  now: number,
  runs: string | undefined,
  policy: SchedulePolicy,
): ScheduleState {
  const settled = state.seen?.hash === runs;
  return {
    ...state,
    blocked: undefined,
    failure: oneMoreTry(state.failure, now, policy),
    proven: runs,
    draining: 0,
    doubted: undefined,
    again: false,
    wantedSince: settled || state.seen === undefined ? undefined : (state.wantedSince ?? now),
  };
}

function oncePerTrigger(requests: ScheduleState['requests']): ScheduleState['requests'] {
  return requests.filter(
    (request, index) => requests.findIndex(({ trigger }) => trigger === request.trigger) === index,
  );
}

function changePending({ notice }: ScheduleState): boolean {
  return notice.now || notice.loose !== undefined;
}

function pairSince(state: ScheduleState, now: number, seen: Seen): number | undefined {
  const [before, after] = [state.seen?.pair, seen.pair];
  if (after === undefined) return undefined;
  const same = before?.certificate === after.certificate && before.key === after.key;
  return same ? (state.pairSince ?? now) : now;
}
