/** Numbers, outcomes and the end of revisions; and when the next one may be made. Pure. */
import type { NginxInstance } from '../api/nginx-instance.ts';
import type { NginxRevisionStatus } from '../api/nginx-revision.ts';
import type { Plan } from './plan.ts';
import type { RevisionView } from './views.ts';

/** The number that a revision gets when its content becomes the latest: one more than any, also when it comes back. */
export function nextNumber(revisions: readonly RevisionView[]): number {
  return Math.max(0, ...revisions.map(({ status }) => status?.number ?? 0)) + 1;
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
  for (const revision of revisions) {
    const before = revision.status?.outcome;
    const outcome = outcomeOf(revision, plan);
    if (outcome === undefined || outcome === before) continue;
    const { number } = revision.status ?? {};
    changed.set(revision.metadata.name, {
      ...(number !== undefined && { number }),
      outcome,
      at: new Date(context.now).toISOString(),
      ...(outcome === 'Rejected' && context.refusal !== undefined && { message: context.refusal }),
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
    plan.stable?.metadata.name,
    plan.target?.metadata.name,
    plan.start?.metadata.name,
    ...instances.flatMap(({ spec, status }) => [spec.revision?.name, status?.revision?.name]),
  ]);
  const number = ({ status }: RevisionView): number => status?.number ?? 0;
  return revisions
    .filter(({ metadata }) => !needed.has(metadata.name))
    .sort((one, other) => number(other) - number(one))
    .slice(keep.limit)
    .toReversed();
}

function outcomeOf(revision: RevisionView, plan: Plan): NginxRevisionStatus['outcome'] {
  const before = revision.status?.outcome;
  const { name } = revision.metadata;
  if (name !== plan.wanted?.metadata.name)
    return before === undefined || before === 'Pending' || before === 'RollingOut' ? 'Superseded' : undefined;
  switch (plan.phase) {
    case 'RollingBack':
    case 'Rejected':
      return 'Rejected';
    case 'RolledOut':
    case 'Withdrawn':
      return 'Applied';
    case 'Progressing':
      return before === 'Applied' ? undefined : 'RollingOut';
    case 'Idle':
    case 'Paused':
      return before ?? 'Pending';
  }
}
