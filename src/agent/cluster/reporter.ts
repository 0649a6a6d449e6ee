/**
 * Tells the API how this Pod is: `status` of its NginxInstance, by server-side apply. A verdict is on its way before the
 * loop's next turn; what may wait is told together; what did not change is not told. The loop never waits for any of it:
 * whatever fails is tried again, with what is true by then.
 */
import { apiVersion, fieldManagers } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import { type Api, ApiError } from '../../kube/api.ts';
import { backoffMs } from '../../kube/backoff.ts';
import { own } from '../../kube/resource.ts';
import { apply } from '../../kube/write.ts';
import type { Log } from '../ports.ts';
import { Waker } from '../waker.ts';
import type { InstanceStatus, OwnInstance, OwnPod } from './instance.ts';
import { type Urgency, urgencyOf } from './urgency.ts';

export interface ReporterOptions {
  readonly api: Api;
  readonly pod: OwnPod;
  /** Undefined: there is none to tell. */
  readonly instance: () => OwnInstance | undefined;
  /** What is true now; `previous` is what the object says. */
  readonly status: (previous: InstanceStatus | undefined) => InstanceStatus;
  readonly clock: Clock;
  /** In [0, 1): jitter. */
  readonly random: () => number;
  readonly log: Log;
}

const soonMs = 300;
/** At least so long after a write comes one of what nobody waits for; up to half as long again, so that agents spread. */
const laterMs = 60_000;
const retry = { firstMs: 300, mostMs: 15_000 };
/** The server does not understand what it is told: a newer one may. */
const invalidRetryMs = 60_000;

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #waker: Waker;
  /** The instance that is told. */
  #uid: string | undefined;
  #written: InstanceStatus | undefined;
  #laterAt = 0;
  /** Since when something waits to be told soon. */
  #since: number | undefined;
  #failures = 0;
  #nextTry = Number.NEGATIVE_INFINITY;
  #complaint: string | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#waker = new Waker(options.clock);
  }

  /** Something may have changed. */
  poke(): void {
    this.#waker.wake();
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.#turn(signal);
      if (waitMs === undefined || waitMs > 0) await this.#waker.sleep(waitMs, signal);
    }
  }

  /** Milliseconds until the next turn; undefined: nothing is to be told until something changes. */
  async #turn(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#options;
    const instance = this.#options.instance();
    if (instance === undefined) return undefined;
    if (instance.metadata.uid !== this.#uid) this.#begin(instance);
    const status = this.#options.status(this.#written);
    const urgency = urgencyOf(this.#written, status);
    if (urgency === 'never') {
      this.#since = undefined;
      return undefined;
    }
    this.#since ??= clock.monotonic();
    const waitMs = Math.max(this.#dueAt(urgency), this.#nextTry) - clock.monotonic();
    if (waitMs > 0) return waitMs;
    await this.#write(instance, status, signal);
    return 0;
  }

  #begin({ metadata, status }: OwnInstance): void {
    this.#uid = metadata.uid;
    this.#written = status;
    this.#since = undefined;
    this.#failures = 0;
    this.#nextTry = Number.NEGATIVE_INFINITY;
  }

  #dueAt(urgency: Exclude<Urgency, 'never'>): number {
    const since = this.#since ?? 0;
    if (urgency === 'now') return since;
    if (urgency === 'soon') return since + soonMs;
    return Math.max(since, this.#laterAt);
  }

  async #write({ metadata }: OwnInstance, status: InstanceStatus, signal: AbortSignal): Promise<void> {
    const { api, pod, clock, random, log } = this.#options;
    const { namespace, name } = pod;
    // With its uid: another one of that name is refused.
    const object = {
      apiVersion,
      kind: 'NginxInstance',
      metadata: { name, namespace, uid: metadata.uid },
      status,
    };
    try {
      await apply(api, { resource: own('NginxInstance'), namespace, name }, object, {
        manager: fieldManagers.agent,
        subresource: 'status',
        signal,
      });
      this.#written = status;
      this.#laterAt = clock.monotonic() + laterMs * (1 + random() / 2);
      this.#since = undefined;
      this.#failures = 0;
      this.#complaint = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.message !== this.#complaint)
        log.warn({ reason: error.message }, 'the status cannot be written');
      this.#complaint = error.message;
      const pause = Math.max(error.retryAfterMs ?? 0, backoffMs(retry, this.#failures, random()));
      this.#nextTry = clock.monotonic() + (error.status === 422 ? invalidRetryMs : pause);
      this.#failures += 1;
    }
  }
}
