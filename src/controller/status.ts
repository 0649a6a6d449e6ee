/** What an NginxConfig's status says: for people in a table, for tools as conditions (kstatus). Pure. */
import type { Condition } from '../api/common.ts';
import { reloadAnnotation, reopenLogsAnnotation } from '../api/names.ts';
import type { NginxConfig, NginxConfigStatus } from '../api/nginx-config.ts';
import type { NginxInstance } from '../api/nginx-instance.ts';
import { refusalOf, runs } from './plan/facts.ts';
import { type Counts, conditionsOf } from './status/conditions.ts';
import type { Facts } from './status/facts.ts';
import { summaryOf } from './status/words.ts';
import { tokenOf } from './tokens.ts';

export function configStatus(facts: Facts): NginxConfigStatus {
  const { config, plan, instances, rendering, isBehind } = facts;
  const before = config.status;
  const counts = countInstances(facts);
  const conditions = conditionsOf(facts, counts);
  const latest = rendering?.kind === 'revised' ? rendering.name : before?.latestRevision;
  const sources = rendering?.sources ?? before?.sources;
  const acknowledged = acknowledgedOf(config, instances);
  const latestNumber = plan.latest?.status?.number;
  // Until the edit is rendered, what is said is about the spec before it.
  const observedGeneration = isBehind ? before?.observedGeneration : config.metadata.generation;
  return {
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(sources !== undefined && { sources: [...sources] }),
    ...(latest !== undefined && { latestRevision: latest }),
    ...(latestNumber !== undefined && { latestNumber }),
    ...(plan.stable !== undefined && { stableRevision: plan.stable.metadata.name }),
    ...(plan.start !== undefined && { startRevision: plan.start.metadata.name }),
    state: stateOf(conditions, config),
    instances: counts,
    ready: `${counts.updated}/${counts.desired}`,
    summary: summaryOf(facts),
    ...(acknowledged.length > 0 && { acknowledged }),
    conditions,
  };
}

/** One word for the table. */
function stateOf(conditions: readonly Condition[], { spec }: NginxConfig): string {
  const holds = (type: string): boolean =>
    conditions.some((one) => one.type === type && one.status === 'True');
  if (holds('Stalled')) return 'Stalled';
  if (holds('Ready')) return 'Ready';
  return spec.paused === true ? 'Paused' : 'Reconciling';
}

function countInstances({ instances, missing, plan }: Facts): Counts {
  const { wanted } = plan;
  const count = (which: (one: NginxInstance) => boolean): number => instances.filter(which).length;
  return {
    desired: instances.length + missing,
    updated: wanted === undefined ? 0 : count((one) => runs(one, wanted)),
    available: count(({ status }) => status?.ready === true),
    rejected:
      wanted === undefined ? 0 : count((one) => !runs(one, wanted) && refusalOf(one, wanted) !== undefined),
  };
}

function acknowledgedOf(
  { metadata, status }: NginxConfig,
  instances: readonly NginxInstance[],
): NonNullable<NginxConfigStatus['acknowledged']> {
  const asked = [
    { action: 'Reload', token: tokenOf(metadata.annotations?.[reloadAnnotation]) },
    { action: 'ReopenLogs', token: tokenOf(metadata.annotations?.[reopenLogsAnnotation]) },
  ];
  return asked.flatMap(({ action, token }) => {
    if (token === undefined) return [];
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
