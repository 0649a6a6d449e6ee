/** The namespace `shop` in memory: NginxConfig `web` with revisions 5 to 7 and three Pods. */
import type { NginxConfig } from '../../src/api/nginx-config.ts';
import type { NginxRevision } from '../../src/api/nginx-revision.ts';
import { configMaps, own, pathOf } from '../../src/kube/resource.ts';
import { conditionsOf, configOf, instanceOf, provenStatus, revisionOf } from './cluster-scene.ts';
import { MemoryApi } from './memory-api.ts';

export const paths = {
  configs: pathOf(own('NginxConfig'), 'shop'),
  revisions: pathOf(own('NginxRevision'), 'shop'),
  instances: pathOf(own('NginxInstance'), 'shop'),
  configMaps: pathOf(configMaps, 'shop'),
  pods: '/api/v1/namespaces/shop/pods',
};

export interface Shop {
  readonly api: MemoryApi;
  readonly revisions: {
    readonly five: NginxRevision;
    readonly six: NginxRevision;
    readonly seven: NginxRevision;
  };
  readonly config: NginxConfig;
}

export function shop(changes: { readonly spec?: Partial<NginxConfig['spec']> } = {}): Shop {
  const api = new MemoryApi();
  const five = revisionOf('web', 'events {}\nhttp {\n\tserver { listen 80; }\n}\n', applied(5));
  const six = revisionOf('web', 'events {}\nhttp {\n\tserver { listen 8080; }\n}\n', applied(6));
  const seven = revisionOf('web', 'events {}\nhttp {\n\tserver { listen 8081; }\n\t# 7\n}\n', applied(7), {
    resourceVersion: '107',
  });
  for (const revision of [five, six, seven]) api.put(paths.revisions, revision);
  const config = configOf('web', {
    ...changes,
    status: {
      observedGeneration: 1,
      sources: [{ name: 'web-files', resourceVersion: '107' }],
      latestRevision: seven.metadata.name,
      latestNumber: 7,
      stableRevision: seven.metadata.name,
      startRevision: seven.metadata.name,
      instances: { desired: 3, updated: 3, available: 3, rejected: 0 },
      summary: 'rev 7 applied in 84 ms',
      ready: '3/3',
      conditions: conditionsOf({
        Ready: ['True', 'RolledOut', 'revision 7 is proven on all 3 Pods'],
        Stalled: ['False', 'RolledOut', ''],
      }),
    },
  });
  api.put(paths.configs, config);
  for (const name of ['web-0', 'web-1', 'web-2'])
    api.put(paths.instances, instanceOf(name, 'web', seven, provenStatus(seven)));
  api.put(paths.configMaps, { metadata: { name: 'web-files', namespace: 'shop' } }, '107');
  return { api, revisions: { five, six, seven }, config };
}

function applied(number: number): NginxRevision['status'] {
  return { number, outcome: 'Applied', at: `2026-11-24T11:0${number}:00.000Z`, durationMilliseconds: 84 };
}
