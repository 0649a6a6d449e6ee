/**
 * Which revision each Pod should have now. A pure function of what is in the API, without a memory of its own, so that any
 * restart of the controller goes on where it was.
 *
 * Read it from top to bottom: what is wanted; whether a Pod has refused it; where the Pods go, then; how many may move now.
 */

import { durationMs } from '../api/common.ts';
import { withdrawnAnnotation } from '../api/names.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type { InstanceVerdict, NginxInstance } from '../api/nginx-instance.ts';
import type { RevisionView } from './views.ts';

export interface Observed {
  readonly config: NginxConfig;
  /** The name of the revision that the sources say now; undefined: none could ever be rendered. */
  readonly latest: string | undefined;
  readonly revisions: readonly RevisionView[];
  /** Of Pods that are there. */
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
  /** The latest was taken back by hand; the Pods are where they were before, or on their way. */
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
  /** Where the Pods go now: the wanted one, or back to the stable one. */
  readonly target: RevisionView | undefined;
  /** What is proven on all Pods. */
  readonly stable: RevisionView | undefined;
  /** What a starting Pod runs. */
  readonly start: RevisionView | undefined;
  readonly moves: readonly { readonly instance: NginxInstance; readonly revision: RevisionView }[];
  /** Who refused the wanted revision, while its instance still says so. */
  readonly refused: Refused | undefined;
  /** The pin names a revision that is not there. */
  readonly pinMissing: boolean;
  /** Instances that have not answered within the deadline. */
  readonly stuck: readonly string[];
  /** Milliseconds until a deadline must be looked at. */
  readonly wakeInMs: number | undefined;
}

const refusing = new Set(['Rejected', 'Degraded', 'RefusedByLint', 'RefusedByProbe']);

export function plan(observed: Observed): Plan {
  const { config, instances, now } = observed;
  const { spec, status } = config;
  const byName = new Map(observed.revisions.map((revision) => [revision.metadata.name, revision]));
  const named = (name: string | undefined): RevisionView | undefined =>
    name === undefined ? undefined : byName.get(name);

  const before = named(status?.stableRevision);
  const latest = named(observed.latest);
  const pin = named(spec.revision);
  const isWithdrawn = pin === undefined && latest !== undefined && withdrawn(latest);
  const wanted = pin ?? (isWithdrawn ? lastGood(observed.revisions, latest) : latest);

  const refused = wanted === undefined ? undefined : refusalOf(wanted, instances);
  const isRejected = wanted !== undefined && (refused !== undefined || wanted.status?.outcome === 'Rejected');

  const usable = before !== undefined && !withdrawn(before) ? before : undefined;
  const target = isRejected ? (usable === wanted ? undefined : usable) : wanted;

  const isOn = (instance: NginxInstance, revision: RevisionView): boolean =>
    instance.spec.revision?.name === revision.metadata.name;
  const runs = (instance: NginxInstance, revision: RevisionView): boolean =>
    isOn(instance, revision) && instance.status?.revision?.hash === revision.spec.hash;

  const isRolledOut = target !== undefined && instances.every((one) => runs(one, target));
  const stable = isRolledOut && instances.length > 0 && !isRejected ? target : usable;
  const start = pin ?? stable ?? (isRejected ? undefined : wanted);

  // A Pod that starts gets what is safe, whatever is under way: it serves nobody yet.
  const starting = instances.filter(({ spec: { revision } }) => revision === undefined);
  const moves = starting.flatMap((instance) => (start === undefined ? [] : [{ instance, revision: start }]));

  const waiting =
    target === undefined ? [] : instances.filter((one) => isOn(one, target) && !runs(one, target));
  const deadline = durationMs(spec.rollout.progressDeadline);
  const waited = (one: NginxInstance): number =>
    now - Date.parse(one.spec.movedAt ?? new Date(now).toISOString());
  const stuck = waiting.filter((one) => waited(one) >= deadline);
  const underWay = waiting.filter((one) => waited(one) < deadline && hasServed(one));

  if (target !== undefined && spec.paused !== true) {
    const room = Math.max(0, mostAtOnce(spec.rollout.maxConcurrent, instances.length) - underWay.length);
    const behind = instances.filter((one) => one.spec.revision !== undefined && !isOn(one, target));
    for (const instance of inOrder(behind).slice(0, room)) moves.push({ instance, revision: target });
  }

  const remaining = waiting.map((one) => deadline - waited(one)).filter((ms) => ms > 0);
  return {
    phase: phaseOf({
      target,
      wanted,
      isRejected,
      isRolledOut,
      isWithdrawn,
      instances,
      isPaused: spec.paused === true,
    }),
    ...{ wanted, target, stable, start, moves, refused },
    pinMissing: spec.revision !== undefined && pin === undefined,
    stuck: stuck.map(({ metadata }) => metadata.name),
    wakeInMs: remaining.length === 0 ? undefined : Math.min(...remaining),
  };
}

/** Of `count` Pods, how many may be moved and not yet proven; percentages are rounded up. */
function mostAtOnce(maxConcurrent: number | string, count: number): number {
  if (typeof maxConcurrent === 'number') return maxConcurrent;
  const share = Number.parseInt(maxConcurrent, 10);
  return Math.max(1, Math.ceil((count * share) / 100));
}

export function withdrawn(revision: RevisionView): boolean {
  return revision.metadata.annotations?.[withdrawnAnnotation] !== undefined;
}

/** A verdict counts for the very time that the revision was handed out, not for an earlier one with the same content. */
function refusalOf(wanted: RevisionView, instances: readonly NginxInstance[]): Refused | undefined {
  for (const { metadata, status } of instances) {
    const verdict = status?.verdict;
    if (verdict === undefined || !refusing.has(verdict.kind) || verdict.hash !== wanted.spec.hash) continue;
    if (verdict.number === undefined || verdict.number === wanted.status?.number)
      return { instance: metadata.name, verdict };
  }
  return undefined;
}

/** Whom clients depend on; whoever never served anything cannot be taken from them. */
function hasServed({ status }: NginxInstance): boolean {
  return status?.revision !== undefined;
}

/** Healthy Pods first, then by name: the same observation gives the same plan. */
function inOrder(instances: readonly NginxInstance[]): readonly NginxInstance[] {
  const rank = (one: NginxInstance): string => `${one.status?.ready === true ? 0 : 1} ${one.metadata.name}`;
  return [...instances].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

/** The newest revision before this one that was applied and not taken back. */
function lastGood(revisions: readonly RevisionView[], latest: RevisionView): RevisionView | undefined {
  const number = (one: RevisionView): number => one.status?.number ?? 0;
  return revisions
    .filter((one) => one !== latest && !withdrawn(one) && number(one) < number(latest))
    .filter(({ status }) => status?.outcome === 'Applied' || status?.outcome === 'Superseded')
    .sort((one, other) => rankOf(other) - rankOf(one) || number(other) - number(one))[0];
}

function rankOf({ status }: RevisionView): number {
  return status?.outcome === 'Applied' ? 1 : 0;
}

function phaseOf(facts: {
  readonly target: RevisionView | undefined;
  readonly wanted: RevisionView | undefined;
  readonly isRejected: boolean;
  readonly isRolledOut: boolean;
  readonly isWithdrawn: boolean;
  readonly isPaused: boolean;
  readonly instances: readonly NginxInstance[];
}): Phase {
  if (facts.wanted === undefined || facts.instances.length === 0) return 'Idle';
  if (facts.isRejected)
    return facts.target === undefined || facts.isRolledOut || facts.isPaused ? 'Rejected' : 'RollingBack';
  if (facts.isRolledOut) return facts.isWithdrawn ? 'Withdrawn' : 'RolledOut';
  return facts.isPaused ? 'Paused' : 'Progressing';
}
