/**
 * When to reload. `next` is a pure function of what is known and the time:
 *
 * - A change is looked at when it can be complete: a kubelet volume at once, loose files after quiet, never starving.
 * - Content decides: what is seen is tried only when it is not what nginx provably runs, or when somebody asks.
 * - One attempt at a time. What comes meanwhile, however much, is one look and at most one attempt afterwards.
 * - Ordinary reloads keep `minInterval` and wait for draining generations, but not for ever. Urgent ones do neither.
 * - What failed is tried again with growing pauses until it is proven or something else is wanted.
 */
import type { Trigger } from '../ports.ts';
import type { AgentStatus } from '../status.ts';
import { looseDue, type RequestTrigger, type SchedulePolicy, type ScheduleState } from './state.ts';

type WaitReason = NonNullable<AgentStatus['pending']>['reason'];

export type Decision =
  /** Read the sources and the named files: `looking`, then `looked` or `lookFailed`. */
  | { readonly act: 'look' }
  /** Try what was last seen: `started`, then `finished`. */
  | {
      readonly act: 'attempt';
      readonly trigger: Trigger;
      readonly urgent: boolean;
      /** A rule that was given up, for the status. */
      readonly note?: string;
    }
  /** Tell those who asked that it cannot be done now, and why: `declined`. */
  | {
      readonly act: 'decline';
      readonly triggers: readonly RequestTrigger[];
      readonly reason: WaitReason;
      readonly message: string;
    }
  /** Nothing to do before `until`, unless something happens; without `until`, only when something happens. */
  | {
      readonly act: 'wait';
      readonly until?: number;
      readonly pending?: {
        readonly reason: WaitReason;
        readonly message: string;
        readonly until?: number;
        /** It has lasted so long that somebody must do something. */
        readonly overdue?: boolean;
      };
    };

type Wait = Extract<Decision, { act: 'wait' }>;
type Pending = NonNullable<Wait['pending']>;

/** What to do now. A `wait` that ends lies in the future, so a loop over this never spins. */
export function next(state: ScheduleState, policy: SchedulePolicy, now: number): Decision {
  if (state.attempt !== undefined || state.look !== undefined) return { act: 'wait' };
  const look = lookDue(state, policy);
  if (look <= now) return { act: 'look' };
  const plan = planAttempt(state, policy, now);
  if (plan !== undefined && plan.act !== 'wait') return plan;
  const pending = plan?.pending ?? settling(state, look);
  const until = Math.min(look, plan?.until ?? Number.POSITIVE_INFINITY);
  return {
    act: 'wait',
    ...(Number.isFinite(until) ? { until } : {}),
    ...(pending === undefined ? {} : { pending }),
  };
}

function lookDue(state: ScheduleState, policy: SchedulePolicy): number {
  const { notice } = state;
  const due = Math.min(
    notice.now ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    looseDue(state, policy),
    notice.retryAt ?? Number.POSITIVE_INFINITY,
  );
  if (state.requests.some((request) => !request.looked)) return due;
  // With a gap between looks, a look is never due right after a look: the attempt that it found a reason for goes
  // first, whatever was noticed in between.
  return Math.max(due, state.lookedAt + policy.lookGapMs);
}

function settling(state: ScheduleState, look: number): Pending | undefined {
  if (!Number.isFinite(look)) return undefined;
  const message =
    state.failedLooks > 0
      ? 'the sources could not be read: they are read again'
      : 'files changed: they are read as soon as they rest';
  return { reason: 'settle', message, until: look };
}

/** The rules for an attempt on what was last seen, in order; undefined when nothing is wanted. */
function planAttempt(
  state: ScheduleState,
  policy: SchedulePolicy,
  now: number,
): Exclude<Decision, { act: 'look' }> | undefined {
  const { seen } = state;
  const requests = state.requests.filter((request) => request.looked);
  const wanted = seen !== undefined && (state.again || seen.hash !== state.proven);
  if (seen === undefined || (!wanted && requests.length === 0)) return undefined;

  const obstacle = masterObstacle(state) ?? pairObstacle(state, policy, now);
  if (obstacle !== undefined) {
    if (requests.length === 0) return waitFor(obstacle);
    const { reason, message } = obstacle;
    return { act: 'decline', triggers: requests.map((request) => request.trigger), reason, message };
  }

  const request = requests.find(({ trigger }) => trigger !== 'schedule') ?? requests[0];
  // Whoever asks, a schedule included, has refused content tried once more.
  if (request === undefined) {
    const pause = failureObstacle(state, now);
    if (pause !== undefined) return waitFor(pause);
  }
  const urgent =
    (request !== undefined && request.trigger !== 'schedule') || (wanted && seen.urgent === true);
  const trigger = request?.trigger ?? (state.failure === undefined ? seen.trigger : 'retry');
  if (urgent) return { act: 'attempt', trigger, urgent };

  const early = state.lastReload + policy.minIntervalMs;
  if (now < early)
    return waitFor({
      reason: 'min-interval',
      message: `reloads keep ${seconds(policy.minIntervalMs)} between them`,
      until: early,
    });
  if (state.draining <= policy.maxDraining) return { act: 'attempt', trigger, urgent };
  const patience = (state.wantedSince ?? request?.at ?? now) + policy.maxDrainWaitMs;
  const crowd = `${state.draining} generations of workers still drain (more than ${policy.maxDraining})`;
  if (now < patience) return waitFor({ reason: 'max-draining', message: crowd, until: patience });
  const note = `${crowd}; reloaded all the same after ${seconds(policy.maxDrainWaitMs)}`;
  return { act: 'attempt', trigger, urgent, note };
}

function masterObstacle(state: ScheduleState): Pending | undefined {
  return state.blocked === undefined ? undefined : { reason: 'master', message: state.blocked };
}

function pairObstacle(state: ScheduleState, policy: SchedulePolicy, now: number): Pending | undefined {
  const pair = state.seen?.pair;
  if (pair === undefined) return undefined;
  const limit = (state.pairSince ?? now) + policy.pairWaitMs;
  const what = `the certificate ${pair.certificate} and the key ${pair.key} do not belong together`;
  const reason = 'certificate-pair';
  if (now < limit) return { reason, message: `${what}: waiting for the other half`, until: limit };
  const message = `${what}, for more than ${seconds(policy.pairWaitMs)}: replace one of them; nginx keeps what it has`;
  return { reason, message, overdue: true };
}

function failureObstacle(state: ScheduleState, now: number): Pending | undefined {
  const { failure } = state;
  if (failure === undefined) return undefined;
  if (failure.final) {
    const times = failure.rejections > 1 ? ` ${failure.rejections} times` : '';
    const message = `refused${times}: tried again when something changes or somebody asks`;
    return { reason: 'refused', message };
  }
  if (failure.retryAt <= now) return undefined;
  const { tries, retryAt: until } = failure;
  const message = tries === 0 ? 'nginx was going down' : `attempt ${tries} failed: tried again later`;
  return { reason: 'backoff', message, until };
}

function waitFor(pending: Pending): Wait {
  return { act: 'wait', pending, ...(pending.until === undefined ? {} : { until: pending.until }) };
}

function seconds(ms: number): string {
  if (ms >= 120_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${ms / 1000} s`;
}
