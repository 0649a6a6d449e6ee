/** The conditions of a config, as `kubectl wait` and kstatus read them. */
import type { Condition } from '../../api/common.ts';
import type { NginxConfigStatus } from '../../api/nginx-config.ts';
import type { Reason } from '../reasons.ts';
import type { Facts } from './facts.ts';
import { listed, messageOf, nameOf, rejectionText, relabelledText, wayBackText } from './words.ts';

/** A condition before its time. */
interface Said {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

export type Counts = NonNullable<NginxConfigStatus['instances']>;

export function conditionsOf(facts: Facts, counts: Counts): Condition[] {
  return saidOf(facts, counts).map((one) => dated(one, facts));
}

function saidOf(facts: Facts, counts: Counts): readonly Said[] {
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
  const reason = rendered.status === 'False' ? rendered : ready;
  const reconciling: Said = {
    type: 'Reconciling',
    status: isReconciling ? 'True' : 'False',
    reason: isReconciling ? 'Progressing' : ready.reason,
    message: isReconciling ? ready.message : 'nothing is on its way',
  };
  const isStalled = !isReconciling && ready.status === 'False' && ready.reason !== 'Paused';
  const stalled: Said = {
    type: 'Stalled',
    status: isStalled ? 'True' : 'False',
    reason: isStalled ? reason.reason : ready.reason,
    message: isStalled ? reason.message : 'nothing waits for somebody to act',
  };
  return [ready, available, rendered, reconciling, stalled];
}

function readyOf(facts: Facts, counts: Counts): Said {
  const { plan, isBehind, rendering } = facts;
  const is = (status: Condition['status'], reason: Reason, message: string): Said => ({
    type: 'Ready',
    ...{ status, reason, message },
  });
  const on = `${counts.updated} of ${counts.desired} Pods provably run ${nameOf(facts)}${relabelledText(facts)}`;
  if (isBehind) return is('False', 'Progressing', 'an edit is seen and is about to be rendered');
  if (plan.pinMissing)
    return is('False', 'PinMissing', `there is no revision ${facts.config.spec.revision ?? ''}`);
  if (rendering?.kind === 'refused' && facts.config.spec.revision === undefined)
    return is('False', 'NotRendered', messageOf(rendering));
  if (counts.desired === 0) return is('True', 'NoInstances', `no Pod has opted in${relabelledText(facts)}`);
  switch (plan.phase) {
    case 'Idle':
      return plan.latest === undefined
        ? is('False', 'NotRendered', 'nothing was rendered yet')
        : is('False', 'Withdrawn', 'the latest revision was taken back by hand, and there is none before it');
    case 'RolledOut':
      return facts.missing > 0 ? is('False', 'Progressing', on) : is('True', 'RolledOut', on);
    case 'Withdrawn':
      return is('False', 'Withdrawn', `the latest revision was taken back by hand; ${on}`);
    case 'RollingBack':
    case 'Rejected':
      return is('False', 'RolloutRejected', `${rejectionText(facts)}${wayBackText(facts)}`);
    case 'Paused':
      return is('False', 'Paused', `paused; ${on}`);
    case 'Progressing':
      if (plan.stuck.length > 0)
        return is('False', 'DeadlineExceeded', `no answer from ${listed(plan.stuck)}; ${on}`);
      if (plan.refusing.length > 0)
        return is('False', 'PodRefused', `${listed(plan.refusing)} refused what the others run; ${on}`);
      return is('False', 'Progressing', on);
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
