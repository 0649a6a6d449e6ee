/** `steward status --watch`: the status live, redrawn in place on a terminal. */
import process from 'node:process';
import type { AgentStatus } from '../../agent/status.ts';
import { renderStatus } from './render-status.ts';

export interface WatchOptions {
  /** Undefined: no agent answers. */
  readonly ask: () => Promise<AgentStatus | undefined>;
  readonly colour: boolean;
}

const everyMs = 1000;
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';
const alternate = '\x1b[?1049h';
const back = '\x1b[?1049l';

/** Runs until SIGINT or SIGTERM. On a pipe it prints a block whenever something changed. */
export async function watchStatus({ ask, colour }: WatchOptions): Promise<number> {
  const { stdout } = process;
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
  let shown = '';
  let wake = (): void => {};
  const onResize = (): void => wake();
  stdout.on('resize', onResize);
  if (stdout.isTTY) stdout.write(alternate + hideCursor);
  try {
    while (!end.signal.aborted) {
      const status = await ask();
      const columns = stdout.columns ?? 80;
      const lines =
        status === undefined
          ? ['No agent answers; asking again.']
          : renderStatus(status, { columns, colour, now: Date.now() });
      if (stdout.isTTY) {
        const fitting = lines.slice(0, Math.max(1, (stdout.rows ?? 24) - 1));
        stdout.write(home + fitting.map((line) => `${line}${clearLine}\n`).join('') + clearBelow);
      } else {
        // Ages change every second: what makes a new block is the state, the attempts and what is waited for.
        const key = JSON.stringify(
          status && [
            status.state,
            status.message,
            status.attempts[0],
            status.pending?.reason,
            status.conditions,
          ],
        );
        if (key !== shown) stdout.write(`${lines.join('\n')}\n\n`);
        shown = key;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        const timer = setTimeout(resolve, everyMs);
        end.signal.addEventListener(
          'abort',
          () => {
            clearTimeout(timer);
            resolve();
          },
          { once: true },
        );
      });
    }
  } finally {
    stdout.off('resize', onResize);
    if (stdout.isTTY) stdout.write(showCursor + back);
  }
  return 0;
}
