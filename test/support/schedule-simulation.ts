/** Runs the schedule's state machine through made up days: an agent without files, without nginx and without time. */
import type { Trigger } from '../../src/agent/ports.ts';
import { type Decision, next } from '../../src/agent/schedule/schedule.ts';
import {
  type AttemptResult,
  asked,
  blocked,
  declined,
  drains,
  finished,
  initialState,
  looked,
  looking,
  masterStarted,
  type NoticeKind,
  noticed,
  type RequestTrigger,
  type SchedulePolicy,
  type ScheduleState,
  started,
} from '../../src/agent/schedule/state.ts';

/** What happens outside, and when. `volume` and `loose` are new contents, noticed with their kind unless `unnoticed`. */
export type Happening = { readonly at: number } & (
  | { readonly volume: string }
  | { readonly loose: string }
  | { readonly notice: NoticeKind }
  | { readonly ask: RequestTrigger }
  | { readonly draining: number }
  | { readonly blocked: string | undefined }
  | { readonly masterStarts: string | undefined }
  | { readonly pair: boolean }
  | { readonly urgent: boolean }
);

export interface SimulatedAttempt {
  readonly at: number;
  readonly end: number;
  readonly hash: string;
  readonly trigger: Trigger;
  readonly urgent: boolean;
  readonly note: string | undefined;
  readonly result: AttemptResult;
}

export interface Simulation {
  readonly attempts: readonly SimulatedAttempt[];
  readonly looks: number;
  readonly declined: readonly Extract<Decision, { act: 'decline' }>[];
  /** Every reason to wait that was given, in order, without repetitions. */
  readonly reasons: readonly string[];
  readonly state: ScheduleState;
  readonly last: Decision;
  readonly now: number;
}

export interface SimulationOptions {
  readonly policy: SchedulePolicy;
  readonly happenings: readonly Happening[];
  /** The time at which it stops even if there is more to do. */
  readonly until: number;
  /** How the attempt with this number (from 0) on this content, begun at this time, ends; proven unless given. */
  readonly outcome?: (hash: string, number: number, at: number) => AttemptResult['outcome'];
  readonly attemptMs?: number;
  readonly lookMs?: number;
  readonly random?: number;
  /** nginx reads the files where they lie. */
  readonly inPlace?: boolean;
}

export function simulate(options: SimulationOptions): Simulation {
  const {
    policy,
    until,
    outcome = () => 'proven',
    attemptMs = 100,
    lookMs = 1,
    random = 0.5,
    inPlace,
  } = options;
  const coming = [...options.happenings].sort((a, b) => a.at - b.at);
  const world = { volume: '0', loose: '0', changes: 0, pair: false, urgent: false };
  const attempts: SimulatedAttempt[] = [];
  const refusals: Extract<Decision, { act: 'decline' }>[] = [];
  const reasons: string[] = [];
  let state = initialState();
  let now = 0;
  let looks = 0;
  let spins = { at: 0, count: 0 };

  const advance = (to: number): void => {
    for (let event = coming[0]; event !== undefined && event.at <= to; event = coming[0]) {
      coming.shift();
      now = Math.max(now, event.at);
      happen(event);
    }
    now = Math.max(now, to);
  };
  const happen = (event: Happening): void => {
    if ('volume' in event || 'loose' in event) {
      Object.assign(world, event, { changes: world.changes + 1 });
      state = noticed(state, now, 'volume' in event ? 'swap' : 'loose');
    } else if ('pair' in event || 'urgent' in event) {
      Object.assign(world, event);
      state = noticed(state, now, 'swap');
    } else if ('notice' in event) state = noticed(state, now, event.notice);
    else if ('ask' in event) state = asked(state, now, event.ask);
    else if ('draining' in event) state = drains(state, event.draining);
    else if ('blocked' in event) state = blocked(state, event.blocked);
    else state = masterStarted(state, now, event.masterStarts, policy);
  };
  const see = () => ({
    hash: `${world.volume}/${world.loose}`,
    loose: world.loose,
    trigger: 'change' as const,
    urgent: world.urgent,
    ...(inPlace === true ? { stamp: String(world.changes) } : {}),
    ...(world.pair ? { pair: { certificate: '/tls/tls.crt', key: '/tls/tls.key' } } : {}),
  });

  for (;;) {
    const decision = next(state, policy, now);
    spins = spins.at === now ? { at: now, count: spins.count + 1 } : { at: now, count: 0 };
    if (spins.count > 100) throw new Error(`the schedule spins at ${now}: ${JSON.stringify(decision)}`);
    if (decision.act === 'wait') {
      const { pending } = decision;
      if (pending !== undefined && reasons.at(-1) !== pending.reason) reasons.push(pending.reason);
      const to = Math.min(
        decision.until ?? Number.POSITIVE_INFINITY,
        coming[0]?.at ?? Number.POSITIVE_INFINITY,
      );
      if (to <= now && coming[0]?.at !== to) throw new Error(`a wait until ${to} at ${now}`);
      if (to > until) return { attempts, looks, declined: refusals, reasons, state, last: decision, now };
      advance(to);
    } else if (decision.act === 'look') {
      looks++;
      state = looking(state, now, policy);
      const seen = see();
      advance(now + lookMs);
      state = looked(state, now, seen);
    } else if (decision.act === 'attempt') {
      const hash = state.seen?.hash ?? '';
      const at = now;
      const runs = state.proven;
      state = started(state, now);
      advance(now + attemptMs);
      const end = outcome(hash, attempts.length, at);
      const result = { outcome: end, signalled: end !== 'refused', runs: end === 'proven' ? hash : runs };
      state = finished(state, now, result, random, policy);
      const { trigger, urgent, note } = decision;
      attempts.push({ at, end: now, hash, trigger, urgent, note, result });
    } else {
      refusals.push(decision);
      state = declined(state);
    }
  }
}
