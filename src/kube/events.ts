/**
 * Events of `events.k8s.io/v1`: what happened to an object, for `kubectl describe` and `kubectl events`. The same thing again
 * within some minutes becomes a series of the event that is there. They are a courtesy: a failure is logged and forgotten.
 */
import type { Clock } from '../base/clock.ts';
import { type Api, ApiError, isApiError, patchTypes } from './api.ts';
import { eventsV1, pathOf } from './resource.ts';

interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string | undefined;
}

export interface Occurrence {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** One word. */
  readonly reason: string;
  /** What was done or tried, as one word. */
  readonly action: string;
  readonly message: string;
}

export interface RecorderOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** `nginx-steward.io/controller`. */
  readonly controller: string;
  /** Which of its replicas. */
  readonly instance: string;
  readonly log: { warn(fields: object, message: string): void };
}

interface Known {
  readonly name: string;
  readonly namespace: string;
  readonly firstAt: number;
  count: number;
  lastAt: number;
}

/** The API server's own limit for an event's note, in bytes. */
const longestNote = 1024;
const seriesMs = 6 * 60_000;
const mostKnown = 1000;

export interface Recorder {
  record(occurrence: Occurrence): Promise<void>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { api, clock, controller, instance, log } = options;
  const known = new Map<string, Known>();
  let counter = 0;

  async function begin(occurrence: Occurrence, key: string): Promise<void> {
    const { regarding, type, reason, action, message } = occurrence;
    const { namespace, name } = regarding;
    const now = clock.now();
    counter += 1;
    // What is cut off must leave a name that the API server takes.
    const start = name.slice(0, 200).replace(/[-.]+$/, '');
    const event = `${start}.${now.toString(16)}${counter.toString(16).padStart(4, '0')}`;
    await api.request({
      method: 'POST',
      path: pathOf(eventsV1, namespace),
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: event, namespace },
        eventTime: micro(now),
        reportingController: controller,
        reportingInstance: instance.slice(0, 128),
        ...{ action, reason, regarding, type, note: shortened(message) },
      },
    });
    known.set(key, { name: event, namespace, firstAt: now, lastAt: now, count: 1 });
    for (const oldest of known.keys()) {
      if (known.size <= mostKnown) break;
      known.delete(oldest);
    }
  }

  async function repeat(one: Known): Promise<void> {
    one.count += 1;
    one.lastAt = clock.now();
    await api.request({
      method: 'PATCH',
      path: pathOf(eventsV1, one.namespace, one.name),
      contentType: patchTypes.merge,
      body: { series: { count: one.count, lastObservedTime: micro(one.lastAt) } },
    });
  }

  return {
    record: async (occurrence) => {
      const { regarding, type, reason, action, message } = occurrence;
      const parts = [
        regarding.uid ?? `${regarding.namespace}/${regarding.name}`,
        type,
        reason,
        action,
        message,
      ];
      const key = JSON.stringify(parts);
      const one = known.get(key);
      try {
        if (one !== undefined && clock.now() - one.lastAt < seriesMs) {
          try {
            return await repeat(one);
          } catch (error) {
            if (!isApiError(error, 404)) throw error;
          }
        }
        await begin(occurrence, key);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        log.warn({ reason: error.message, event: reason }, 'an event could not be written');
      }
    },
  };
}

/** Cut between two letters, and marked as cut. */
function shortened(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= longestNote) return text;
  const mark = '…';
  let end = longestNote - Buffer.byteLength(mark);
  while ((bytes.readUInt8(end) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}${mark}`;
}

/** Kubernetes' MicroTime. */
function micro(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
