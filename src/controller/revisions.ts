/** Numbers, outcomes and the end of revisions; and when the next one may be made. Pure. */
import type { NginxInstance } from '../api/nginx-instance.ts';
import type { NginxRevisionStatus } from '../api/nginx-revision.ts';
import { withdrawn } from './plan/facts.ts';
import type { Plan } from './plan.ts';
import type { RevisionView } from './views.ts';

/** As the schema has it. */
const longestMessage = 2048;

/** What the sources said last: of what was rendered, the one with the highest number. */
export function newestRevision(revisions: readonly RevisionView[]): RevisionView | undefined {
  return revisions
    .filter(({ status }) => status?.number !== undefined)
    .reduce<RevisionView | undefined>(
      (newest, one) => (newest === undefined || numberOf(one) > numberOf(newest) ? one : newest),
      undefined,
    );
}

/**
 * The status that the latest revision begins anew with: it is new, its content has come back, or it was rejected and somebody
 * asked again. Undefined: nothing of that. A new number is one more than any, so what Pods said of an earlier time does not
 * count; `told` is the one that the config's status tells, so that numbers go on when revisions were deleted by hand.
 */
export function takenUp(
  latest: RevisionView,
  revisions: readonly RevisionView[],
  { told = 0, token }: { readonly told?: number | undefined; readonly token: string | undefined },
): NginxRevisionStatus | undefined {
  const newest = newestNumber(revisions);
  const isBack = numberOf(latest) < newest;
  const isAskedAgain = latest.status?.outcome === 'Rejected' && (token ?? '') !== (latest.status.token ?? '');
  if (latest.status?.number !== undefined && !isBack && !isAskedAgain) return undefined;
  return { number: Math.max(told, newest) + 1, outcome: 'Pending' };
}

/** When (milliseconds, any clock) a change may be rendered. What must not be lost is the last content, not each of them. */
export function nextRenderAt(times: {
  /** The newest change that was not rendered. */
  readonly changedAt: number;
  /** The first change since the last rendering. */
  readonly firstChangeAt: number;
  /** The last revision that came of a change; undefined: none in memory. */
  readonly lastRevisionAt: number | undefined;
  readonly settleMs: number;
  readonly minIntervalMs: number;
}): number {
  const { changedAt, firstChangeAt, lastRevisionAt, settleMs, minIntervalMs } = times;
  // Somebody who edits without end must not keep every edit from being rendered.
  const settled = Math.min(changedAt + settleMs, firstChangeAt + 10 * settleMs);
  return Math.max(settled, (lastRevisionAt ?? Number.NEGATIVE_INFINITY) + minIntervalMs);
}

/** The new status of each revision whose outcome has changed. */
export function outcomes(
  plan: Plan,
  revisions: readonly RevisionView[],
  context: {
    /** Milliseconds since the epoch. */
    readonly now: number;
    /** The reload annotation's value. */
    readonly token: string | undefined;
    /** For the summary: why it was refused. */
    readonly refusal: string | undefined;
    /** Milliseconds from the edit to now, where this process has seen the edit. */
    readonly sinceEditMs: number | undefined;
  },
): ReadonlyMap<string, NginxRevisionStatus> {
  const changed = new Map<string, NginxRevisionStatus>();
  const newest = newestNumber(revisions);
  for (const revision of revisions) {
    const before = revision.status?.outcome;
    const outcome = outcomeOf(revision, plan, newest);
    if (outcome === undefined || outcome === before) continue;
    const { number } = revision.status ?? {};
    changed.set(revision.metadata.name, {
      ...(number !== undefined && { number }),
      outcome,
      at: new Date(context.now).toISOString(),
      ...(outcome === 'Rejected' &&
        context.refusal !== undefined && { message: context.refusal.slice(0, longestMessage) }),
      ...(outcome === 'Rejected' && { token: context.token ?? '' }),
      ...(outcome === 'Applied' &&
        context.sinceEditMs !== undefined && { durationMilliseconds: Math.round(context.sinceEditMs) }),
    });
  }
  return changed;
}

/** What nobody needs any more, the oldest first. */
export function collectable(
  plan: Plan,
  revisions: readonly RevisionView[],
  instances: readonly NginxInstance[],
  keep: { readonly limit: number; readonly latest: string | undefined; readonly pin: string | undefined },
): readonly RevisionView[] {
  const needed = new Set<string | undefined>([
    keep.latest,
    keep.pin,
    plan.wanted?.metadata.name,
    plan.stable?.metadata.name,
    plan.target?.metadata.name,
    plan.start?.metadata.name,
    ...instances.flatMap(({ spec, status }) => [spec.revision?.name, status?.revision?.name]),
  ]);
  return revisions
    .filter(({ metadata }) => !needed.has(metadata.name))
    .sort((one, other) => numberOf(other) - numberOf(one))
    .slice(keep.limit)
    .toReversed();
}

function outcomeOf(revision: RevisionView, plan: Plan, newest: number): NginxRevisionStatus['outcome'] {
  const before = revision.status?.outcome;
  if (revision.metadata.name !== plan.wanted?.metadata.name) {
    // What was proven, or refused, stays so.
    if (before === 'Applied' || before === 'Rejected') return before;
    if (withdrawn(revision)) return 'Withdrawn';
    // Behind a pin it waits for its time.
    return numberOf(revision) < newest ? 'Superseded' : 'Pending';
  }
  switch (plan.phase) {
    case 'RollingBack':
    case 'Rejected':
      return 'Rejected';
    case 'RolledOut':
    case 'Withdrawn':
      return 'Applied';
    case 'Progressing':
      if (plan.isProven) return 'Applied';
      return before === 'Applied' ? before : 'RollingOut';
    case 'Idle':
    case 'Paused':
      return before ?? 'Pending';
  }
}

function newestNumber(revisions: readonly RevisionView[]): number {
  return revisions.reduce((newest, one) => Math.max(newest, numberOf(one)), 0);
}

function numberOf({ status }: RevisionView): number {
  return status?.number ?? 0;
}
