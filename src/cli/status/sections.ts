/** The quieter parts of the screen: each a list that is not there when it is empty. Pure. */
import type { AgentStatus, CertificateStatus } from '../../agent/status.ts';
import { cut, type Line, pad, type Span, span, type Tone, widestOf, wrap } from './text.ts';
import { moment, until } from './times.ts';

const mostShown = 8;
const mostRequests = 5;
/** A certificate's last days: a renewal that works comes 30 days before the end. */
const soonDays = 21;
const lastDays = 7;

export function conditionRows(conditions: AgentStatus['conditions'], width: number): readonly Line[] {
  return conditions.flatMap(({ type, reason, message }) =>
    hanging([span(type, 'warning'), span(` (${reason}) `, 'quiet'), span(message)], width),
  );
}

/** Those that expire first stand first. */
export function certificateRows(
  certificates: readonly CertificateStatus[],
  width: number,
  now: number,
): readonly Line[] {
  const sorted = certificates.toSorted((a, b) => a.daysLeft - b.daysLeft);
  const shown = sorted.slice(0, mostShown);
  const room = Math.floor((width - 2) / 2);
  const paths = shown.map(({ path }) => cut(span(path).text, room, 'start'));
  const ages = shown.map((certificate) => ageOf(certificate, now));
  const columns = { path: widestOf(paths), age: widestOf(ages.map(({ text }) => text)) };
  const rows = shown.flatMap((certificate, index) => {
    const age = ages[index];
    const start: readonly Span[] = [
      span(`${pad(paths[index] ?? '', columns.path)}  `),
      span(`${pad(age?.text ?? '', columns.age)}  `, age?.tone),
      servedOf(certificate),
    ];
    const left = width - 2 - widestOf([start.map(({ text }) => text).join('')]) - 2;
    const names = certificate.names.join(', ');
    const row: Line = [...start, span(left < 8 ? '' : `  ${cut(span(names).text, left)}`, 'quiet')];
    return [
      row,
      ...(certificate.problem === undefined ? [] : below(span(certificate.problem, 'bad'), width)),
      ...(certificate.served === 'yes' || certificate.reason === undefined
        ? []
        : below(span(certificate.reason, certificate.served === 'no' ? 'bad' : 'quiet'), width)),
    ];
  });
  return [...rows, ...rest(certificates.length - shown.length)];
}

export function findingRows(findings: readonly string[], width: number): readonly Line[] {
  return [
    ...findings.slice(0, mostShown).flatMap((finding) => hanging([span(finding, 'warning')], width)),
    ...rest(findings.length - mostShown),
  ];
}

export function unwatchedRows(unwatched: AgentStatus['unwatched'], width: number): readonly Line[] {
  return [
    ...unwatched
      .slice(0, mostShown)
      .flatMap(({ path, reason }) => hanging([span(path, 'warning'), span(`  ${reason}`)], width)),
    ...rest(unwatched.length - mostShown),
  ];
}

export function scheduleRows(
  schedules: AgentStatus['schedules'],
  width: number,
  now: number,
): readonly Line[] {
  const columns = {
    action: widestOf(schedules.map(({ action }) => action)),
    cron: widestOf(schedules.map(({ cron }) => span(cron).text)),
  };
  return schedules.flatMap(({ action, cron, next }) =>
    hanging(
      [
        span(`${pad(action, columns.action)}  `),
        span(`${pad(span(cron).text, columns.cron)}  `, 'quiet'),
        span(`next ${until(next, now)}`),
        span(`, ${moment(next, now)}`, 'quiet'),
      ],
      width,
    ),
  );
}

export function requestRows(
  requests: AgentStatus['acknowledged'],
  width: number,
  now: number,
): readonly Line[] {
  const shown = requests.slice(0, mostRequests);
  const times = shown.map(({ at }) => moment(at, now));
  const columns = {
    time: widestOf(times),
    action: widestOf(shown.map(({ action }) => action)),
    origin: widestOf(shown.map(({ origin }) => origin)),
  };
  return shown.flatMap(({ action, origin, value, verdict }, index) =>
    hanging(
      [
        span(`${pad(times[index] ?? '', columns.time)}  `, 'quiet'),
        span(`${pad(action, columns.action)}  ${pad(origin, columns.origin)}  `),
        span(verdict, toneOf(verdict)),
        ...(value === undefined ? [] : [span(`  ${value}`, 'quiet')]),
      ],
      width,
    ),
  );
}

function ageOf({ daysLeft, notAfter, fingerprint }: CertificateStatus, now: number): Span {
  if (fingerprint === '') return span('unreadable', 'bad');
  if (daysLeft < 0 || Date.parse(notAfter) <= now) return span('expired', 'bad');
  const text = daysLeft === 1 ? '1 day left' : `${daysLeft} days left`;
  if (daysLeft < lastDays) return span(text, 'bad');
  return span(text, daysLeft < soonDays ? 'warning' : 'plain');
}

function servedOf({ served }: CertificateStatus): Span {
  switch (served) {
    case 'yes':
      return span('served', 'good');
    case 'no':
      return span('NOT served', 'bad');
    case 'unknown':
      return span('served?', 'quiet');
  }
}

function toneOf(verdict: string): Tone {
  if (verdict === 'Applied' || verdict === 'Reopened') return 'good';
  return verdict === 'Unproven' || verdict === 'Stopping' ? 'warning' : 'bad';
}

function rest(count: number): readonly Line[] {
  return count <= 0 ? [] : [[span(`and ${count} more: steward status -o json`, 'quiet')]];
}

/** Wrapped; what does not fit on the first line stands further in. */
function hanging(line: Line, width: number): readonly Line[] {
  return wrap(line, width - 6).map((part, index) => (index === 0 ? part : [span('    '), ...part]));
}

function below(words: Span, width: number): readonly Line[] {
  return wrap([words], width - 6).map((part) => [span('    '), ...part]);
}
