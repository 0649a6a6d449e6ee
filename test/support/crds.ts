/** Our kinds on the API server of the tests, as a user would install them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Api, patchTypes } from '../../src/kube/api.ts';
import { until } from './nginx.ts';

const top = join(import.meta.dirname, '../..');

interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
}

/** Applies deploy/crds; resolves when the server serves them. */
export async function applyCrds(api: Api): Promise<void> {
  const directory = join(top, 'deploy/crds');
  const crds = readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(directory, name), 'utf8')))
    .map((document) => document.toJS() as Crd);
  await Promise.all(crds.map((crd) => applyCrd(api, crd)));
}

/** Established is said a moment before the kind is served. */
async function applyCrd(api: Api, crd: Crd): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`;
  const query = { fieldManager: 'steward-tests', force: true };
  await api.request({ method: 'PATCH', path, query, contentType: patchTypes.apply, body: crd });
  for (const { name } of crd.spec.versions) {
    const served = `/apis/${crd.spec.group}/${name}/${crd.spec.names.plural}`;
    await until(`${served} is served`, () =>
      api.request({ method: 'GET', path: served, query: { limit: 1 } }).then(
        () => true,
        () => false,
      ),
    );
  }
}
