/** Reads what the commands show, by name; an unknown name is an error that lists those that there are. */
import { configLabel } from '../../api/names.ts';
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { StewardError } from '../../base/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { own, type Resource } from '../../kube/resource.ts';
import { trusted } from '../../kube/trusted.ts';
import { byDistance, suggestion } from '../nearest.ts';
import { ask } from './ask.ts';
import type { Session } from './session.ts';

/** Which fields somebody wrote last, as the server keeps it. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface Metadata {
  readonly metadata: KubeObject['metadata'] & { readonly managedFields?: readonly ManagedFields[] };
}

interface List {
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly continue?: string };
}

const pageSize = 200;
const mostNames = 20;

export const metadataOnly = {
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
};

/** @throws StewardError STEWARD_NOT_FOUND with the names that there are, the nearest first. */
export async function readConfig(session: Session, name: string): Promise<NginxConfig & Metadata> {
  const { namespace } = session;
  const found = await ask(session, { verb: 'get', resource: own('NginxConfig'), namespace, name });
  const config = trusted<(NginxConfig & Metadata) | undefined>(found, undefined);
  return config ?? noConfig(session, name);
}

export async function listConfigs(session: Session, isEverywhere: boolean): Promise<readonly NginxConfig[]> {
  const configs = await listAll<NginxConfig>(session, own('NginxConfig'), {
    namespace: isEverywhere ? undefined : session.namespace,
  });
  if (configs.length === 0 && !isEverywhere) await checkNamespace(session);
  return configs;
}

/** The revisions of one NginxConfig, newest first; those that have no number yet before all others. */
export async function listRevisions(session: Session, config: string): Promise<readonly NginxRevision[]> {
  const revisions = await listAll<NginxRevision & Metadata>(session, own('NginxRevision'), {
    namespace: session.namespace,
    labelSelector: `${configLabel}=${config}`,
  });
  return revisions.toSorted(
    (a, b) =>
      numberOf(b) - numberOf(a) ||
      (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  );
}

/** By Pod. */
export async function listInstances(session: Session, config: string): Promise<readonly NginxInstance[]> {
  const instances = await listAll<NginxInstance>(session, own('NginxInstance'), {
    namespace: session.namespace,
    labelSelector: `${configLabel}=${config}`,
  });
  return inOrder(instances);
}

export function inOrder<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));
}

/** @throws StewardError STEWARD_NOT_FOUND where neither a number nor a name is that of one of `revisions`. */
export function findRevision(
  revisions: readonly NginxRevision[],
  config: string,
  wanted: string,
): NginxRevision {
  const found =
    revisions.find(({ metadata }) => metadata.name === wanted) ??
    (/^\d+$/.test(wanted)
      ? revisions.find(({ status }) => status?.number === Number(wanted))
      : // The hash alone, or the start of it, is what people copy.
        only(revisions.filter(({ spec }) => wanted.length >= 4 && spec.hash.startsWith(wanted))));
  if (found !== undefined) return found;
  const there = revisions.map(({ metadata, status }) => `${status?.number ?? '?'} (${metadata.name})`);
  throw new StewardError('STEWARD_NOT_FOUND', `there is no revision "${wanted}"`, {
    where: `NginxConfig ${config}`,
    fix: there.length === 0 ? 'There is none yet.' : `There are: ${there.join(', ')}.`,
  });
}

export function numberOf({ status }: NginxRevision): number {
  return status?.number ?? Number.MAX_SAFE_INTEGER;
}

/** `revision 7 (web-1a2b…)`, for sentences. */
export function called(revision: NginxRevision): string {
  const { name } = revision.metadata;
  return revision.status?.number === undefined
    ? `revision ${name}`
    : `revision ${revision.status.number} (${name})`;
}

/** All pages. */
export async function listAll<T>(
  session: Session,
  resource: Resource,
  scope: {
    readonly namespace: string | undefined;
    readonly labelSelector?: string;
    readonly accept?: string;
  },
): Promise<readonly T[]> {
  const items: T[] = [];
  const { namespace, labelSelector, accept } = scope;
  let next: string | undefined;
  do {
    const answer = await ask(session, {
      verb: 'list',
      resource,
      namespace,
      query: { limit: pageSize, continue: next, labelSelector },
      ...(accept !== undefined && { accept }),
    });
    const page = trusted<List>(answer, {});
    for (const item of page.items ?? []) {
      const object = trusted<T | undefined>(item, undefined);
      if (object !== undefined) items.push(object);
    }
    next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
  } while (next !== undefined);
  return items;
}

/** @throws StewardError STEWARD_NOT_FOUND, with names that are near or there. */
export function noSuch(what: string, name: string, there: readonly string[], where: string): never {
  const near = byDistance(name, there).slice(0, mostNames);
  const more = there.length > near.length ? ` and ${there.length - near.length} more` : '';
  throw new StewardError('STEWARD_NOT_FOUND', `there is no ${what} "${name}"${suggestion(name, there)}`, {
    where,
    fix: near.length === 0 ? `There is no ${what} there at all.` : `There are: ${near.join(', ')}${more}.`,
  });
}

async function noConfig(session: Session, name: string): Promise<never> {
  const configs = await listConfigs(session, false);
  const names = configs.map(({ metadata }) => metadata.name);
  if (names.length === 0)
    throw new StewardError('STEWARD_NOT_FOUND', `there is no NginxConfig "${name}"`, {
      where: `namespace ${session.namespace}`,
      fix: `There is none in this namespace. Of all namespaces: ${session.program} get -A.`,
    });
  return noSuch('NginxConfig', name, names, `namespace ${session.namespace}`);
}

/** An empty list says nothing about a namespace that was misspelt. Whoever may not look is not told. */
async function checkNamespace(session: Session): Promise<void> {
  const namespaces: Resource = { base: '/api/v1', plural: 'namespaces' };
  const { namespace } = session;
  let names: readonly string[];
  try {
    const found = await ask(session, {
      verb: 'get',
      resource: namespaces,
      namespace: undefined,
      name: namespace,
    });
    if (found !== undefined) return;
    names = (await listAll<KubeObject>(session, namespaces, { namespace: undefined })).map(
      ({ metadata }) => metadata.name,
    );
  } catch (error) {
    if (error instanceof StewardError && error.code === 'STEWARD_FORBIDDEN') return;
    throw error;
  }
  noSuch('namespace', namespace, names, '--namespace');
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}
