/** Where the objects of one kind are. */
import { group, type Kind, plurals, version } from '../api/names.ts';

export interface Resource {
  /** `/api/v1` or `/apis/GROUP/VERSION`. */
  readonly base: string;
  readonly plural: string;
}

export const pods: Resource = { base: '/api/v1', plural: 'pods' };
export const configMaps: Resource = { base: '/api/v1', plural: 'configmaps' };
export const leases: Resource = { base: '/apis/coordination.k8s.io/v1', plural: 'leases' };
export const eventsV1: Resource = { base: '/apis/events.k8s.io/v1', plural: 'events' };

export function own(kind: Kind): Resource {
  return { base: `/apis/${group}/${version}`, plural: plurals[kind] };
}

/** The path of all objects of a namespace (undefined: of all namespaces), of one, or of a subresource of one. */
export function pathOf(
  { base, plural }: Resource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const rest = [name, subresource].flatMap((part) =>
    part === undefined ? [] : [`/${encodeURIComponent(part)}`],
  );
  return `${base}${scope}/${plural}${rest.join('')}`;
}
