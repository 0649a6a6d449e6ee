import type { Clock } from '../base/clock.ts';

/**
 * Lets one loop sleep until something happens or a time comes. A wake that comes while nobody sleeps is kept: the next
 * sleep returns at once.
 */
export class Waker {
  readonly #clock: Clock;
  #pending = false;
  #resolve: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something happened. */
  wake(): void {
    this.#pending = true;
    this.#resolve?.();
  }

  /** Resolves on `wake`, after `ms` milliseconds (undefined: never by itself), or when `signal` is aborted. */
  sleep(ms: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        this.#resolve = undefined;
        this.#pending = false;
        resolve();
      };
      const cancel = ms === undefined ? () => {} : this.#clock.after(Math.max(0, ms), end);
      if (this.#pending || signal.aborted) {
        end();
        return;
      }
      this.#resolve = end;
      signal.addEventListener('abort', end, { once: true });
    });
  }
}
