/** What the controller keeps of each object: the fields that it uses, and no more, since there are thousands. */
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxInstance } from '../api/nginx-instance.ts';
import type { NginxRevision } from '../api/nginx-revision.ts';
import type { KubeObject } from '../kube/object.ts';
import { trusted } from '../kube/trusted.ts';

/** A revision without its data, which nobody but the agents needs. */
export interface RevisionView {
  readonly metadata: NginxRevision['metadata'];
  readonly spec: Pick<NginxRevision['spec'], 'config' | 'hash' | 'entrypoint'>;
  readonly status?: NginxRevision['status'];
}

/** A ConfigMap without its data. */
export interface ConfigMapView {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

export function configView(raw: unknown): NginxConfig | undefined {
  const object = trusted<NginxConfig | undefined>(raw, undefined);
  if (object === undefined) return undefined;
  return { ...object, metadata: slim(object.metadata) };
}

export function instanceView(raw: unknown): NginxInstance | undefined {
  const object = trusted<NginxInstance | undefined>(raw, undefined);
  if (object === undefined) return undefined;
  return { ...object, metadata: slim(object.metadata) };
}

export function revisionView(raw: unknown): RevisionView | undefined {
  const object = trusted<NginxRevision | undefined>(raw, undefined);
  if (object?.spec === undefined) return undefined;
  const { config, hash, entrypoint } = object.spec;
  return {
    metadata: slim(object.metadata),
    spec: { config, hash, entrypoint },
    ...(object.status !== undefined && { status: object.status }),
  };
}

/** From a PartialObjectMetadata, whose annotations may hold all of the data once more (`last-applied-configuration`). */
export function configMapView(raw: unknown): ConfigMapView | undefined {
  const { metadata } = trusted<Partial<KubeObject>>(raw, {});
  if (metadata === undefined) return undefined;
  const { name, namespace = '', resourceVersion = '', labels = {} } = metadata;
  return { metadata: { name, namespace, resourceVersion, labels } };
}

/** Without managedFields, which are longer than the rest. */
function slim(metadata: NginxRevision['metadata']): NginxRevision['metadata'] {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } =
    metadata;
  const { labels, annotations, ownerReferences } = metadata;
  return {
    ...{ name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp },
    ...{ labels, annotations, ownerReferences },
  };
}
