/**
 * Keys that wait for their turn: each at most once, each handled by one at a time, and again afterwards when it was added
 * meanwhile. A handler that fails has its key tried again with a backoff of its own.
 */
import type { Clock } from '../base/clock.ts';
import { type Backoff, backoffMs } from './backoff.ts';

export interface QueueOptions {
  readonly clock: Clock;
  /** In [0, 1): jitter. */
  readonly random: () => number;
  /** Told of every failure that is tried again. */
  readonly failed: (key: string, error: unknown, againInMs: number) => void;
  readonly backoff?: Backoff;
}

interface Waiting {
  /** On the clock that never goes back. */
  readonly due: number;
  cancel(): void;
}

const defaultBackoff: Backoff = { firstMs: 100, mostMs: 60_000 };

export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #ready = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #busy = new Set<string>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #wakers: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Keys that wait or are being handled. */
  depth(): number {
    return new Set([...this.#ready, ...this.#busy, ...this.#again]).size;
  }

  /** Has the key handled after `afterMs` milliseconds, or sooner where it already waits for less. */
  add(key: string, afterMs = 0): void {
    if (afterMs > 0) {
      this.#addLater(key, afterMs);
      return;
    }
    this.#waiting.get(key)?.cancel();
    this.#waiting.delete(key);
    if (this.#busy.has(key)) this.#again.add(key);
    else this.#ready.add(key);
    this.#wakers.shift()?.();
  }

  /** Handles keys until `signal` is aborted; what is under way then is waited for. */
  async run(
    handle: (key: string) => Promise<void>,
    { signal, concurrency }: { readonly signal: AbortSignal; readonly concurrency: number },
  ): Promise<void> {
    const wakeAll = (): void => {
      for (const wake of this.#wakers.splice(0)) wake();
    };
    signal.addEventListener('abort', wakeAll, { once: true });
    await Promise.all(Array.from({ length: concurrency }, () => this.#work(handle, signal)));
    signal.removeEventListener('abort', wakeAll);
    for (const waiting of this.#waiting.values()) waiting.cancel();
    this.#waiting.clear();
  }

  async #work(handle: (key: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [key] = this.#ready;
      if (key === undefined) {
        await new Promise<void>((resolve) => this.#wakers.push(resolve));
        continue;
      }
      this.#ready.delete(key);
      this.#busy.add(key);
      try {
        await handle(key);
        this.#failures.delete(key);
      } catch (error) {
        if (!signal.aborted) this.#retry(key, error);
      } finally {
        this.#busy.delete(key);
        if (this.#again.delete(key)) this.add(key);
      }
    }
  }

  #retry(key: string, error: unknown): void {
    const { backoff = defaultBackoff, random, failed } = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = backoffMs(backoff, failures, random());
    failed(key, error, pause);
    this.#addLater(key, pause);
  }

  #addLater(key: string, afterMs: number): void {
    const { clock } = this.#options;
    const due = clock.monotonic() + afterMs;
    const already = this.#waiting.get(key);
    if (this.#ready.has(key) || (already !== undefined && already.due <= due)) return;
    already?.cancel();
    const cancel = clock.after(afterMs, () => {
      this.#waiting.delete(key);
      this.add(key);
    });
    this.#waiting.set(key, { due, cancel });
  }
}
