/**
 * Whether the controller has seen what the NginxConfig and its ConfigMaps said when somebody began to wait, and what it made
 * of it. A ConfigMap's edit does not move the NginxConfig's generation, so `status.sources` is compared with the ConfigMaps
 * themselves. Pure.
 */
import type { NginxConfig } from '../../api/nginx-config.ts';
import { conditionOf } from './state.ts';

/** A ConfigMap that the NginxConfig names or chooses; an empty version: it is not there. */
export interface Source {
  readonly name: string;
  readonly resourceVersion: string;
}

export interface Goal {
  readonly generation: number;
  readonly sources: readonly Source[];
  readonly condition: { readonly type: string; readonly status: string };
}

export type Progress =
  | { readonly kind: 'reached'; readonly reason: string; readonly message: string }
  /** Of exactly this content: more waiting changes nothing. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  /** The controller has not seen all of it. */
  | { readonly kind: 'unseen'; readonly missing: readonly string[] }
  | { readonly kind: 'underWay'; readonly reason: string; readonly message: string };

export function progressOf(config: NginxConfig, goal: Goal): Progress {
  const missing = unseen(config, goal);
  if (missing.length > 0) return { kind: 'unseen', missing };
  const { type, status } = goal.condition;
  const condition = conditionOf(config, type);
  const said = (one: typeof condition): { readonly reason: string; readonly message: string } => ({
    reason: one?.reason ?? '',
    message: one?.message ?? `the condition ${type} is not there`,
  });
  if (condition?.status === status) return { kind: 'reached', ...said(condition) };
  const stalled = conditionOf(config, 'Stalled');
  if (stalled?.status === 'True' && type !== 'Stalled') return { kind: 'refused', ...said(stalled) };
  return { kind: 'underWay', ...said(condition) };
}

/**
 * What is there now, with the versions that there were when the waiting began: content that is newer still is as good, and
 * what has come or gone meanwhile is known only now.
 */
export function later(goal: Goal, now: readonly Source[]): Goal {
  const before = new Map(goal.sources.map(({ name, resourceVersion }) => [name, resourceVersion]));
  return {
    ...goal,
    sources: now.map(({ name, resourceVersion }) => {
      const first = before.get(name);
      const isThere = first !== undefined && first !== '' && resourceVersion !== '';
      return { name, resourceVersion: isThere ? first : resourceVersion };
    }),
  };
}

function unseen({ metadata, status }: NginxConfig, goal: Goal): readonly string[] {
  const missing: string[] = [];
  const observed = status?.observedGeneration;
  if ((observed ?? 0) < goal.generation)
    missing.push(`NginxConfig ${metadata.name} (generation ${goal.generation}, seen: ${observed ?? 'none'})`);
  const seen = new Map((status?.sources ?? []).map((source) => [source.name, source.resourceVersion]));
  for (const { name, resourceVersion } of goal.sources) {
    const version = seen.get(name);
    if (resourceVersion === '') {
      if (version !== undefined && version !== '')
        missing.push(`ConfigMap ${name} (it is not there, seen: ${version})`);
    } else if (version === undefined || !isAtLeast(version, resourceVersion))
      missing.push(`ConfigMap ${name} (version ${resourceVersion}, seen: ${version || 'none'})`);
  }
  const wanted = new Set(goal.sources.map(({ name }) => name));
  for (const [name, version] of seen)
    if (!wanted.has(name) && version !== '') missing.push(`that ConfigMap ${name} no longer counts`);
  return missing;
}

/** Versions are numbers that grow, which the API server promises from 1.35 on; anything else is only equal or not. */
function isAtLeast(version: string, least: string): boolean {
  if (version === least) return true;
  return /^\d+$/.test(version) && /^\d+$/.test(least) && BigInt(version) >= BigInt(least);
}
