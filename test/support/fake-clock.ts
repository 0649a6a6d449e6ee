/** A clock that stands still until it is told to go on. */
import type { Clock } from '../../src/base/clock.ts';

export interface FakeClock extends Clock {
  /** Lets time pass: everything that comes due runs at its own time, in order. */
  advance(ms: number): void;
  /** How many timers wait. */
  readonly waiting: number;
}

export function fakeClock(start = 1_700_000_000_000): FakeClock {
  let passed = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: passed + Math.max(0, ms), run };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  return {
    now: () => start + passed,
    monotonic: () => passed,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const cancel = after(ms, () => resolve());
        const abort = (): void => {
          cancel();
          reject(new Error('aborted', { cause: signal?.reason }));
        };
        if (signal?.aborted === true) abort();
        else signal?.addEventListener('abort', abort, { once: true });
      }),
    advance: (ms) => {
      const end = passed + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due);
        passed = Math.max(passed, due.at);
        due.run();
      }
      passed = end;
    },
    get waiting() {
      return timers.size;
    },
  };
}
