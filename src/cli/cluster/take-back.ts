/** Which revisions `undo` marks as withdrawn, and which it lets count again. Pure: the controller's own plan decides. */
import { withdrawnAnnotation } from '../../api/names.ts';
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { withdrawn } from '../../controller/plan/facts.ts';
import { called, numberOf } from './objects.ts';
import { wantedOf } from './wanted.ts';

export interface TakeBackInput {
  readonly config: NginxConfig;
  /** Newest first. */
  readonly revisions: readonly NginxRevision[];
  readonly instances: readonly NginxInstance[];
  /** Undefined: to the one before. */
  readonly to: NginxRevision | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type TakeBack =
  | {
      readonly kind: 'possible';
      readonly withdraw: readonly NginxRevision[];
      readonly restore: readonly NginxRevision[];
      /** Where the Pods go then. */
      readonly target: NginxRevision;
      /** What the sources say, and go on saying. */
      readonly latest: NginxRevision;
    }
  | { readonly kind: 'impossible'; readonly reason: string; readonly hint: string };

export function takeBack(input: TakeBackInput): TakeBack {
  const { config, revisions, to } = input;
  const { name } = config.metadata;
  const latest = revisions.find((one) => one.metadata.name === config.status?.latestRevision);
  if (latest === undefined) return { kind: 'impossible', reason: 'it has no revision yet', hint: '' };
  if (config.spec.revision !== undefined)
    return {
      kind: 'impossible',
      reason: `it is pinned to ${config.spec.revision}, and a pin goes before everything`,
      hint: `pin ${name} --off, or pin ${name} REVISION`,
    };
  const { withdraw, restore } = to === undefined ? newest(input, latest) : laterThan(to, revisions);
  const target = targetWith(input, withdraw, restore);
  if (target === undefined || (to !== undefined && target !== to))
    return {
      kind: 'impossible',
      reason:
        to === undefined
          ? `there is no revision before ${called(withdraw[0] ?? latest)} that was applied and not taken back`
          : `${called(to)} was never applied${to.status?.message === undefined ? '' : ` (${to.status.message})`}, so a withdrawal would not lead to it`,
      hint: to === undefined ? `history ${name}` : `pin ${name} ${to.status?.number ?? to.metadata.name}`,
    };
  return { kind: 'possible', withdraw, restore, target, latest };
}

/** What the Pods should have now is taken back: the latest, or what an earlier undo led to. */
function newest(
  input: TakeBackInput,
  latest: NginxRevision,
): { readonly withdraw: readonly NginxRevision[]; readonly restore: readonly NginxRevision[] } {
  const present = withdrawn(latest) ? targetWith(input, [], []) : latest;
  return { withdraw: present === undefined ? [] : [present], restore: [] };
}

function laterThan(
  to: NginxRevision,
  revisions: readonly NginxRevision[],
): { readonly withdraw: readonly NginxRevision[]; readonly restore: readonly NginxRevision[] } {
  return {
    withdraw: revisions.filter((one) => numberOf(one) > numberOf(to) && !withdrawn(one)),
    restore: withdrawn(to) ? [to] : [],
  };
}

/** What the controller would want, once these are marked. */
function targetWith(
  { config, revisions, instances, now }: TakeBackInput,
  withdraw: readonly NginxRevision[],
  restore: readonly NginxRevision[],
): NginxRevision | undefined {
  const marked = revisions.map((revision): NginxRevision => {
    const { [withdrawnAnnotation]: _, ...others } = revision.metadata.annotations ?? {};
    if (restore.includes(revision))
      return { ...revision, metadata: { ...revision.metadata, annotations: others } };
    if (!withdraw.includes(revision)) return revision;
    return {
      ...revision,
      metadata: { ...revision.metadata, annotations: { ...others, [withdrawnAnnotation]: '' } },
    };
  });
  const wanted = wantedOf({ config, revisions: marked, instances }, now);
  return revisions.find(({ metadata }) => metadata.name === wanted?.metadata.name);
}
