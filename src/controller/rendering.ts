/**
 * What the sources of each config say: rendered when they have changed and it is time, remembered until they change again. A
 * controller that starts takes over what the one before has rendered, as the status tells it, so that its start (or its
 * upgrade) renders nothing and reloads nothing.
 */
import { durationMs } from '../api/common.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import { createRenderer, type Renderer } from '../render/render.ts';
import type { Caches } from './caches.ts';
import { Contents } from './contents.ts';
import { type ConfigMapMeta, gather, neededConfigMaps, type Refusal, type SeenSource } from './gather.ts';
import type { ControllerPorts } from './ports.ts';
import { type Revised, revise } from './revise.ts';
import { nextRenderAt } from './revisions.ts';

type Rendering =
  /** Rendered by the process before this one; its data is in the revision. */
  | { readonly kind: 'adopted'; readonly name: string; readonly sources: readonly SeenSource[] }
  | (Revised & { readonly sources: readonly SeenSource[] })
  | (Refusal & { readonly sources: readonly SeenSource[] });

export interface RenderingState {
  readonly rendering: Rendering | undefined;
  /** The sources are newer than the rendering; it is due in so many milliseconds. */
  readonly dueInMs: number | undefined;
  /** When the edit that led to this rendering was first seen, on the clock that never goes back. */
  readonly editSeenAt: number | undefined;
}

interface Memory {
  /** Names what was rendered: the spec and each ConfigMap's version. */
  readonly stamp: string;
  readonly rendering: Rendering;
  readonly editSeenAt: number | undefined;
  readonly renderedAt: number | undefined;
}

interface Change {
  stamp: string;
  firstAt: number;
  lastAt: number;
}

export class Renderings {
  readonly #ports: ControllerPorts;
  readonly #caches: Caches;
  readonly #contents: Contents;
  readonly #renderer: Renderer = createRenderer();
  readonly #known = new Map<string, Memory>();
  readonly #changes = new Map<string, Change>();

  constructor(ports: ControllerPorts, caches: Caches) {
    this.#ports = ports;
    this.#caches = caches;
    this.#contents = new Contents(ports.api);
  }

  /** Called as soon as something has changed, so that its time counts from there. */
  noticed(key: string): void {
    const now = this.#ports.clock.monotonic();
    const change = this.#changes.get(key);
    if (change === undefined) this.#changes.set(key, { stamp: '', firstAt: now, lastAt: now });
  }

  forget(key: string): void {
    this.#known.delete(key);
    this.#changes.delete(key);
  }

  /** Renders when something has changed and it is time. */
  async look(key: string, config: NginxConfig): Promise<RenderingState> {
    const namespace = config.metadata.namespace ?? '';
    const metas = needsAll(config) ? this.#caches.configMapsOf(namespace) : [];
    const names = neededConfigMaps(config, metas.map(metaOf));
    const view = (name: string) => this.#caches.configMap(namespace, name);
    const stamp = stampOf(
      config,
      names.map((name) => ({ name, resourceVersion: view(name)?.metadata.resourceVersion ?? '' })),
    );
    const known = this.#known.get(key) ?? this.#adopt(key, config, stamp);
    if (known?.stamp === stamp) {
      this.#changes.delete(key);
      return { rendering: known.rendering, dueInMs: undefined, editSeenAt: known.editSeenAt };
    }
    const change = this.#changeOf(key, stamp);
    const now = this.#ports.clock.monotonic();
    const { settle, minInterval } = config.spec.reload;
    const due = nextRenderAt({
      changedAt: change.lastAt,
      firstChangeAt: change.firstAt,
      lastRevisionAt: known?.renderedAt,
      settleMs: durationMs(settle),
      minIntervalMs: durationMs(minInterval),
    });
    if (due > now)
      return { rendering: known?.rendering, dueInMs: Math.ceil(due - now), editSeenAt: known?.editSeenAt };
    const memory = await this.#render(config, namespace, names, change.firstAt);
    this.#known.set(key, memory);
    this.#changes.delete(key);
    return { rendering: memory.rendering, dueInMs: undefined, editSeenAt: memory.editSeenAt };
  }

  async #render(
    config: NginxConfig,
    namespace: string,
    names: readonly string[],
    editSeenAt: number,
  ): Promise<Memory> {
    const contents = await this.#contents.fetch(namespace, names, (name) =>
      this.#caches.configMap(namespace, name),
    );
    const sources = names.map((name) => ({
      name,
      resourceVersion: contents.get(name)?.resourceVersion ?? '',
    }));
    const gathered = await gather(config, contents);
    const result = gathered.kind === 'refused' ? gathered : await revise(config, gathered, this.#renderer);
    return {
      stamp: stampOf(config, sources),
      rendering: { ...result, sources },
      editSeenAt,
      renderedAt: this.#ports.clock.monotonic(),
    };
  }

  #adopt(key: string, config: NginxConfig, stamp: string): Memory | undefined {
    const { status, metadata } = config;
    const { latestRevision: name, sources = [], observedGeneration } = status ?? {};
    const isRendered = status?.conditions?.some((one) => one.type === 'Rendered' && one.status === 'True');
    const isThere = this.#caches.revisions.of(key).some((one) => one.metadata.name === name);
    if (name === undefined || !isThere || isRendered !== true || observedGeneration !== metadata.generation)
      return undefined;
    if (stampOf(config, sources) !== stamp) return undefined;
    const memory: Memory = {
      stamp,
      rendering: { kind: 'adopted', name, sources },
      editSeenAt: undefined,
      renderedAt: undefined,
    };
    this.#known.set(key, memory);
    return memory;
  }

  #changeOf(key: string, stamp: string): Change {
    const now = this.#ports.clock.monotonic();
    const change = this.#changes.get(key) ?? { stamp, firstAt: now, lastAt: now };
    if (change.stamp !== stamp) {
      if (change.stamp !== '') change.lastAt = now;
      change.stamp = stamp;
    }
    this.#changes.set(key, change);
    return change;
  }
}

/** Only a selector has to look at every ConfigMap. */
function needsAll({ spec }: NginxConfig): boolean {
  return spec.files.some(({ configMapSelector }) => configMapSelector !== undefined);
}

function metaOf({ metadata }: { readonly metadata: ConfigMapMeta }): ConfigMapMeta {
  return metadata;
}

function stampOf({ metadata, spec }: NginxConfig, sources: readonly SeenSource[]): string {
  const versions = sources.map(({ name, resourceVersion }) => `${name} ${resourceVersion}`).sort();
  // Without a generation (no server gives none) the spec itself tells.
  return JSON.stringify([metadata.uid, metadata.generation ?? spec, versions]);
}
