/** What an NginxConfig's status says: for people in a table, for tools as conditions (kstatus). Pure. */
import type { Condition } from '../api/common.ts';
import { reloadAnnotation, reopenLogsAnnotation } from '../api/names.ts';
import type { NginxConfig, NginxConfigStatus } from '../api/nginx-config.ts';
import type { InstanceVerdict, NginxInstance } from '../api/nginx-instance.ts';
import type { NginxRevisionStatus } from '../api/nginx-revision.ts';
import type { Refusal, SeenSource } from './gather.ts';
import type { Plan } from './plan.ts';
import type { Reason } from './reasons.ts';

export interface Facts {
  readonly config: NginxConfig;
  readonly plan: Plan;
  readonly instances: readonly NginxInstance[];
  /** The status of the wanted revision as it is after this look. */
  readonly wantedStatus: NginxRevisionStatus | undefined;
  /** What the newest rendering came to; undefined: none was made yet. */
  readonly rendering:
    | { readonly kind: 'revised'; readonly name: string; readonly sources: readonly SeenSource[] }
    | (Refusal & { readonly sources: readonly SeenSource[] })
    | undefined;
  /** A change is seen and waits to be rendered. */
  readonly isBehind: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface Said {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

const longestMessage = 1500;
const longestSummary = 200;

export function configStatus(facts: Facts): NginxConfigStatus {
  const { config, plan, instances, rendering, isBehind } = facts;
  const before = config.status;
  const counts = countInstances(facts);
  const said = conditionsOf(facts, counts);
  const latest = rendering?.kind === 'revised' ? rendering.name : before?.latestRevision;
  const sources = rendering?.sources ?? before?.sources;
  const acknowledged = acknowledgedOf(config, instances);
  const latestNumber = plan.wanted?.status?.number ?? facts.wantedStatus?.number;
  // Until the edit is rendered, what is said is about the spec before it.
  const observedGeneration = isBehind ? before?.observedGeneration : config.metadata.generation;
  return {
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(sources !== undefined && { sources: [...sources] }),
    ...(latest !== undefined && { latestRevision: latest }),
    ...(latestNumber !== undefined && { latestNumber }),
    ...(plan.stable !== undefined && { stableRevision: plan.stable.metadata.name }),
    ...(plan.start !== undefined && { startRevision: plan.start.metadata.name }),
    state: stateOf(said, config),
    instances: counts,
    ready: `${counts.updated}/${counts.desired}`,
    summary: summaryOf(facts).slice(0, longestSummary),
    ...(acknowledged.length > 0 && { acknowledged }),
    conditions: said.map((one) => dated(one, facts)),
  };
}

/** One word for the table. */
function stateOf(said: readonly Said[], { spec }: NginxConfig): string {
  const holds = (type: string): boolean => said.some((one) => one.type === type && one.status === 'True');
  if (holds('Stalled')) return 'Stalled';
  if (holds('Ready')) return 'Ready';
  return spec.paused === true ? 'Paused' : 'Reconciling';
}

/** Why a Pod refused what was wanted, with nginx's own line at the author's place where there is one. */
export function refusalText({ lines = [], message }: InstanceVerdict): string {
  const [line] = lines;
  if (line === undefined) return message;
  return line.source === undefined ? line.text : `${line.source}: ${line.text}`;
}

function conditionsOf(facts: Facts, counts: Counts): readonly Said[] {
  const ready = readyOf(facts, counts);
  const isServing = counts.available === counts.desired;
  const available: Said = {
    type: 'Available',
    status: isServing ? 'True' : 'False',
    reason: counts.desired === 0 ? 'NoInstances' : isServing ? 'Serving' : 'NotServing',
    message: `${counts.available} of ${counts.desired} Pods serve something proven`,
  };
  const rendered = renderedOf(facts);
  const isReconciling =
    facts.isBehind || ready.reason === 'Progressing' || facts.plan.phase === 'RollingBack';
  const stalls = rendered.status === 'False' ? rendered : ready.status === 'False' ? ready : undefined;
  const reconciling: Said = {
    type: 'Reconciling',
    status: isReconciling ? 'True' : 'False',
    reason: isReconciling ? 'Progressing' : ready.reason,
    message: isReconciling ? ready.message : 'nothing is on its way',
  };
  const isStalled = !isReconciling && stalls !== undefined && stalls.reason !== 'Paused';
  const stalled: Said = {
    type: 'Stalled',
    status: isStalled ? 'True' : 'False',
    reason: isStalled ? stalls.reason : ready.reason,
    message: isStalled ? stalls.message : 'nothing waits for somebody to act',
  };
  return [ready, available, rendered, reconciling, stalled];
}

function readyOf(facts: Facts, counts: Counts): Said {
  const { plan, isBehind, rendering } = facts;
  const is = (status: Condition['status'], reason: Reason, message: string): Said => ({
    type: 'Ready',
    ...{ status, reason, message },
  });
  const on = `${counts.updated} of ${counts.desired} Pods provably run ${nameOf(facts)}`;
  if (isBehind) return is('False', 'Progressing', 'an edit is seen and is about to be rendered');
  if (plan.pinMissing)
    return is('False', 'PinMissing', `there is no revision ${facts.config.spec.revision ?? ''}`);
  if (rendering?.kind === 'refused' && facts.config.spec.revision === undefined)
    return is('False', 'NotRendered', messageOf(rendering));
  if (counts.desired === 0) return is('True', 'NoInstances', 'no Pod has opted in');
  switch (plan.phase) {
    case 'Idle':
      return is('False', 'NotRendered', 'nothing was rendered yet');
    case 'RolledOut':
      return is('True', 'RolledOut', on);
    case 'Withdrawn':
      return is('False', 'Withdrawn', `the latest revision was taken back by hand; ${on}`);
    case 'RollingBack':
    case 'Rejected':
      return is('False', 'RolloutRejected', rejectionOf(facts));
    case 'Paused':
      return is('False', 'Paused', `paused; ${on}`);
    case 'Progressing':
      return plan.stuck.length > 0
        ? is('False', 'DeadlineExceeded', `no answer from ${plan.stuck.slice(0, 5).join(', ')}; ${on}`)
        : is('False', 'Progressing', on);
  }
}

function renderedOf({ rendering, isBehind }: Facts): Said {
  const is = (status: Condition['status'], reason: Reason, message: string): Said => ({
    type: 'Rendered',
    ...{ status, reason, message },
  });
  if (rendering === undefined) return is('Unknown', 'Progressing', 'the sources are being read');
  if (rendering.kind === 'refused') return is('False', rendering.reason, messageOf(rendering));
  return is(
    'True',
    'Rendered',
    isBehind ? 'a newer edit is about to be rendered' : `rendered as ${rendering.name}`,
  );
}

function summaryOf(facts: Facts): string {
  const { plan, rendering, wantedStatus } = facts;
  const name = nameOf(facts);
  if (plan.pinMissing) return `there is no revision ${facts.config.spec.revision ?? ''}`;
  if (rendering?.kind === 'refused' && facts.config.spec.revision === undefined)
    return `not rendered: ${messageOf(rendering)}`;
  switch (plan.phase) {
    case 'Idle':
      return plan.wanted === undefined ? 'nothing rendered yet' : `${name}, no Pods`;
    case 'RolledOut': {
      const took = wantedStatus?.durationMilliseconds;
      return took === undefined ? `${name} applied` : `${name} applied in ${duration(took)}`;
    }
    case 'Withdrawn':
      return `latest taken back, ${name} applied`;
    case 'Progressing':
      return plan.stuck.length > 0
        ? `${name}: no answer from ${plan.stuck.join(', ')}`
        : `${name} on its way`;
    case 'RollingBack':
      return `${name} rejected, going back: ${rejectionOf(facts)}`;
    case 'Rejected':
      return `${name} rejected: ${rejectionOf(facts)}`;
    case 'Paused':
      return `paused before ${name}`;
  }
}

function rejectionOf({ plan, wantedStatus }: Facts): string {
  const text = plan.refused === undefined ? undefined : refusalText(plan.refused.verdict);
  return (text ?? wantedStatus?.message ?? 'a Pod refused it').slice(0, longestMessage);
}

function nameOf({ plan, wantedStatus }: Facts): string {
  const number = wantedStatus?.number ?? plan.wanted?.status?.number;
  return number === undefined ? (plan.wanted?.metadata.name ?? 'nothing') : `rev ${number}`;
}

function messageOf({ problems }: Refusal): string {
  const all = problems.slice(0, 5).map(({ message, fix }) => `${message}. ${fix}`);
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : '';
  return `${all.join(' ')}${more}`.slice(0, longestMessage);
}

type Counts = NonNullable<NginxConfigStatus['instances']>;

function countInstances({ instances, plan }: Facts): Counts {
  const { wanted } = plan;
  return {
    desired: instances.length,
    updated: instances.filter(
      ({ spec, status }) =>
        wanted !== undefined &&
        spec.revision?.name === wanted.metadata.name &&
        status?.revision?.hash === wanted.spec.hash,
    ).length,
    available: instances.filter(({ status }) => status?.ready === true).length,
    rejected: instances.filter(
      ({ status }) => status?.verdict?.hash === wanted?.spec.hash && status?.state === 'Refused',
    ).length,
  };
}

function acknowledgedOf(
  { metadata, status }: NginxConfig,
  instances: readonly NginxInstance[],
): NonNullable<NginxConfigStatus['acknowledged']> {
  const asked = [
    { action: 'Reload', token: metadata.annotations?.[reloadAnnotation] },
    { action: 'ReopenLogs', token: metadata.annotations?.[reopenLogsAnnotation] },
  ];
  return asked.flatMap(({ action, token }) => {
    if (token === undefined || token === '') return [];
    const times = instances.flatMap(
      (one) =>
        one.status?.acknowledged
          ?.filter(
            (answer) => answer.action === action && answer.origin === 'Config' && answer.token === token,
          )
          .map(({ at }) => at) ?? [],
    );
    const known = status?.acknowledged?.find((one) => one.action === action && one.token === token);
    const at = times.sort().at(-1) ?? known?.at;
    if (at === undefined) return [];
    return [{ action, token, at, instances: `${times.length}/${instances.length}` }];
  });
}

/** The time of a condition moves only with its status. */
function dated({ type, status, reason, message }: Said, { config, now, isBehind }: Facts): Condition {
  const before = config.status?.conditions?.find((one) => one.type === type);
  const lastTransitionTime =
    before?.status === status
      ? before.lastTransitionTime
      : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const { generation } = config.metadata;
  const observedGeneration = isBehind ? before?.observedGeneration : generation;
  return {
    ...{ type, status, reason, message, lastTransitionTime },
    ...(observedGeneration !== undefined && { observedGeneration }),
  };
}

function duration(milliseconds: number): string {
  return milliseconds < 10_000 ? `${milliseconds}ms` : `${Math.round(milliseconds / 1000)}s`;
}
