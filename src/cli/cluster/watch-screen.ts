/** The live view of one NginxConfig: a screen on a terminal, a line for each change elsewhere. */
import { fitting } from '../status/fitting.ts';
import type { Stage } from '../status/stage.ts';
import { cut, type Line, paint, span, type Tone } from '../status/text.ts';
import { moment } from '../status/times.ts';
import type { Happening } from './happenings.ts';
import { type Sight, sightLines } from './pod-rows.ts';
import { wantedOf } from './wanted.ts';

export interface Told extends Happening {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Shown {
  /** Undefined: it is gone. */
  readonly sight: Sight | undefined;
  readonly name: string;
  /** Oldest first. */
  readonly told: readonly Told[];
  /** Why nothing comes at present. */
  readonly trouble: string | undefined;
}

const mostTold = 8;
const barCells = 20;
const narrowest = 60;

/** On a terminal. Pure but for drawing. */
export function draw(
  stage: Stage,
  shown: Shown,
  look: { readonly colour: boolean; readonly now: number },
): void {
  const size = stage.size();
  const columns = Math.max(narrowest, size.columns);
  const lines = screenLines(shown, columns, look.now).map((line) =>
    paint(cutLine(line, size.columns), look.colour),
  );
  stage.draw(fitting(lines, { ...size, more: 'steward get', colour: look.colour }));
}

function screenLines({ sight, name, told, trouble }: Shown, columns: number, now: number): readonly Line[] {
  const recent = told.slice(-mostTold).toReversed();
  return [
    ...(trouble === undefined ? [] : [[span(`no news: ${trouble}; trying again`, 'warning')], []]),
    ...(sight === undefined
      ? [[span(name, 'strong'), span('  '), span('deleted', 'bad')]]
      : withProgress(sightLines(sight, columns, now), sight, now)),
    ...(recent.length === 0
      ? []
      : [[], [span('what happened', 'strong')], ...recent.map((one) => toldLine(one, now))]),
  ];
}

/** Elsewhere. */
export function streamLine(one: Told, format: 'text' | 'json', colour: boolean): string {
  const time = new Date(one.at).toISOString();
  if (format === 'json') {
    const { kind, name, event, value, message } = one;
    return JSON.stringify({ time, kind, name, event, value, message });
  }
  return paint([span(`${time}  `, 'quiet'), span(one.message, one.tone)], colour);
}

/** Under the headline. */
function withProgress(lines: readonly Line[], sight: Sight, now: number): readonly Line[] {
  const { instances } = sight;
  if (instances.length === 0) return lines;
  const hash = wantedOf(sight, now)?.spec.hash;
  const done = instances.filter(({ status }) => hash !== undefined && status?.revision?.hash === hash).length;
  const refused = instances.filter(({ status }) => status?.state === 'Refused').length;
  const cells = (count: number): number => Math.round((count / instances.length) * barCells);
  const full = cells(done);
  const bad = Math.min(barCells - full, cells(refused));
  const bar = (count: number, sign: string, tone: Tone): Line => [span(sign.repeat(count), tone)];
  const end = lines.findIndex((line) => line.length === 0);
  const progress: Line = [
    ...bar(full, '█', 'good'),
    ...bar(bad, '█', 'bad'),
    ...bar(barCells - full - bad, '░', 'quiet'),
    span(` ${done} of ${instances.length} at what is wanted`),
  ];
  return [...lines.slice(0, end), progress, ...lines.slice(end)];
}

function toldLine({ at, message, tone }: Told, now: number): Line {
  return [span(`  ${moment(new Date(at).toISOString(), now)}  `, 'quiet'), span(message, tone)];
}

function cutLine(line: Line, columns: number): Line {
  const kept: { text: string; tone: Tone }[] = [];
  let left = columns;
  for (const { text, tone } of line) {
    if (left <= 0) break;
    const piece = cut(text, left);
    kept.push({ text: piece, tone });
    left -= piece.length;
  }
  return kept;
}
