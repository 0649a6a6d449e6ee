/**
 * Which Pods are told something else now.
 *
 * Those that serve nobody get what is safe to start with, at once. Those that serve go to the target, so few at a time that
 * never more than `most` of them are somewhere unproven: first those that are unproven already (a newer edit came while they
 * were on their way), then those that are neither where they should be nor where they were, then the others. It is this order
 * that makes it enough to count those on their way to the target.
 */
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { RevisionView } from '../views.ts';
import { isOn, isSettled, isStarting, refusalOfItsOwn, waitedMs } from './facts.ts';

export interface Move {
  readonly instance: NginxInstance;
  readonly revision: RevisionView;
}

export interface Situation {
  readonly instances: readonly NginxInstance[];
  /** Undefined: nowhere; those that run stay where they are. */
  readonly target: RevisionView | undefined;
  /** What a starting Pod runs. */
  readonly start: RevisionView | undefined;
  readonly stable: RevisionView | undefined;
  readonly isPaused: boolean;
  /** The target was refused, or taken back: Pods go back to what they had. */
  readonly isBack: boolean;
  /** Pods that may be moved and unproven. */
  readonly most: number;
  /** Milliseconds that an answer may take. */
  readonly deadlineMs: number;
  readonly now: number;
}

export function movesOf(situation: Situation): readonly Move[] {
  const { instances, target, start, isPaused } = situation;
  const moves: Move[] = [];
  const rest: NginxInstance[] = [];
  for (const instance of instances) {
    if (start !== undefined && mayStart(instance, situation)) moves.push({ instance, revision: start });
    else rest.push(instance);
  }
  if (target === undefined || isPaused) return moves;
  return [...moves, ...rollout(rest, target, situation)];
}

/** A Pod that has nothing yet, and one that serves nobody and waits for what is not wanted any more. */
function mayStart(instance: NginxInstance, { start, target, isPaused }: Situation): boolean {
  if (instance.spec.revision === undefined) return true;
  const isPlaced = [start, target].some((one) => one !== undefined && isOn(instance, one));
  return isStarting(instance) && !isPlaced && !isPaused;
}

function rollout(
  instances: readonly NginxInstance[],
  target: RevisionView,
  situation: Situation,
): readonly Move[] {
  const behind = instances.filter((one) => !isOn(one, target) && !isGettingUp(one, situation));
  let room = situation.most - instances.filter((one) => isArriving(one, target, situation)).length;
  const moves: Move[] = [];
  for (const instance of inOrder(behind, situation)) {
    // Where it already (or still) is what it is told to be, nothing has to be proven.
    const isThere = instance.status?.revision?.hash === target.spec.hash;
    if (!isThere && room <= 0) continue;
    if (!isThere) room -= 1;
    moves.push({ instance, revision: target });
  }
  return moves;
}

/** It starts with what is safe, has not refused it, and still has time. */
function isGettingUp(instance: NginxInstance, { start, deadlineMs, now }: Situation): boolean {
  return (
    isStarting(instance) &&
    start !== undefined &&
    isOn(instance, start) &&
    refusalOfItsOwn(instance) === undefined &&
    waitedMs(instance, now) < deadlineMs
  );
}

/**
 * Moved and not proven. One that does not answer keeps others from following it for as long as that lasts, but not from going
 * back.
 */
function isArriving(
  instance: NginxInstance,
  target: RevisionView,
  { start, isBack, deadlineMs, now }: Situation,
): boolean {
  if (!isOn(instance, target) || isSettled(instance)) return false;
  if (isStarting(instance) && start !== undefined && isOn(instance, start)) return false;
  return !isBack || waitedMs(instance, now) < deadlineMs;
}

/** Healthy Pods before others of their kind, then by name: the same observation gives the same moves. */
function inOrder(instances: readonly NginxInstance[], { stable }: Situation): readonly NginxInstance[] {
  const rank = (one: NginxInstance): number => {
    if (isStarting(one)) return 3;
    if (!isSettled(one)) return 0;
    return stable !== undefined && isOn(one, stable) ? 2 : 1;
  };
  const key = (one: NginxInstance): string =>
    `${rank(one)} ${one.status?.ready === true ? 0 : 1} ${one.metadata.name}`;
  return instances
    .map((instance) => ({ instance, key: key(instance) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ instance }) => instance);
}
