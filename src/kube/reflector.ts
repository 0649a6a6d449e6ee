/**
 * Keeps a copy of the objects of one kind: a list in pages, then a watch from the list's version, kept going by bookmarks;
 * a version too old (410) is listed anew and compared, so that nothing is told twice; whatever fails is tried again with a
 * jittered backoff. What changed is told by key and object, in the server's order for each object.
 *
 * The list asks for the newest state in the first page; further pages continue that same state.
 */
import type { Clock } from '../base/clock.ts';
import { type Api, ApiError, isApiError } from './api.ts';
import { backoffMs } from './backoff.ts';
import { type KubeObject, keyOf, type ObjectKey } from './object.ts';
import { pathOf, type Resource } from './resource.ts';
import { trusted } from './trusted.ts';

interface ReflectorLog {
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly api: Api;
  readonly resource: Resource;
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Asks for metadata alone. */
  readonly metadataOnly?: boolean;
  /** Takes what is used out of an object as it arrives; undefined: it is not wanted. */
  readonly reduce: (object: unknown) => T | undefined;
  /** Told of every change; `object` is undefined for one that went. An exception is logged and changes nothing. */
  readonly changed: (key: ObjectKey, object: T | undefined, before: T | undefined) => void;
  readonly clock: Clock;
  /** In [0, 1): jitter. */
  readonly random: () => number;
  readonly log: ReflectorLog;
  readonly pageSize?: number;
}

interface ListBody {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly unknown[];
}

const backoff = { firstMs: 200, mostMs: 30_000 };
/** A watch that lived this long, or brought something, was a good one: what ends it then is no failure in a row. */
const healthyWatchMs = 5000;
const defaultPageSize = 500;
/** The server closes a watch after this long (and some jitter), so that load spreads over its replicas again. */
const watchSeconds = 300;
const metadataAccept = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
};

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #objects = new Map<ObjectKey, T>();
  readonly #waiting = new Set<() => void>();
  #version: string | undefined;
  #synced = false;
  #progressAt: number;
  /** Whether the present watch has brought anything. */
  #isFruitful = false;
  #failure: ApiError | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#progressAt = options.clock.monotonic();
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** A first whole list is here. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The kind's plural name. */
  get plural(): string {
    return this.#options.resource.plural;
  }

  /** Why nothing comes at present. */
  get failure(): ApiError | undefined {
    return this.#failure;
  }

  /** When the server was last heard (an answer, an event, a bookmark), on the clock that never goes back. */
  lastProgress(): number {
    return this.#progressAt;
  }

  /** Resolves with the first whole list; rejects when `signal` is aborted before. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    if (this.#synced) return;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(new Error('aborted before the first list'));
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, resource } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let start = Number.POSITIVE_INFINITY;
      const isGood = (): boolean => this.#isFruitful || clock.monotonic() - start >= healthyWatchMs;
      this.#isFruitful = false;
      try {
        if (this.#version === undefined) await this.#relist(signal);
        start = clock.monotonic();
        await this.#follow(signal);
        // Else a proxy that ends every watch as it begins would be asked thousands of times a second.
        if (!isGood()) throw new ApiError(0, 'Closed', 'the server ended the watch as soon as it had begun');
        this.#failure = undefined;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        const known = asApiError(error);
        if (known.status === 410) this.#version = undefined;
        failures = isGood() ? 0 : failures + 1;
        this.#failure = known;
        // The end of a watch by 410 is how the server tidies up: the list begins at once, unless it happens in a row.
        const pause =
          known.status === 410 && failures <= 1
            ? 0
            : Math.max(known.retryAfterMs ?? 0, backoffMs(backoff, Math.max(0, failures - 1), random()));
        const fields = { resource: resource.plural, reason: known.message, pauseMs: Math.round(pause) };
        if (failures > 1) log.warn(fields, 'watch fails');
        else log.debug(fields, 'watch ended');
        try {
          await clock.sleep(pause, signal);
        } catch {
          return;
        }
      }
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const found = new Map<ObjectKey, T>();
    let next: string | undefined;
    let version: string | undefined;
    do {
      const body = trusted<ListBody>(await this.#page(next, signal), {});
      this.#heard();
      version = body.metadata?.resourceVersion ?? version;
      for (const item of body.items ?? []) {
        const object = this.#options.reduce(item);
        if (object !== undefined) found.set(keyOf(object), object);
      }
      next = body.metadata?.continue === '' ? undefined : body.metadata?.continue;
    } while (next !== undefined);
    for (const key of this.#objects.keys()) if (!found.has(key)) this.#forget(key);
    for (const [key, object] of found) this.#take(key, object);
    this.#version = version;
    this.#failure = undefined;
    this.#synced = true;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async #page(next: string | undefined, signal: AbortSignal): Promise<unknown> {
    const { api, resource, namespace, labelSelector, fieldSelector, metadataOnly, pageSize } = this.#options;
    return api.request({
      method: 'GET',
      path: pathOf(resource, namespace),
      query: { limit: pageSize ?? defaultPageSize, continue: next, labelSelector, fieldSelector },
      ...(metadataOnly === true && { accept: metadataAccept.list }),
      signal,
    });
  }

  /** One watch, to its end. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { api, resource, namespace, labelSelector, fieldSelector, metadataOnly, random } = this.#options;
    const request = {
      path: pathOf(resource, namespace),
      query: {
        resourceVersion: this.#version,
        allowWatchBookmarks: true,
        timeoutSeconds: Math.round(watchSeconds * (1 + random())),
        labelSelector,
        fieldSelector,
      },
      ...(metadataOnly === true && { accept: metadataAccept.watch }),
      signal,
    };
    const began = (): void => {
      this.#heard();
      this.#failure = undefined;
    };
    for await (const { type, object } of api.watch(request, began)) {
      this.#heard();
      if (type === 'ERROR') throw statusError(object);
      this.#isFruitful = true;
      const version = versionOf(object);
      if (type !== 'BOOKMARK') this.#happened(type, object);
      if (version !== undefined) this.#version = version;
    }
  }

  #happened(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: unknown): void {
    const object = this.#options.reduce(raw);
    if (object === undefined) {
      const key = rawKey(raw);
      if (key !== undefined) this.#forget(key);
      return;
    }
    if (type === 'DELETED') this.#forget(keyOf(object));
    else this.#take(keyOf(object), object);
  }

  #take(key: ObjectKey, object: T): void {
    const before = this.#objects.get(key);
    // The same version is the same object: it was told already.
    if (
      before?.metadata.resourceVersion !== undefined &&
      before.metadata.resourceVersion === object.metadata.resourceVersion &&
      before.metadata.uid === object.metadata.uid
    )
      return;
    this.#objects.set(key, object);
    this.#tell(key, object, before);
  }

  #forget(key: ObjectKey): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#tell(key, undefined, before);
  }

  #tell(key: ObjectKey, object: T | undefined, before: T | undefined): void {
    try {
      this.#options.changed(key, object, before);
    } catch (error) {
      this.#options.log.warn(
        { key, reason: error instanceof Error ? error.message : String(error) },
        'a change could not be handled',
      );
    }
  }

  #heard(): void {
    this.#progressAt = this.#options.clock.monotonic();
  }
}

function versionOf(object: unknown): string | undefined {
  const { metadata } = trusted<{ metadata?: { resourceVersion?: string } }>(object, {});
  return metadata?.resourceVersion === '' ? undefined : metadata?.resourceVersion;
}

function rawKey(object: unknown): ObjectKey | undefined {
  const { metadata } = trusted<Partial<KubeObject>>(object, {});
  return metadata?.name === undefined ? undefined : keyOf({ metadata });
}

/** The object of an ERROR event is a Status. */
function statusError(object: unknown): ApiError {
  const status = trusted<{ code?: number; reason?: string; message?: string }>(object, {});
  const { code, reason, message } = status;
  return new ApiError(code ?? 0, reason ?? 'Unknown', message ?? 'the watch ended with an error');
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError)
    return isApiError(error, 400) && /resource ?version/i.test(error.message)
      ? new ApiError(410, 'Expired', error.message)
      : error;
  return new ApiError(0, 'Failed', error instanceof Error ? error.message : String(error), undefined, error);
}
