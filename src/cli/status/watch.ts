/**
 * `steward status --watch`. On a terminal: a screen of its own, drawn again in place, and everything as it was when it
 * ends. Elsewhere (a file, a pipe): one block for each change, with its time.
 */
import process from 'node:process';
import type { AgentStatus } from '../../agent/status.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { fitting } from './fitting.ts';
import { renderStatus } from './render-status.ts';
import { processStage, type Stage } from './stage.ts';
import { paint, span } from './text.ts';
import { ago } from './times.ts';

export interface WatchOptions {
  /** Resolves with undefined when no agent answers. */
  readonly ask: () => Promise<AgentStatus | undefined>;
  readonly colour: boolean;
  readonly stage?: Stage;
  readonly clock?: Clock;
}

const pauseMs = 1000;
const nobody = 'no agent answers';

/** What was asked last, and when an agent answered last. */
interface Seen {
  readonly status: AgentStatus | undefined;
  readonly last?: { readonly state: string; readonly at: number };
}

/** Shows it until it is interrupted; the exit code is then 0. */
export async function watchStatus(options: WatchOptions): Promise<number> {
  const { ask, colour, stage = processStage(process), clock = systemClock } = options;
  const show = stage.isTerminal ? onTerminal(stage, clock, colour) : onStream(stage, clock, colour);
  let seen: Seen | undefined;
  const ended = endOf(stage.ended);
  const release = stage.begin(() => {
    if (seen !== undefined) show(seen);
  });
  try {
    while (!stage.ended.aborted) {
      const answer = await Promise.race([ask(), ended]);
      if (answer === 'ended') break;
      const last = answer === undefined ? seen?.last : { state: answer.state, at: clock.now() };
      seen = { status: answer, ...(last === undefined ? {} : { last }) };
      show(seen);
      await clock.sleep(pauseMs, stage.ended).catch(() => undefined);
    }
  } finally {
    release();
  }
  return 0;
}

function endOf(signal: AbortSignal): Promise<'ended'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('ended');
    signal.addEventListener('abort', () => resolve('ended'), { once: true });
  });
}

function onTerminal(stage: Stage, clock: Clock, colour: boolean): (seen: Seen) => void {
  return (seen) => {
    const { columns, rows } = stage.size();
    const now = clock.now();
    const lines =
      seen.status === undefined
        ? silence(seen, colour, now)
        : renderStatus(seen.status, { columns, colour, now });
    stage.draw(fitting(lines, { columns, rows, more: 'steward status', colour }));
  };
}

function silence({ last }: Seen, colour: boolean, now: number): readonly string[] {
  const since =
    last === undefined
      ? ''
      : ` (${last.state} when it last did, ${ago(new Date(last.at).toISOString(), now)})`;
  return [
    paint([span(nobody, 'warning'), span(since)], colour),
    paint([span('asking again every second', 'quiet')], colour),
  ];
}

function onStream(stage: Stage, clock: Clock, colour: boolean): (seen: Seen) => void {
  let told: string | undefined;
  return ({ status }) => {
    const now = clock.now();
    const lines =
      status === undefined ? [nobody] : renderStatus(status, { columns: stage.size().columns, colour, now });
    const key = status === undefined ? nobody : JSON.stringify(status);
    if (key === told) return;
    const separator = told === undefined ? [] : [''];
    told = key;
    stage.draw([...separator, `--- ${new Date(now).toISOString()}`, ...lines]);
  };
}
