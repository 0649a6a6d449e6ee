/** What was seen, in one sentence for people. */
import type { ExpectedWorkers } from './expected-workers.ts';
import type { Judgement } from './judge.ts';
import type { Seen } from './record.ts';

export function summarize(judgement: Judgement, seen: Seen, expected: ExpectedWorkers): string {
  const parts = [headline(judgement, seen, expected)];
  const reason = seen.lines.at(-1)?.text.split('\n')[0];
  if (reason !== undefined) parts.push(`nginx wrote: ${reason}`);
  else if (judgement.kind === 'Rejected' || judgement.kind === 'Degraded')
    parts.push(
      seen.logRead
        ? 'nginx wrote no reason into its log'
        : 'the reason is not known, no log of nginx can be read',
    );
  if (judgement.kind === 'Applied' && expected.kind === 'unknown')
    parts.push('how many workers it should have is not known');
  if (seen.evidence === 'children')
    parts.push('judged by the workers alone, since this kernel does not show the master’s signal mask');
  return parts.join('; ');
}

function headline(judgement: Judgement, seen: Seen, expected: ExpectedWorkers): string {
  const busy = milliseconds(seen.busyMs);
  const old = describeOld(seen);
  switch (judgement.kind) {
    case 'Applied':
      return `${workers(judgement.generation.length, 'new')} in ${busy}${old}${
        judgement.stuck.length === 0
          ? ''
          : ` (too busy to have begun to leave: ${judgement.stuck.map(({ pid }) => pid).join(', ')})`
      }`;
    case 'Rejected':
      return `nginx kept the old configuration after ${busy}${describeReplaced(seen)}${old}`;
    case 'Degraded':
      return `${degraded(judgement.reason, seen, expected)}${old}`;
    case 'Unproven':
      return unproven(judgement.reason, seen, busy, old);
    case 'Stopping':
      return judgement.reason === 'quit'
        ? `nginx is shutting down and does not read its configuration any more${old}`
        : 'the master ended before it was done';
  }
}

function degraded(
  reason: Extract<Judgement, { kind: 'Degraded' }>['reason'],
  seen: Seen,
  expected: ExpectedWorkers,
): string {
  const running = seen.born.filter(({ state }) => state === 'running').length;
  if (reason === 'generation-died') return 'the new workers died';
  if (reason === 'no-generation') return 'no new worker lives';
  const wanted = expected.kind === 'exactly' ? ` of ${expected.counts.join(' or ')}` : '';
  return `only ${running}${wanted} new workers live`;
}

function unproven(
  reason: Extract<Judgement, { kind: 'Unproven' }>['reason'],
  seen: Seen,
  busy: string,
  old: string,
): string {
  switch (reason) {
    case 'timeout':
      return `the master still works after ${busy}`;
    case 'stopped':
      return 'the master is stopped (SIGSTOP or a debugger): it goes on after SIGCONT';
    case 'upgrade':
      return 'a new binary was started meanwhile (USR2)';
    case 'unsettled': {
      const newborn = seen.born.filter(({ state }) => state === 'newborn').length;
      return `${workers(newborn, 'new')} did not finish starting (init_worker)${old}`;
    }
    case 'signs-disagree':
      return `the signs contradict each other: ${workers(seen.born.length, 'new')} in ${busy}${old}`;
  }
}

function describeOld({ noted }: Seen): string {
  const words = [
    [count('running'), 'still serving'],
    [count('draining'), 'draining'],
    [count('gone'), 'gone'],
  ] as const;
  const text = words
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
  return text === '' ? '' : `; old ones: ${text}`;

  function count(state: Seen['noted'][number]['state']): number {
    return noted.filter((worker) => worker.state === state).length;
  }
}

function describeReplaced({ born }: Seen): string {
  return born.length === 0 ? '' : `, and replaced ${workers(born.length, 'crashed')}`;
}

function workers(number: number, adjective: string): string {
  return `${number} ${adjective} ${number === 1 ? 'worker' : 'workers'}`;
}

/** With one digit after the point where it says something. */
function milliseconds(ms: number): string {
  return ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 10_000
      ? `${Math.round(ms)} ms`
      : `${(ms / 1000).toFixed(1)} s`;
}
