/**
 * Who made a revision: the server keeps for each object who wrote which fields last, and when. That says it for certain only
 * while nobody has written the same ConfigMap since, so older revisions mostly have no author.
 */
import { fieldManagers } from '../../api/names.ts';
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { StewardError } from '../../base/errors.ts';
import { configMaps } from '../../kube/resource.ts';
import { listAll, type ManagedFields, type Metadata, metadataOnly } from './objects.ts';
import type { Session } from './session.ts';

/** By the ConfigMap's name. Empty where they may not be listed: an author is no reason to fail. */
export async function readConfigMapMetadata(session: Session): Promise<ReadonlyMap<string, Metadata>> {
  try {
    const all = await listAll<Metadata>(session, configMaps, {
      namespace: session.namespace,
      accept: metadataOnly.list,
    });
    return new Map(all.map((one) => [one.metadata.name, one]));
  } catch (error) {
    if (error instanceof StewardError && error.code === 'STEWARD_FORBIDDEN') return new Map();
    throw error;
  }
}

/** Pure. `before` is the revision that was the latest one before. */
export function authorsOf(
  revision: NginxRevision,
  before: NginxRevision | undefined,
  changedPaths: ReadonlySet<string>,
  config: NginxConfig & Metadata,
  configMaps: ReadonlyMap<string, Metadata>,
): readonly string[] {
  const authors = new Set<string>();
  const version = (of: NginxRevision | undefined, name: string): string | undefined =>
    of?.spec.provenance.find(({ configMap }) => configMap === name)?.resourceVersion;
  for (const { path, configMap, key, resourceVersion } of revision.spec.provenance) {
    if (!changedPaths.has(path)) continue;
    if (configMap === undefined) {
      if (config.status?.latestRevision === revision.metadata.name)
        add(authors, writerOf(config.metadata.managedFields, ['f:spec']));
      continue;
    }
    const now = configMaps.get(configMap);
    if (now?.metadata.resourceVersion !== resourceVersion || version(before, configMap) === resourceVersion)
      continue;
    const { managedFields } = now?.metadata ?? {};
    add(
      authors,
      key === undefined
        ? (writerOf(managedFields, ['f:data']) ?? writerOf(managedFields, ['f:binaryData']))
        : (writerOf(managedFields, ['f:data', `f:${key}`]) ??
            writerOf(managedFields, ['f:binaryData', `f:${key}`])),
    );
  }
  return [...authors].sort();
}

/** Who else decides over this object's spec: a change of it by hand may not last. */
export function otherWriters(managedFields: readonly ManagedFields[] | undefined): readonly string[] {
  const managers = (managedFields ?? [])
    .filter(({ subresource, fieldsV1 }) => subresource === undefined && fieldsV1?.['f:spec'] !== undefined)
    .flatMap(({ manager }) => (manager === undefined || manager === fieldManagers.cli ? [] : [manager]));
  return [...new Set(managers)].sort();
}

/** The one who wrote the field last. */
function writerOf(
  managedFields: readonly ManagedFields[] | undefined,
  path: readonly string[],
): string | undefined {
  return managedFields
    ?.filter(({ subresource, fieldsV1 }) => subresource === undefined && hasField(fieldsV1, path))
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0]?.manager;
}

function hasField(fields: unknown, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, first)) return false;
  return hasField(Object.getOwnPropertyDescriptor(fields, first)?.value, rest);
}

function add(authors: Set<string>, author: string | undefined): void {
  if (author !== undefined) authors.add(author);
}
