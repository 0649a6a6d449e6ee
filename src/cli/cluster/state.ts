/** An NginxConfig's and a Pod's state as one word, and its sentence. Pure. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import type { Tone } from '../status/text.ts';

export interface State {
  readonly word: string;
  readonly tone: Tone;
  readonly sentence: string;
}

type Condition = NonNullable<NonNullable<NginxConfig['status']>['conditions']>[number];

export function conditionOf({ status }: Pick<NginxConfig, 'status'>, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

/** The status is about the spec as it is now. */
function isObserved({ metadata, status }: NginxConfig): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

export function stateOf(config: NginxConfig): State {
  const { spec, status } = config;
  const ready = conditionOf(config, 'Ready');
  if (status === undefined || ready === undefined)
    return {
      word: 'Unseen',
      tone: 'warning',
      sentence: 'no controller has looked at it yet: is one running?',
    };
  const sentence = ready.message;
  if (!isObserved(config))
    return { word: 'Reconciling', tone: 'busy', sentence: 'the newest edit was not seen yet' };
  const stalled = conditionOf(config, 'Stalled');
  // Somebody wanted it so.
  if (stalled?.status === 'True' && stalled.reason === 'Withdrawn')
    return { word: 'Withdrawn', tone: 'warning', sentence: stalled.message };
  if (stalled?.status === 'True') return { word: 'Stalled', tone: 'bad', sentence: stalled.message };
  if (ready.status === 'True') return { word: 'Ready', tone: 'good', sentence };
  if (spec.paused === true) return { word: 'Paused', tone: 'warning', sentence };
  return { word: 'Reconciling', tone: 'busy', sentence };
}

const goodStates = new Set(['Proven']);
const badStates = new Set(['Refused', 'PutBackFailed', 'Blocked']);
const waitingStates = new Set(['WaitingForMaster', 'Unproven']);

export function podState({ status }: NginxInstance): State {
  const word = status?.state ?? 'Silent';
  const tone = goodStates.has(word)
    ? 'good'
    : badStates.has(word)
      ? 'bad'
      : status === undefined || waitingStates.has(word)
        ? 'warning'
        : 'busy';
  return { word, tone, sentence: status?.message ?? 'its agent has said nothing yet' };
}

const verdictTones: ReadonlyMap<string, Tone> = new Map([
  ['Applied', 'good'],
  ['Reopened', 'good'],
  ['Existing', 'quiet'],
  ['Unproven', 'warning'],
  ['Stopping', 'warning'],
]);

export function verdictTone(verdict: string): Tone {
  return verdictTones.get(verdict) ?? 'bad';
}

const outcomeTones: ReadonlyMap<string, Tone> = new Map([
  ['Applied', 'good'],
  ['Rejected', 'bad'],
  ['Withdrawn', 'warning'],
  ['RollingOut', 'busy'],
  ['Pending', 'busy'],
]);

export function outcomeTone(outcome: string): Tone {
  return outcomeTones.get(outcome) ?? 'quiet';
}

/** A revision's number, or as much of its name as tells it apart. */
export function shortRevision(name: string | undefined, revisions: readonly NginxRevision[]): string {
  if (name === undefined) return '-';
  const number = revisions.find(({ metadata }) => metadata.name === name)?.status?.number;
  return number === undefined ? name.replace(/-([0-9a-f]{8})[0-9a-f]{12}$/, '-$1') : String(number);
}
