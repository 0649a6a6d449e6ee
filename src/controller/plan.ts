/**
 * Which revision each Pod should have now. A pure function of what is in the API, without a memory of its own, so that any
 * restart of the controller goes on where it was.
 *
 * Read `plan` from top to bottom: what is wanted; whether a Pod has refused it; where the Pods go, then; what is proven on all
 * of them; how many may move now.
 *
 * What it goes by, and who remembers it: the sources' and the pin's wish (the config); what was last proven everywhere
 * (`status.stableRevision`, or the newest revision whose outcome is `Applied`); what was refused (the outcome `Rejected`, which
 * stands until the revision gets a new number, and until it is written the verdict of the Pod); what each Pod was told, when,
 * and what it provably runs (its instance).
 */
import { durationMs } from '../api/common.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type { InstanceVerdict, NginxInstance } from '../api/nginx-instance.ts';
import { aimsOf } from './plan/aims.ts';
import { isSettled, isStarting, refusalOf, refusalOfItsOwn, runs, waitedMs } from './plan/facts.ts';
import { type Move, movesOf } from './plan/moves.ts';
import type { RevisionView } from './views.ts';

export interface Observed {
  readonly config: NginxConfig;
  /** The name of the revision that the sources say now; undefined: none could ever be rendered. */
  readonly latest: string | undefined;
  readonly revisions: readonly RevisionView[];
  /** Of Pods that are there and not about to end. */
  readonly instances: readonly NginxInstance[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Phase =
  /** Nothing to roll out: no revision, or no Pods. */
  | 'Idle'
  | 'RolledOut'
  | 'Progressing'
  /** A Pod refused it; the others go back, or are back. */
  | 'RollingBack'
  | 'Rejected'
  /** The latest was taken back by hand; the Pods are where they were before. */
  | 'Withdrawn'
  | 'Paused';

interface Refused {
  readonly instance: string;
  readonly verdict: InstanceVerdict;
}

export interface Plan {
  readonly phase: Phase;
  /** What the sources or the pin ask for. */
  readonly wanted: RevisionView | undefined;
  /** What the sources say now. */
  readonly latest: RevisionView | undefined;
  /** Where the Pods go now: the wanted one, or back to the stable one. */
  readonly target: RevisionView | undefined;
  /** What is proven on all Pods. */
  readonly stable: RevisionView | undefined;
  /** What a starting Pod runs. */
  readonly start: RevisionView | undefined;
  readonly moves: readonly Move[];
  /** Who refused the wanted revision, while its instance still says so. */
  readonly refused: Refused | undefined;
  /** The target is proven on all Pods but those that never served anything, in all the time that they had. */
  readonly isProven: boolean;
  /** The pin names a revision that is not there. */
  readonly pinMissing: boolean;
  /** Instances that have not answered within the deadline. */
  readonly stuck: readonly string[];
  /** Instances that refuse what they were told, although it is not the rollout's: what is proven on the others. */
  readonly refusing: readonly string[];
  /** Milliseconds until a deadline must be looked at. */
  readonly wakeInMs: number | undefined;
}

export function plan(observed: Observed): Plan {
  const { config, instances, now } = observed;
  const { rollout, paused: isPaused = false } = config.spec;
  const deadlineMs = durationMs(rollout.progressDeadline);

  const aims = aimsOf(config, observed.revisions, observed.latest);
  const { wanted, good } = aims;

  // What is proven on all Pods is not rejected by one that cannot run it: that one is reported, and the others stay.
  const isNews = wanted !== undefined && wanted !== good && !everyRuns(instances, wanted);
  const refused = isNews ? firstRefusal(instances, wanted) : undefined;
  const isRejected = isNews && (refused !== undefined || wanted.status?.outcome === 'Rejected');

  const target = isRejected ? good : wanted;
  const isProven = target !== undefined && isProvenOn(target, instances, { deadlineMs, now });
  const stable = isProven && target === wanted ? wanted : good;
  const start = (isRejected ? undefined : aims.pin) ?? stable ?? aims.latest;

  const moves = movesOf({
    ...{ instances, target, start, stable, isPaused, deadlineMs, now },
    isBack: isRejected || aims.isWithdrawn,
    most: mostAtOnce(rollout.maxConcurrent, instances.length),
  });

  const silent = instances.filter((one) => isSilent(one));
  return {
    phase: phaseOf({ wanted, target, instances, isRejected, isPaused, isWithdrawn: aims.isWithdrawn }),
    ...{ wanted, target, stable, start, moves, refused, isProven, latest: aims.latest },
    pinMissing: aims.pinMissing,
    stuck: names(silent.filter((one) => waitedMs(one, now) >= deadlineMs)),
    refusing: names(
      instances.filter(
        (one) => refusalOfItsOwn(one) !== undefined && one.spec.revision?.name === stable?.metadata.name,
      ),
    ),
    wakeInMs: soonest(silent.map((one) => deadlineMs - waitedMs(one, now)).filter((ms) => ms > 0)),
  };
}

/** Of `count` Pods, how many may be moved and not yet proven; percentages are rounded up. */
export function mostAtOnce(maxConcurrent: number | string, count: number): number {
  if (typeof maxConcurrent === 'number') return maxConcurrent;
  return Math.max(1, Math.ceil((count * Number.parseInt(maxConcurrent, 10)) / 100));
}

/** Of several, the one by the first in the order of names. */
function firstRefusal(instances: readonly NginxInstance[], wanted: RevisionView): Refused | undefined {
  let first: Refused | undefined;
  for (const one of instances) {
    const { name } = one.metadata;
    const verdict = refusalOf(one, wanted);
    if (verdict !== undefined && (first === undefined || name < first.instance))
      first = { instance: name, verdict };
  }
  return first;
}

function everyRuns(instances: readonly NginxInstance[], revision: RevisionView): boolean {
  return instances.length > 0 && instances.every((one) => runs(one, revision));
}

/** A Pod that does not get up must not keep what all others run from being what they go back to. */
function isProvenOn(
  target: RevisionView,
  instances: readonly NginxInstance[],
  { deadlineMs, now }: { readonly deadlineMs: number; readonly now: number },
): boolean {
  return (
    instances.some((one) => runs(one, target)) &&
    instances.every((one) => runs(one, target) || (isStarting(one) && waitedMs(one, now) >= deadlineMs))
  );
}

/** It was told something and has neither done nor refused it. */
function isSilent(instance: NginxInstance): boolean {
  return (
    instance.spec.revision !== undefined && !isSettled(instance) && refusalOfItsOwn(instance) === undefined
  );
}

function phaseOf(facts: {
  readonly target: RevisionView | undefined;
  readonly wanted: RevisionView | undefined;
  readonly isRejected: boolean;
  readonly isWithdrawn: boolean;
  readonly isPaused: boolean;
  readonly instances: readonly NginxInstance[];
}): Phase {
  const { target, instances, isPaused } = facts;
  if (facts.wanted === undefined || instances.length === 0) return 'Idle';
  const isRolledOut = target !== undefined && everyRuns(instances, target);
  if (facts.isRejected) return target === undefined || isRolledOut || isPaused ? 'Rejected' : 'RollingBack';
  if (isRolledOut) return facts.isWithdrawn ? 'Withdrawn' : 'RolledOut';
  return isPaused ? 'Paused' : 'Progressing';
}

function names(instances: readonly NginxInstance[]): readonly string[] {
  return instances.map(({ metadata }) => metadata.name).sort();
}

function soonest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}
