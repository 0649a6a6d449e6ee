/** An NginxConfig with its Pods, as a screen for people. Pure: used once by `get`, and live by `watch`. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { type Line, type Span, span, wrap } from '../status/text.ts';
import { ago, measured } from '../status/times.ts';
import { podState, shortRevision, stateOf, verdictTone } from './state.ts';
import { type Cell, table } from './table.ts';

export interface Sight {
  readonly config: NginxConfig;
  /** Newest first. */
  readonly revisions: readonly NginxRevision[];
  /** By Pod. */
  readonly instances: readonly NginxInstance[];
}

const labelWidth = 10;
const soonDays = 21;
const day = 86_400_000;
/** Conditions that say nothing new while they are so. */
const usual: ReadonlyMap<string, string> = new Map([
  ['Ready', 'True'],
  ['Available', 'True'],
  ['Rendered', 'True'],
  ['Reconciling', 'False'],
  ['Stalled', 'False'],
]);

/** Lines of at most `columns` cells. `now` in milliseconds since the epoch. */
export function sightLines(sight: Sight, columns: number, now: number): readonly Line[] {
  const { config, instances } = sight;
  const state = stateOf(config);
  const headline: Line = [
    span(config.metadata.name, 'strong'),
    span('  '),
    span(state.word, state.tone),
    span(`  ${config.status?.ready ?? ''}  ${state.sentence}`),
  ];
  return [
    ...wrap(headline, columns),
    [],
    ...facts(sight, columns),
    ...section('conditions', conditionLines(config, state.sentence, columns)),
    ...section('pods', podLines(sight, columns, now)),
    ...section('certificates', certificateLines(instances, columns, now)),
    ...section('requests', requestLines(config, columns, now)),
  ];
}

function facts({ config, revisions }: Sight, columns: number): readonly Line[] {
  const { spec, status } = config;
  const lines: Line[] = [];
  const add = (label: string, words: Line): void => {
    for (const [index, line] of wrap(words, columns - labelWidth).entries())
      lines.push([span((index === 0 ? label : '').padEnd(labelWidth), 'quiet'), ...line]);
  };
  const named = (name: string | undefined): readonly Span[] =>
    name === undefined ? [span('none yet', 'warning')] : namedSpans(name, revisions);
  add('latest', named(status?.latestRevision));
  add('stable', [
    ...named(status?.stableRevision),
    ...(status?.stableRevision !== undefined && status.stableRevision === status.latestRevision
      ? [span(', the latest', 'quiet')]
      : []),
  ]);
  if (spec.revision !== undefined) add('pinned', [span('to '), ...named(spec.revision)]);
  if (spec.paused === true) add('paused', [span('no Pod is moved', 'warning')]);
  return lines;
}

function namedSpans(name: string, revisions: readonly NginxRevision[]): readonly Span[] {
  const found = revisions.find(({ metadata }) => metadata.name === name);
  if (found === undefined) return [span(name)];
  const { number, outcome, message } = found.status ?? {};
  return [
    span(number === undefined ? name : `${number}`, 'strong'),
    ...(number === undefined ? [] : [span(` ${name}`, 'quiet')]),
    ...(outcome === undefined || outcome === 'Applied'
      ? []
      : [span(` ${outcome}`), ...(message === undefined ? [] : [span(`: ${message}`)])]),
  ];
}

function podLines({ instances, revisions }: Sight, columns: number, now: number): readonly Line[] {
  if (instances.length === 0) return [[span('none has opted in (label nginx-steward.io/config)', 'quiet')]];
  const rows = instances.map((instance): readonly Cell[] => {
    const { status, spec } = instance;
    const { word, tone } = podState(instance);
    const runs = status?.revision?.name;
    const wants = spec.revision?.name;
    const moving = wants !== undefined && wants !== runs ? ` → ${shortRevision(wants, revisions)}` : '';
    return [
      instance.metadata.name,
      { text: word, tone },
      `${shortRevision(runs, revisions)}${moving}`,
      workersOf(instance),
      status?.provenAt === undefined ? '-' : ago(status.provenAt, now),
      verdictOf(instance),
    ];
  });
  const [head = [], ...lines] = table(
    ['POD', 'STATE', 'REVISION', 'WORKERS', 'PROVEN', 'VERDICT'],
    rows,
    columns - 2,
  );
  return [
    head,
    ...instances.flatMap((instance, index) => [
      lines[index] ?? [],
      ...reasonLines(instance).flatMap((line) =>
        wrap(line, columns - 6).map((part): Line => [span('    '), ...part]),
      ),
    ]),
  ];
}

function workersOf({ status }: NginxInstance): string {
  if (status?.workers === undefined) return '-';
  const { running, draining } = status.workers;
  return draining === 0 ? `${running}` : `${running} +${draining} draining`;
}

function verdictOf({ status }: NginxInstance): Cell {
  const verdict = status?.verdict;
  if (verdict === undefined) return { text: '-', tone: 'quiet' };
  const took =
    verdict.durationMilliseconds === undefined ? '' : ` in ${measured(verdict.durationMilliseconds)}`;
  return { text: `${verdict.kind}${took}`, tone: verdictTone(verdict.kind) };
}

/** Why: nginx's own words first. A Pod with which all is well has nothing to say. */
export function reasonLines(instance: NginxInstance): readonly Line[] {
  const { status } = instance;
  const { verdict } = status ?? {};
  const state = podState(instance);
  const lines: Line[] = [];
  if (verdict !== undefined && verdictTone(verdict.kind) !== 'good') {
    lines.push([span(verdict.message)]);
    for (const { level, text, source } of verdict.lines ?? []) {
      lines.push([span(`nginx [${level}] `, 'bad'), span(text)]);
      if (source !== undefined) lines.push([span('at ', 'quiet'), span(source, 'strong')]);
    }
    if (verdict.putBack !== undefined)
      lines.push([
        verdict.putBack === 'proven'
          ? span('put back, and proven', 'good')
          : span('could not be put back', 'bad'),
      ]);
  } else if (state.tone !== 'good') lines.push([span(state.sentence)]);
  for (const { type, status: holds, reason, message } of status?.conditions ?? [])
    if (holds !== 'False') lines.push([span(type, 'warning'), span(` (${reason}) `, 'quiet'), span(message)]);
  return lines;
}

function conditionLines(config: NginxConfig, told: string, columns: number): readonly Line[] {
  return (config.status?.conditions ?? [])
    .filter(({ type, status }) => usual.get(type) !== status)
    .flatMap(({ type, status, reason, message }) => {
      const isTold = message === told;
      return wrap(
        [
          span(`${type}=${status}`, 'warning'),
          span(` (${reason})`, 'quiet'),
          span(isTold ? '' : ` ${message}`),
        ],
        columns - 2,
      );
    });
}

/** Those that people should do something about. */
function certificateLines(
  instances: readonly NginxInstance[],
  columns: number,
  now: number,
): readonly Line[] {
  const worst = new Map<string, { pods: number; text: string; bad: boolean }>();
  for (const { status } of instances)
    for (const { path, notAfter, served, reason } of status?.certificates ?? []) {
      const days = Math.floor((Date.parse(notAfter) - now) / day);
      if (days >= soonDays && served !== 'no') continue;
      const age = days < 0 ? 'expired' : `${days} days left`;
      const text = `${age}${served === 'no' ? `, NOT served${reason === undefined ? '' : `: ${reason}`}` : ''}`;
      const before = worst.get(path);
      worst.set(path, { pods: (before?.pods ?? 0) + 1, text, bad: days < 7 || served === 'no' });
    }
  return [...worst].flatMap(([path, { pods, text, bad }]) =>
    wrap(
      [
        span(`${path}  `),
        span(text, bad ? 'bad' : 'warning'),
        span(`  in ${pods} of ${instances.length}`, 'quiet'),
      ],
      columns - 2,
    ),
  );
}

function requestLines({ status }: NginxConfig, columns: number, now: number): readonly Line[] {
  return (status?.acknowledged ?? []).flatMap(({ action, token, at, instances }) =>
    wrap(
      [span(`${action} `), span(`${token} `, 'quiet'), span(`${instances}, ${ago(at, now)}`)],
      columns - 2,
    ),
  );
}

function section(title: string, rows: readonly Line[]): readonly Line[] {
  return rows.length === 0
    ? []
    : [[], [span(title, 'strong')], ...rows.map((row): Line => [span('  '), ...row])];
}
