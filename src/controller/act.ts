/**
 * The controller's writes. Each carries the version of the object that was decided on: whoever decided on something old (a
 * leader that was frozen and wakes) gets a conflict, not its way.
 */
import { apiVersion, configLabel, fieldManagers } from '../api/names.ts';
import type { NginxConfig, NginxConfigStatus } from '../api/nginx-config.ts';
import type { NginxInstance, NginxInstanceSpec } from '../api/nginx-instance.ts';
import type { NginxRevisionStatus } from '../api/nginx-revision.ts';
import type { Api } from '../kube/api.ts';
import { own, pathOf, type Resource } from '../kube/resource.ts';
import { apply, create, remove } from '../kube/write.ts';
import type { Revised } from './revise.ts';
import { type RevisionView, revisionView } from './views.ts';

const manager = fieldManagers.controller;

/** The revision as the server has it now; one that is there already is as good. */
export async function createRevision(
  api: Api,
  config: NginxConfig,
  { name, spec }: Revised,
): Promise<RevisionView | undefined> {
  const namespace = config.metadata.namespace ?? '';
  const resource = own('NginxRevision');
  await create(
    api,
    { resource, namespace },
    {
      apiVersion,
      kind: 'NginxRevision',
      metadata: { name, namespace, labels: { [configLabel]: spec.config } },
      spec,
    },
    { manager },
  );
  return revisionView(await api.request({ method: 'GET', path: pathOf(resource, namespace, name) }));
}

export async function writeRevisionStatus(
  api: Api,
  revision: RevisionView,
  status: NginxRevisionStatus,
): Promise<RevisionView | undefined> {
  return revisionView(
    await writeStatus(api, own('NginxRevision'), 'NginxRevision', revision.metadata, status),
  );
}

export async function writeConfigStatus(
  api: Api,
  config: NginxConfig,
  status: NginxConfigStatus,
): Promise<void> {
  await writeStatus(api, own('NginxConfig'), 'NginxConfig', config.metadata, status);
}

export async function createInstance(api: Api, instance: NginxInstance): Promise<void> {
  const namespace = instance.metadata.namespace ?? '';
  await create(api, { resource: own('NginxInstance'), namespace }, instance, { manager });
}

export async function writeInstanceSpec(
  api: Api,
  instance: NginxInstance,
  spec: NginxInstanceSpec,
): Promise<void> {
  const { name, namespace = '', resourceVersion, uid, labels, ownerReferences } = instance.metadata;
  const metadata = { name, namespace, resourceVersion, uid, labels, ownerReferences };
  const target = { resource: own('NginxInstance'), namespace, name };
  await apply(api, target, { apiVersion, kind: 'NginxInstance', metadata, spec }, { manager });
}

export async function removeInstance(api: Api, { metadata }: NginxInstance): Promise<void> {
  const { name, namespace = '', uid } = metadata;
  await remove(api, { resource: own('NginxInstance'), namespace, name }, { uid });
}

export async function removeRevision(api: Api, { metadata }: RevisionView): Promise<void> {
  const { name, namespace = '', uid, resourceVersion } = metadata;
  await remove(api, { resource: own('NginxRevision'), namespace, name }, { uid, resourceVersion });
}

async function writeStatus(
  api: Api,
  resource: Resource,
  kind: string,
  { name, namespace = '', resourceVersion, uid }: NginxConfig['metadata'],
  status: object,
): Promise<unknown> {
  const metadata = { name, namespace, resourceVersion, uid };
  const target = { resource, namespace, name };
  return apply(api, target, { apiVersion, kind, metadata, status }, { manager, subresource: 'status' });
}
