/** An API server in memory, as far as the command line needs one: get, list, watch and merge patches, and refusals at will. */
import { type Api, ApiError, type ApiRequest, type WatchEvent } from '../../src/kube/api.ts';

interface Named {
  readonly metadata: { readonly name: string };
}

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

type Refusal = (request: Pick<ApiRequest, 'path'> & { readonly method: string }) => ApiError | undefined;

interface Watcher {
  readonly path: string;
  readonly query: ApiRequest['query'];
  readonly push: (event: WatchEvent) => void;
}

export class MemoryApi implements Api {
  /** What was asked for, as `GET /path`. */
  readonly asked: string[] = [];
  readonly patches: ApiRequest[] = [];
  refuse: Refusal = () => undefined;
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Set<Watcher>();
  #version = 1000;

  /** `path` is that of the collection. A new resourceVersion unless one is `given`. */
  put<T extends Named>(path: string, object: T, given?: string): T {
    this.#version += 1;
    const version = given ?? String(this.#version);
    const key = `${path}/${object.metadata.name}`;
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: version } };
    this.#objects.set(key, stored);
    this.#tell(path, { type, object: stored });
    return stored;
  }

  remove(path: string, name: string): void {
    const key = `${path}/${name}`;
    const object = this.#objects.get(key);
    if (object === undefined) throw new Error(`there is no ${key}`);
    this.#objects.delete(key);
    this.#tell(path, { type: 'DELETED', object });
  }

  request(request: ApiRequest): Promise<unknown> {
    this.asked.push(`${request.method} ${request.path}`);
    try {
      return Promise.resolve(this.#answer(request));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async *watch(request: Omit<ApiRequest, 'method' | 'body'>): AsyncIterable<WatchEvent> {
    this.asked.push(`WATCH ${request.path}`);
    const refusal = this.refuse({ ...request, method: 'WATCH' });
    if (refusal !== undefined) throw refusal;
    const events: WatchEvent[] = [];
    let wake = (): void => {};
    const watcher: Watcher = {
      path: request.path,
      query: request.query,
      push: (event) => {
        events.push(event);
        wake();
      },
    };
    this.#watchers.add(watcher);
    request.signal?.addEventListener('abort', () => wake());
    try {
      while (request.signal?.aborted !== true) {
        const next = events.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
      throw new ApiError(0, 'Unreachable', 'aborted');
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  close(): void {}

  #answer(request: ApiRequest): unknown {
    const refusal = this.refuse(request);
    if (refusal !== undefined) throw refusal;
    const { method, path } = request;
    if (/^\/apis\/[^/]+\/[^/]+$/.test(path)) return { kind: 'APIResourceList' };
    const found = this.#objects.get(path);
    if (method === 'PATCH') {
      this.patches.push(request);
      if (found === undefined) throw notFound(path);
      return this.put(path.slice(0, path.lastIndexOf('/')), merged(found, request.body) as Stored);
    }
    if (found !== undefined) return found;
    const isCollection = /\/(?:configmaps|pods|namespaces|nginx[a-z]+s)$/.test(path);
    if (!isCollection) throw notFound(path);
    const items = [...this.#objects].flatMap(([key, object]) =>
      isBelow(key, path) && isChosen(object, request.query) ? [object] : [],
    );
    return { metadata: { resourceVersion: String(this.#version) }, items };
  }

  #tell(path: string, event: WatchEvent & { readonly object: Stored }): void {
    for (const watcher of this.#watchers)
      if (watcher.path === path && isChosen(event.object, watcher.query)) watcher.push(event);
  }
}

export function forbidden(message = 'forbidden'): ApiError {
  return new ApiError(403, 'Forbidden', message);
}

function notFound(path: string): ApiError {
  return new ApiError(404, 'NotFound', `${path}: 404`);
}

/** Also a collection of all namespaces. */
function isBelow(key: string, path: string): boolean {
  const collection = key.slice(0, key.lastIndexOf('/'));
  return collection === path || collection.replace(/\/namespaces\/[^/]+/, '') === path;
}

function isChosen({ metadata }: Stored, query: ApiRequest['query']): boolean {
  const [label, value] = String(query?.['labelSelector'] ?? '').split('=');
  const [field, name] = String(query?.['fieldSelector'] ?? '').split('=');
  return (
    (label === undefined || label === '' || metadata.labels?.[label] === value) &&
    (field === undefined || field === '' || metadata.name === name)
  );
}

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  return result;
}
