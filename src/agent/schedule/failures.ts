/** What is remembered of attempts that were not proven, and when the next one may come. */
import type { AttemptOutcome, SchedulePolicy } from './state.ts';

/** Of one content; another content begins anew. */
export interface Failure {
  readonly hash: string;
  /** How many attempts ended without proof. */
  readonly tries: number;
  /** How many of them nginx refused. */
  readonly rejections: number;
  /** Not tried again by itself. */
  readonly final: boolean;
  readonly retryAt: number;
}

/** What is known of failures once an attempt on `hash` has ended. `random` is in [0, 1). */
export function failureAfter(
  known: Failure | undefined,
  hash: string,
  now: number,
  outcome: AttemptOutcome,
  random: number,
  policy: SchedulePolicy,
): Failure | undefined {
  if (outcome === 'proven') return undefined;
  const before = known?.hash === hash ? known : { tries: 0, rejections: 0, final: false };
  // Nothing was learnt, so nothing is counted; the pause only keeps a master that is going down from being asked at once.
  if (outcome === 'stopping') return { ...before, hash, retryAt: now + backoff(1, random, policy) };
  const tries = before.tries + 1;
  const rejections = before.rejections + (outcome === 'rejected' ? 1 : 0);
  const final = outcome === 'refused' || (outcome === 'rejected' && rejections >= policy.rejectedTries);
  return { hash, tries, rejections, final, retryAt: now + backoff(tries, random, policy) };
}

/** A new master: what nginx refused for the last time may be tried once more; what it never saw may not. */
export function oneMoreTry(
  failure: Failure | undefined,
  now: number,
  policy: SchedulePolicy,
): Failure | undefined {
  if (failure === undefined) return undefined;
  if (failure.final && failure.rejections < policy.rejectedTries) return failure;
  const rejections = Math.min(failure.rejections, policy.rejectedTries - 1);
  return { ...failure, rejections, final: false, retryAt: now };
}

/** Doubling from `backoffMs` to `backoffMaxMs`; the upper half of it is random, so that many Pods do not march in step. */
export function backoff(tries: number, random: number, policy: SchedulePolicy): number {
  const whole = Math.min(policy.backoffMaxMs, policy.backoffMs * 2 ** Math.min(tries - 1, 30));
  return whole / 2 + (whole / 2) * random;
}
