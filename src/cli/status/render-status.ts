/** What the agent knows, as a screen for people. Pure: the same value and time give the same lines. */
import type { AgentState, AgentStatus } from '../../agent/status.ts';
import { attemptRows } from './attempts.ts';
import {
  certificateRows,
  conditionRows,
  findingRows,
  requestRows,
  scheduleRows,
  unwatchedRows,
} from './sections.ts';
import { cut, type Line, paint, type Span, span, type Tone, wrap } from './text.ts';
import { ago, duration, until } from './times.ts';

export interface Look {
  /** The terminal's width in cells; below 40 it is taken for 40. */
  readonly columns: number;
  readonly colour: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const narrowest = 40;
/** Where values begin, behind their labels. */
const labelWidth = 10;
const longestHeadline = 4;
/** Enough to tell two revisions apart, few enough to compare by eye. */
const hashLength = 12;

const tones: Readonly<Record<AgentState, Tone>> = {
  Starting: 'busy',
  WaitingForMaster: 'warning',
  Proving: 'busy',
  Proven: 'good',
  Pending: 'busy',
  Refused: 'bad',
  Unproven: 'warning',
  PutBackFailed: 'bad',
  Blocked: 'warning',
};

/** Lines without their line feeds, none wider than `columns`. The first one begins with the state's word. */
export function renderStatus(status: AgentStatus, { columns, colour, now }: Look): string[] {
  const width = Math.max(narrowest, columns);
  const { lines: headline, isWhole } = headlineOf(status, width);
  const lines: readonly Line[] = [
    ...headline,
    [],
    ...fieldsOf(status, width, now),
    ...section('conditions', conditionRows(status.conditions, width)),
    ...section(
      'last attempts',
      attemptRows(status.attempts, width, now, isWhole ? status.message : undefined),
    ),
    ...section('certificates', certificateRows(status.certificates, width, now)),
    ...section('findings', findingRows(status.findings, width)),
    ...section('not watched', unwatchedRows(status.unwatched, width)),
    ...section('schedules', scheduleRows(status.schedules, width, now)),
    ...section('requests', requestRows(status.acknowledged, width, now)),
    [],
    ...footerOf(status, width, now),
  ];
  return lines.map((line) => paint(line, colour));
}

/** The word and its sentence; of a long one the beginning, and whether that is all of it. */
function headlineOf(
  { state, message, ready }: AgentStatus,
  width: number,
): { readonly lines: readonly Line[]; readonly isWhole: boolean } {
  const [sentence = '', ...rest] = message.split('\n');
  const words: readonly Span[] = [
    span(state, tones[state] ?? 'strong'),
    span(`  ${shortHashes(sentence)}`),
    ...(ready ? [] : [span(' · '), span('not ready', 'bad')]),
  ];
  const all = wrap(words, width - 2);
  const lines = all.slice(0, longestHeadline).map((line, index) => (index === 0 ? line : indented(line, 2)));
  return { lines, isWhole: rest.length === 0 && all.length <= longestHeadline };
}

function fieldsOf(status: AgentStatus, width: number, now: number): readonly Line[] {
  const { master, wanted, proven, pending } = status;
  const lines: Line[] = [];
  const add = (label: string, words: Line): void => {
    wrap(words, width - labelWidth).forEach((line, index) => {
      lines.push([span((index === 0 ? label : '').padEnd(labelWidth), 'quiet'), ...line]);
    });
  };
  if (master === undefined)
    add('master', [span(status.state === 'Blocked' ? 'none that may be signalled' : 'none seen', 'warning')]);
  else {
    const { running, draining } = master.workers;
    add('master', [
      span(`pid ${master.pid}, started ${ago(master.startedAt, now)}`),
      span(' · ', 'quiet'),
      span(`${running} ${running === 1 ? 'worker' : 'workers'}`, running === 0 ? 'bad' : 'plain'),
      ...(draining === 0 ? [] : [span(', '), span(`${draining} draining`, 'busy')]),
    ]);
    lines.push([
      span(' '.repeat(labelWidth)),
      span(cut(span(master.commandLine).text, width - labelWidth), 'quiet'),
    ]);
  }
  const isSame = proven !== undefined && proven.hash === wanted?.hash;
  if (wanted !== undefined && !isSame) add('wanted', [span(short(wanted.hash), 'busy')]);
  if (proven === undefined) add('proven', [span('nothing yet', 'warning')]);
  else
    add('proven', [
      span(short(proven.hash), 'good'),
      span(` ${ago(proven.at, now)}`),
      ...(isSame ? [span(', as wanted', 'quiet')] : []),
    ]);
  if (pending !== undefined)
    add('pending', [
      span(pending.reason, 'busy'),
      ...(pending.until === undefined ? [] : [span(`, at the latest ${until(pending.until, now)}`)]),
      ...(pending.message === status.message ? [] : [span(` · ${shortHashes(pending.message)}`)]),
    ]);
  return lines;
}

/** Only there when it has something to say. */
function section(title: string, rows: readonly Line[]): readonly Line[] {
  return rows.length === 0 ? [] : [[], [span(title, 'strong')], ...rows.map((row) => indented(row, 2))];
}

function footerOf(
  { version, mode, startedAt, watch }: AgentStatus,
  width: number,
  now: number,
): readonly Line[] {
  const { directories } = watch;
  const places = directories === 1 ? '1 directory' : `${directories} directories`;
  const words: Line = [
    span(`steward ${version} · ${mode} · up ${duration(now - Date.parse(startedAt))} · `, 'quiet'),
    watch.mode === 'inotify'
      ? span(`watches ${places}`, 'quiet')
      : span(`polls ${places}: no inotify to be had`, 'warning'),
  ];
  return wrap(words, width);
}

function indented(line: Line, cells: number): Line {
  return line.length === 0 ? line : [span(' '.repeat(cells)), ...line];
}

function short(hash: string): string {
  return hash.slice(0, hashLength);
}

/** A sentence that names a tree need not be a line of digits. */
function shortHashes(sentence: string): string {
  return sentence.replaceAll(/\b[0-9a-f]{20,64}\b/g, short);
}
