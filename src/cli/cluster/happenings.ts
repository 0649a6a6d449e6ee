/** What has happened between two sights of an NginxConfig: one sentence each. Pure. */
import { withdrawnAnnotation } from '../../api/names.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import type { Tone } from '../status/text.ts';
import { measured } from '../status/times.ts';
import { called } from './objects.ts';
import type { Sight } from './pod-rows.ts';
import { outcomeTone, podState, shortRevision, stateOf, verdictTone } from './state.ts';

export interface Happening {
  readonly kind: 'NginxConfig' | 'NginxRevision' | 'NginxInstance';
  readonly name: string;
  /** One word, stable: for programs. */
  readonly event:
    | 'State'
    | 'Deleted'
    | 'New'
    | 'Outcome'
    | 'Withdrawn'
    | 'Restored'
    | 'Joined'
    | 'Left'
    | 'Told'
    | 'Verdict'
    | 'Acknowledged';
  /** The state, the outcome, the verdict or the revision that it is about. */
  readonly value: string;
  /** For people. */
  readonly message: string;
  readonly tone: Tone;
}

/** `before` undefined: everything is new. `after` undefined: the NginxConfig is gone. */
export function happenings(before: Sight | undefined, after: Sight | undefined): readonly Happening[] {
  if (after === undefined) {
    if (before === undefined) return [];
    const { name } = before.config.metadata;
    return [
      {
        ...{ kind: 'NginxConfig', name, event: 'Deleted', value: 'Deleted', tone: 'bad' },
        message: `${name} was deleted; its Pods keep what they run`,
      },
    ];
  }
  return [
    ...ofRevisions(before, after),
    ...ofInstances(before?.instances ?? [], after),
    ...ofConfig(before, after),
  ];
}

function* ofConfig(before: Sight | undefined, { config }: Sight): Generator<Happening> {
  const { name } = config.metadata;
  const { word, tone, sentence } = stateOf(config);
  const old = before === undefined ? undefined : stateOf(before.config);
  if (old?.word === word && old.sentence === sentence) return;
  const ready = config.status?.ready === undefined ? '' : ` (${config.status.ready})`;
  const message = `${name} ${word}${ready}: ${sentence}`;
  yield { kind: 'NginxConfig', name, event: 'State', value: word, message, tone };
}

/** At first only what is in use: the past is `history`'s. */
function* ofRevisions(before: Sight | undefined, after: Sight): Generator<Happening> {
  const known = new Map(before?.revisions.map((one) => [one.metadata.name, one]));
  for (const revision of after.revisions.toReversed()) {
    const { name } = revision.metadata;
    const old = known.get(name);
    const base = { kind: 'NginxRevision', name } as const;
    const title = called(revision);
    const { outcome, number } = revision.status ?? {};
    // Its number is written a moment after the revision itself.
    const isNew = old === undefined ? number !== undefined : old.status?.number !== number;
    if (before !== undefined && isNew) {
      yield {
        ...base,
        event: 'New',
        value: String(number ?? ''),
        message: `${title} is the latest`,
        tone: 'busy',
      };
    }
    if (before === undefined || old === undefined) continue;
    if (outcome !== undefined && outcome !== old.status?.outcome) {
      yield { ...base, event: 'Outcome', value: outcome, ...outcomeOf(revision, title) };
    }
    const mark = revision.metadata.annotations?.[withdrawnAnnotation];
    const oldMark = old.metadata.annotations?.[withdrawnAnnotation];
    if (mark !== undefined && oldMark === undefined) {
      const message = `${title} is withdrawn${mark === '' ? '' : `: ${mark}`}`;
      yield { ...base, event: 'Withdrawn', value: name, message, tone: 'warning' };
    } else if (mark === undefined && oldMark !== undefined)
      yield { ...base, event: 'Restored', value: name, message: `${title} counts again`, tone: 'plain' };
  }
}

function outcomeOf({ status }: NginxRevision, title: string): Pick<Happening, 'message' | 'tone'> {
  const { outcome = '', message, durationMilliseconds } = status ?? {};
  const took =
    outcome === 'Applied' && durationMilliseconds !== undefined
      ? ` in ${measured(durationMilliseconds)}, edit to proof`
      : '';
  return {
    message: `${title} ${outcome}${took}${message === undefined ? '' : `: ${message}`}`,
    tone: outcomeTone(outcome),
  };
}

function* ofInstances(
  before: readonly NginxInstance[],
  { instances, revisions }: Sight,
): Generator<Happening> {
  const known = new Map(before.map((one) => [one.metadata.name, one]));
  for (const instance of instances) {
    const { name } = instance.metadata;
    yield* ofInstance(known.get(name), instance, revisions);
    known.delete(name);
  }
  for (const name of known.keys())
    yield {
      ...{ kind: 'NginxInstance', name, event: 'Left', value: name, tone: 'quiet' },
      message: `Pod ${name} has gone`,
    };
}

function* ofInstance(
  old: NginxInstance | undefined,
  instance: NginxInstance,
  revisions: readonly NginxRevision[],
): Generator<Happening> {
  const { name } = instance.metadata;
  const base = { kind: 'NginxInstance', name } as const;
  const { verdict, acknowledged = [] } = instance.status ?? {};
  const state = podState(instance);
  if (old === undefined) {
    const runs = instance.status?.revision?.name;
    const at = runs === undefined ? '' : ` at revision ${shortRevision(runs, revisions)}`;
    const message = `Pod ${name} ${state.word}${at}`;
    yield { ...base, event: 'Joined', value: state.word, message, tone: state.tone };
    return;
  }
  const told = instance.spec.revision?.name;
  if (told !== undefined && told !== old.spec.revision?.name) {
    const message = `Pod ${name} is to run revision ${shortRevision(told, revisions)}`;
    yield { ...base, event: 'Told', value: told, message, tone: 'busy' };
  }
  if (verdict !== undefined && verdict.at !== old.status?.verdict?.at) {
    const { kind, revision, durationMilliseconds, message: reason, lines = [] } = verdict;
    const took = durationMilliseconds === undefined ? '' : ` in ${measured(durationMilliseconds)}`;
    const [line] = lines;
    const why =
      kind === 'Applied' ? '' : `: ${line === undefined ? reason : `${line.text}${placeOf(line.source)}`}`;
    const message = `Pod ${name} revision ${shortRevision(revision, revisions)} ${kind}${took}${why}`;
    yield { ...base, event: 'Verdict', value: kind, message, tone: verdictTone(kind) };
  } else if (state.word !== podState(old).word) {
    const message = `Pod ${name} ${state.word}${state.tone === 'good' ? '' : `: ${state.sentence}`}`;
    yield { ...base, event: 'State', value: state.word, message, tone: state.tone };
  }
  const answered = new Set((old.status?.acknowledged ?? []).map(requestOf));
  for (const one of acknowledged) {
    if (answered.has(requestOf(one))) continue;
    const message = `Pod ${name} ${one.action} ${one.token}: ${one.verdict}`;
    yield { ...base, event: 'Acknowledged', value: one.verdict, message, tone: verdictTone(one.verdict) };
  }
}

function requestOf(one: {
  readonly action: string;
  readonly origin: string;
  readonly token: string;
}): string {
  return JSON.stringify([one.action, one.origin, one.token]);
}

function placeOf(source: string | undefined): string {
  return source === undefined ? '' : ` (${source})`;
}
