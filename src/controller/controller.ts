/** The operator: whatever changes in the cluster puts the NginxConfig that it concerns into a queue, whose keys are reconciled. */
import { ApiError, isApiError } from '../kube/api.ts';
import { WorkQueue } from '../kube/queue.ts';
import { Caches } from './caches.ts';
import type { ControllerPorts } from './ports.ts';
import { type Reconciler, reconcile } from './reconcile.ts';
import { Renderings } from './rendering.ts';

export interface ControllerOptions {
  /** Undefined: all namespaces. */
  readonly namespaces: readonly string[] | undefined;
  /** NginxConfigs that are reconciled at the same time. */
  readonly concurrency: number;
}

/** A watch that was not heard for longer than this (several bookmarks) is dead. */
const silenceMs = 10 * 60_000;

export class Controller {
  readonly #ports: ControllerPorts;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #caches: Caches;
  readonly #reconciler: Reconciler;

  constructor(ports: ControllerPorts, options: ControllerOptions) {
    this.#ports = ports;
    this.#options = options;
    const { clock, random, log } = ports;
    this.#queue = new WorkQueue({
      ...{ clock, random },
      failed: (key, error, againInMs) => {
        // Somebody else wrote in between: what it wrote is on its way to us, and then we decide anew.
        if (isApiError(error, 409)) return;
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ config: key, reason, againInMs: Math.round(againInMs) }, 'reconcile fails');
      },
      backoff: { firstMs: 20, mostMs: 30_000 },
    });
    this.#caches = new Caches({
      ports,
      namespaces: options.namespaces,
      changed: (key) => {
        this.#reconciler.renderings.noticed(key);
        this.#queue.add(key);
      },
    });
    this.#reconciler = {
      ports,
      caches: this.#caches,
      renderings: new Renderings(ports, this.#caches),
      written: new Map(),
    };
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#caches.run(signal),
      this.#queue.run(async (key) => this.#handle(key), { signal, concurrency: this.#options.concurrency }),
    ]);
  }

  queueDepth(): number {
    return this.#queue.depth();
  }

  /** How many instances are in each state. */
  instances(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const key of this.#caches.instances.keys())
      for (const { status } of this.#caches.instances.of(key)) {
        const state = status?.state ?? 'Unknown';
        counts.set(state, (counts.get(state) ?? 0) + 1);
      }
    return counts;
  }

  /** By kind: when the API server was last heard, in milliseconds since the epoch. */
  lastEvents(): ReadonlyMap<string, number> {
    const { clock } = this.#ports;
    const offset = clock.now() - clock.monotonic();
    return new Map([...this.#caches.lastProgress()].map(([kind, at]) => [kind, at + offset]));
  }

  /** False when a watch has been silent for so long that it must be dead. */
  healthy(): { readonly ok: boolean; readonly why: string } {
    const now = this.#ports.clock.monotonic();
    const silent = [...this.#caches.lastProgress()].filter(([, at]) => now - at > silenceMs);
    const names = silent.map(([kind, at]) => `${kind} (${Math.round((now - at) / 1000)} s)`);
    return names.length === 0
      ? { ok: true, why: 'all watches are alive' }
      : { ok: false, why: `not heard of: ${names.join(', ')}` };
  }

  async #handle(key: string): Promise<void> {
    const { clock, metrics } = this.#ports;
    const start = clock.monotonic();
    try {
      const { changed, againInMs } = await reconcile(key, this.#reconciler);
      metrics.reconciled(changed ? 'changed' : 'unchanged', clock.monotonic() - start);
      if (againInMs !== undefined) this.#queue.add(key, Math.max(1, againInMs));
    } catch (error) {
      const isConflict = error instanceof ApiError && error.status === 409;
      metrics.reconciled(isConflict ? 'conflict' : 'failed', clock.monotonic() - start);
      throw error;
    }
  }
}
