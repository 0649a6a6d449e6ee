/**
 * Time as a parameter. Nothing below a composition root asks the system for it, so that every decision that depends on
 * time can be tested with values.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch: for what people read and for what outlives the process. */
  now(): number;
  /** Milliseconds from an arbitrary origin, never going back, with a fraction: for durations. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms` milliseconds unless the returned function was called before. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** A timer longer than this overflows Node's 32 bit delay and would fire at once. */
const longestDelay = 2 ** 31 - 1;

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        if (signal !== undefined) reject(reasonOf(signal));
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(ms, longestDelay),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, longestDelay));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
