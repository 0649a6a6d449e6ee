/** The data of ConfigMaps, fetched when a config needs it and kept (within bounds) until it changes. */
import { type Api, isApiError } from '../kube/api.ts';
import { configMaps, pathOf } from '../kube/resource.ts';
import { trusted } from '../kube/trusted.ts';
import type { ConfigMapContent } from './gather.ts';
import type { ConfigMapView } from './views.ts';

interface RawConfigMap {
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Of text in memory. What is pushed out costs one more request when it is needed again. */
const mostKeptBytes = 24 * 1024 * 1024;
const atOnce = 8;

export class Contents {
  readonly #api: Api;
  /** In the order of their last use. */
  readonly #kept = new Map<string, { readonly content: ConfigMapContent; readonly bytes: number }>();
  #bytes = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * The ConfigMaps as they are now, or newer than `seen` by whatever came meanwhile. Those that are not there are missing in
   * the result.
   */
  async fetch(
    namespace: string,
    names: readonly string[],
    seen: (name: string) => ConfigMapView | undefined,
  ): Promise<ReadonlyMap<string, ConfigMapContent>> {
    const found = new Map<string, ConfigMapContent>();
    const rest = [...names];
    const work = async (): Promise<void> => {
      for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
        const content = await this.#one(namespace, name, seen(name));
        if (content !== undefined) found.set(name, content);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, names.length) }, work));
    return found;
  }

  async #one(
    namespace: string,
    name: string,
    seen: ConfigMapView | undefined,
  ): Promise<ConfigMapContent | undefined> {
    if (seen === undefined) return undefined;
    const key = `${namespace}/${name}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.content.resourceVersion === seen.metadata.resourceVersion) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept.content;
    }
    const content = await this.#get(namespace, name);
    this.#forget(key);
    if (content !== undefined) this.#keep(key, content);
    return content;
  }

  async #get(namespace: string, name: string): Promise<ConfigMapContent | undefined> {
    try {
      const answer = await this.#api.request({ method: 'GET', path: pathOf(configMaps, namespace, name) });
      const { metadata, data, binaryData } = trusted<RawConfigMap>(answer, {});
      return {
        name,
        resourceVersion: metadata?.resourceVersion ?? '',
        labels: metadata?.labels ?? {},
        ...(data !== undefined && { data }),
        ...(binaryData !== undefined && { binaryData }),
      };
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  }

  #keep(key: string, content: ConfigMapContent): void {
    const bytes = sizeOf(content);
    this.#kept.set(key, { content, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= mostKeptBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

function sizeOf({ data = {}, binaryData = {} }: ConfigMapContent): number {
  const all = [...Object.entries(data), ...Object.entries(binaryData)];
  return all.reduce((sum, [key, value]) => sum + key.length + value.length, 200);
}
