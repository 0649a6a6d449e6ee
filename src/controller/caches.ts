/** The controller's copies of what is in the cluster, and what a change of each of them sets off. */

import { configLabel } from '../api/names.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxInstance } from '../api/nginx-instance.ts';
import { type KubeObject, keyOf, type ObjectKey, splitKey } from '../kube/object.ts';
import { Reflector } from '../kube/reflector.ts';
import { configMaps, own, pods, type Resource } from '../kube/resource.ts';
import { Interest } from './interest.ts';
import { type PodView, podView } from './pods.ts';
import type { ControllerPorts } from './ports.ts';
import {
  type ConfigMapView,
  configMapView,
  configView,
  instanceView,
  type RevisionView,
  revisionView,
} from './views.ts';

export interface CachesOptions {
  readonly ports: ControllerPorts;
  /** Undefined: all namespaces. */
  readonly namespaces: readonly string[] | undefined;
  /** Something that this config depends on has changed. */
  readonly changed: (config: ObjectKey) => void;
}

/** What is asked of a reflector of whatever kind. */
type AnyReflector = Pick<Reflector<KubeObject>, 'plural' | 'synced' | 'lastProgress' | 'whenSynced' | 'run'>;

interface Follower {
  readonly reflector: Reflector<ConfigMapView>;
  readonly end: AbortController;
}

/** Objects of one kind, grouped by the config that they belong to. */
class Grouped<T extends KubeObject> {
  readonly #groups = new Map<ObjectKey, Map<string, T>>();
  readonly #all = new Map<ObjectKey, T>();

  of(config: ObjectKey): T[] {
    return [...(this.#groups.get(config)?.values() ?? [])];
  }

  /** Whichever config it belongs to. */
  named(namespace: string, name: string): T | undefined {
    return this.#all.get(`${namespace}/${name}`);
  }

  keys(): IterableIterator<ObjectKey> {
    return this.#groups.keys();
  }

  put(config: ObjectKey, object: T): void {
    const group = this.#groups.get(config) ?? new Map<string, T>();
    group.set(object.metadata.name, object);
    this.#all.set(keyOf(object), object);
    this.#groups.set(config, group);
  }

  take(config: ObjectKey, name: string): void {
    const group = this.#groups.get(config);
    group?.delete(name);
    if (group?.size === 0) this.#groups.delete(config);
    this.#all.delete(`${splitKey(config).namespace}/${name}`);
  }
}

export class Caches {
  readonly revisions = new Grouped<RevisionView>();
  readonly instances = new Grouped<NginxInstance>();
  readonly pods = new Grouped<PodView>();
  readonly #options: CachesOptions;
  readonly #interest = new Interest();
  readonly #followers = new Map<string, Follower>();
  readonly #reflectors: AnyReflector[] = [];
  readonly #configs: Reflector<NginxConfig>[] = [];
  readonly #running: Promise<void>[] = [];
  #signal: AbortSignal | undefined;

  constructor(options: CachesOptions) {
    this.#options = options;
    for (const namespace of options.namespaces ?? [undefined]) this.#add(namespace);
  }

  config(key: ObjectKey): NginxConfig | undefined {
    for (const reflector of this.#configs) {
      const found = reflector.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  configKeys(): readonly ObjectKey[] {
    return this.#configs.flatMap((reflector) => reflector.list().map(keyOf));
  }

  configMap(namespace: string, name: string): ConfigMapView | undefined {
    return this.#followers.get(namespace)?.reflector.get(`${namespace}/${name}`);
  }

  configMapsOf(namespace: string): readonly ConfigMapView[] {
    return this.#followers.get(namespace)?.reflector.list() ?? [];
  }

  /** Whether everything that a config of this namespace needs was listed. */
  isSynced(namespace: string): boolean {
    return (
      this.#reflectors.every((one) => one.synced) && this.#followers.get(namespace)?.reflector.synced === true
    );
  }

  /** By plural name (and namespace where there are several): when the server was last heard, on the monotonic clock. */
  lastProgress(): ReadonlyMap<string, number> {
    const all = new Map<string, number>();
    const note = (plural: string, at: number): void => {
      all.set(plural, Math.min(all.get(plural) ?? Number.POSITIVE_INFINITY, at));
    };
    for (const reflector of this.#reflectors) note(reflector.plural, reflector.lastProgress());
    for (const { reflector } of this.#followers.values()) note(reflector.plural, reflector.lastProgress());
    return all;
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const reflector of this.#reflectors) this.#running.push(reflector.run(signal));
    for (const { reflector, end } of this.#followers.values())
      this.#running.push(reflector.run(AbortSignal.any([signal, end.signal])));
    await Promise.all(this.#reflectors.map((reflector) => reflector.whenSynced(signal)));
    for (const key of this.configKeys()) this.#options.changed(key);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(this.#running);
  }

  #add(namespace: string | undefined): void {
    const { changed } = this.#options;
    const configs = this.#reflector(own('NginxConfig'), namespace, configView, (key, config) => {
      this.#interest.set(key, config);
      this.#follow();
      changed(key);
    });
    this.#configs.push(configs);
    this.#grouped(this.revisions, own('NginxRevision'), namespace, revisionView, (one) => one.spec.config);
    this.#grouped(this.instances, own('NginxInstance'), namespace, instanceView, (one) => one.spec.config);
    this.#grouped(this.pods, pods, namespace, podView, (one) => one.config, {
      labelSelector: configLabel,
      fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    });
  }

  #grouped<T extends KubeObject>(
    groups: Grouped<T>,
    resource: Resource,
    namespace: string | undefined,
    reduce: (raw: unknown) => T | undefined,
    configOf: (object: T) => string | undefined,
    selectors: { readonly labelSelector?: string; readonly fieldSelector?: string } = {},
  ): void {
    const groupOf = (key: ObjectKey, object: T | undefined): ObjectKey | undefined => {
      const name = object === undefined ? undefined : configOf(object);
      return name === undefined ? undefined : `${splitKey(key).namespace}/${name}`;
    };
    this.#reflector(
      resource,
      namespace,
      reduce,
      (key, object, before) => {
        const [now, then] = [groupOf(key, object), groupOf(key, before)];
        if (then !== undefined && then !== now) groups.take(then, splitKey(key).name);
        if (now !== undefined && object !== undefined) groups.put(now, object);
        for (const config of new Set([now, then])) if (config !== undefined) this.#options.changed(config);
      },
      selectors,
    );
  }

  #reflector<T extends KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    reduce: (raw: unknown) => T | undefined,
    changed: (key: ObjectKey, object: T | undefined, before: T | undefined) => void,
    selectors: { readonly labelSelector?: string; readonly fieldSelector?: string } = {},
  ): Reflector<T> {
    const { api, clock, log, random } = this.#options.ports;
    const reflector = new Reflector<T>({
      ...{ api, clock, log, random, resource, namespace, reduce, changed },
      ...selectors,
    });
    this.#reflectors.push(reflector);
    return reflector;
  }

  /** ConfigMaps are followed only where there is an NginxConfig. */
  #follow(): void {
    const wanted = this.#interest.namespaces();
    for (const [namespace, { end }] of this.#followers) {
      if (wanted.has(namespace)) continue;
      end.abort();
      this.#followers.delete(namespace);
    }
    for (const namespace of wanted) {
      if (this.#followers.has(namespace)) continue;
      const end = new AbortController();
      const reflector = this.#configMaps(namespace);
      this.#followers.set(namespace, { reflector, end });
      const signal = this.#signal;
      if (signal === undefined) continue;
      this.#running.push(reflector.run(AbortSignal.any([signal, end.signal])));
      void reflector.whenSynced(AbortSignal.any([signal, end.signal])).then(
        () => this.#tellNamespace(namespace),
        () => {},
      );
    }
  }

  #tellNamespace(namespace: string): void {
    for (const key of this.configKeys())
      if (splitKey(key).namespace === namespace) this.#options.changed(key);
  }

  #configMaps(namespace: string): Reflector<ConfigMapView> {
    const { api, clock, log, random } = this.#options.ports;
    return new Reflector<ConfigMapView>({
      ...{
        api,
        clock,
        log,
        random,
        namespace,
        resource: configMaps,
        metadataOnly: true,
        reduce: configMapView,
      },
      changed: (_, object, before) => {
        const labels = [object, before].flatMap((one) => (one === undefined ? [] : [one.metadata.labels]));
        const name = object?.metadata.name ?? before?.metadata.name ?? '';
        for (const config of this.#interest.concerned(namespace, name, labels)) this.#options.changed(config);
      },
    });
  }
}
