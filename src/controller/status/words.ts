/** The sentences of a config's status. */
import type { InstanceVerdict } from '../../api/nginx-instance.ts';
import type { Refusal } from '../gather.ts';
import { runs } from '../plan/facts.ts';
import type { Facts } from './facts.ts';

const longestMessage = 1500;
const longestSummary = 200;

/** Why a Pod refused what was wanted: nginx's own last word, at the author's place where that is known. */
export function refusalText({ lines = [], message }: InstanceVerdict): string {
  const line = lines.findLast(({ source }) => source !== undefined) ?? lines.at(-1);
  if (line === undefined) return message;
  const [text = ''] = line.text.split('\n');
  // The place that nginx names is that in the tree.
  return line.source === undefined ? text : `${line.source}: ${text.replace(/ in \/[^ ]*:\d+$/, '')}`;
}

/** How it is, in a few words. */
export function summaryOf(facts: Facts): string {
  return summary(facts).slice(0, longestSummary);
}

function summary(facts: Facts): string {
  const { plan, rendering, wantedStatus } = facts;
  const name = nameOf(facts);
  if (plan.pinMissing) return `there is no revision ${facts.config.spec.revision ?? ''}`;
  if (rendering?.kind === 'refused' && facts.config.spec.revision === undefined)
    return `not rendered: ${messageOf(rendering)}`;
  switch (plan.phase) {
    case 'Idle':
      if (plan.wanted !== undefined) return `${name}, no Pods`;
      return plan.latest === undefined
        ? 'nothing rendered yet'
        : 'the latest was taken back, and nothing before it was ever applied';
    case 'RolledOut': {
      const took = wantedStatus?.durationMilliseconds;
      return took === undefined ? `${name} applied` : `${name} applied in ${duration(took)}`;
    }
    case 'Withdrawn':
      return `latest taken back, ${name} applied`;
    case 'Progressing':
      if (plan.stuck.length > 0) return `${name}: no answer from ${listed(plan.stuck)}`;
      return plan.refusing.length > 0
        ? `${name} applied, but not in ${listed(plan.refusing)}`
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

export function rejectionText(facts: Facts): string {
  const { refused } = facts.plan;
  const who = refused === undefined ? '' : `Pod ${refused.instance} refused ${nameOf(facts)}: `;
  return `${who}${rejectionOf(facts)}`;
}

/** Where the Pods are now that it was rejected. */
export function wayBackText({ plan, instances }: Facts): string {
  const { target, stuck } = plan;
  if (target === undefined) return '; there is nothing that was ever proven on all Pods to go back to';
  const back = instances.filter((one) => runs(one, target)).length;
  const number = target.status?.number;
  const name = number === undefined ? target.metadata.name : `rev ${number}`;
  const late = stuck.length === 0 ? '' : `, no answer from ${listed(stuck)}`;
  return `; ${back} of ${instances.length} Pods provably run ${name}${late}`;
}

export function relabelledText({ relabelled }: Facts): string {
  if (relabelled.length === 0) return '';
  const pods = listed(relabelled.map(({ metadata }) => metadata.name));
  return `; the label of ${pods} was changed while it ran: a Pod stays with the NginxConfig that it was started for`;
}

export function nameOf({ plan, wantedStatus }: Facts): string {
  const number = wantedStatus?.number ?? plan.wanted?.status?.number;
  return number === undefined ? (plan.wanted?.metadata.name ?? 'nothing') : `rev ${number}`;
}

export function messageOf({ problems }: Refusal): string {
  const all = problems.slice(0, 5).map(({ message, fix }) => `${message}. ${fix}`);
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : '';
  return `${all.join(' ')}${more}`.slice(0, longestMessage);
}

export function listed(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.slice(0, 5).join(', ')}${more}`;
}

function duration(milliseconds: number): string {
  return milliseconds < 10_000 ? `${milliseconds}ms` : `${Math.round(milliseconds / 1000)}s`;
}
