/** The last attempts: when, why, what came of each, how long it took, and nginx's own words. Pure. */
import type { Attempt } from '../../agent/status.ts';
import { type Line, pad, type Span, span, type Tone, widestOf, wrap } from './text.ts';
import { measured, moment } from './times.ts';

const mostShown = 5;
/** A refused set can have hundreds of reasons; nginx's own lines are few. */
const mostSentences = 6;
const shortestShownMs = 0.5;

const tones: Readonly<Record<Attempt['verdict'], Tone>> = {
  Applied: 'good',
  Rejected: 'bad',
  Degraded: 'bad',
  Unproven: 'warning',
  Stopping: 'warning',
  RefusedByLint: 'bad',
  RefusedByProbe: 'bad',
  Failed: 'bad',
};

/** Newest first. `told` is what the headline says already: the newest attempt does not say it again. */
export function attemptRows(
  attempts: readonly Attempt[],
  width: number,
  now: number,
  told: string | undefined,
): readonly Line[] {
  const shown = attempts.slice(0, mostShown);
  const times = shown.map(({ at }) => moment(at, now));
  const columns = {
    time: widestOf(times),
    trigger: widestOf(shown.map(({ trigger }) => trigger)),
    verdict: widestOf(shown.map(({ verdict }) => verdict)),
  };
  return shown.flatMap((attempt, index) => {
    const row: Line = [
      span(`${pad(times[index] ?? '', columns.time)}  `, 'quiet'),
      span(`${pad(attempt.trigger, columns.trigger)}  `),
      span(pad(attempt.verdict, columns.verdict), tones[attempt.verdict] ?? 'strong'),
      ...durationsOf(attempt),
    ];
    // An old `Applied` has no more to say than its row; one that just came says what was seen.
    const isDull = index > 0 && attempt.verdict === 'Applied';
    const isTold = index === 0 && attempt.message === told;
    return [
      ...wrap(row, width - 2),
      ...(isDull || isTold ? [] : sentencesOf(attempt.message).map((sentence) => [span(sentence)])),
      ...attempt.lines.slice(0, mostSentences).flatMap(linesOfNginx),
      ...putBackOf(attempt),
    ].flatMap((line, place) => (place === 0 ? [line] : hanging(line, width)));
  });
}

/** The sum, then what it is made of, in milliseconds; what is too short to matter leaves its room to the rest. */
function durationsOf({ milliseconds }: Attempt): readonly Span[] {
  const phases = Object.entries(milliseconds);
  if (phases.length === 0) return [];
  const total = phases.reduce((sum, [, taken]) => sum + taken, 0);
  const parts = phases
    .filter(([, taken]) => taken >= shortestShownMs)
    .map(([phase, taken]) => `${phase} ${taken < 9.95 ? taken.toFixed(1) : Math.round(taken)}`);
  return [span(`  ${measured(total)}`), span(`  ${parts.join(' · ')}`, 'quiet')];
}

function sentencesOf(message: string): readonly string[] {
  const sentences = message.split('\n').filter((sentence) => sentence.trim() !== '');
  if (sentences.length <= mostSentences) return sentences;
  return [...sentences.slice(0, mostSentences), `and ${sentences.length - mostSentences} more`];
}

function linesOfNginx({ level, text, source }: Attempt['lines'][number]): readonly Line[] {
  return [
    [span(`nginx [${level}] `, 'bad'), span(text)],
    ...(source === undefined ? [] : [[span('at ', 'quiet'), span(source, 'strong')]]),
  ];
}

function putBackOf({ putBack }: Attempt): readonly Line[] {
  if (putBack === undefined) return [];
  return [
    [putBack === 'proven' ? span('put back, and proven', 'good') : span('could not be put back', 'bad')],
  ];
}

function hanging(line: Line, width: number): readonly Line[] {
  return wrap(line, width - 6).map((part) => [span('    '), ...part]);
}
