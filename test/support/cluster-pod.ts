/** The Pod `web-0` of the namespace `shop` as its agent's parts see it, without a server. */

import type { Log } from '../../src/agent/ports.ts';
import type { Store } from '../../src/agent/store.ts';
import type { NginxInstance } from '../../src/api/nginx-instance.ts';
import type { NginxRevision } from '../../src/api/nginx-revision.ts';
import { emptyState, type State } from '../../src/publish/state.ts';
import { instanceOf } from './cluster-scene.ts';

export const ownPod = { namespace: 'shop', name: 'web-0', uid: 'pod-uid' };

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** An instance as the server has it, owned by that Pod. */
export function ownInstance(
  revision: NginxRevision | undefined,
  changes: {
    readonly number?: number;
    readonly uid?: string;
    readonly owner?: string;
    readonly spec?: Partial<NginxInstance['spec']>;
    readonly status?: NginxInstance['status'];
  } = {},
): NginxInstance {
  const { uid = 'instance-uid', owner = ownPod.uid, number } = changes;
  const plain = instanceOf(ownPod.name, 'web', revision, changes.status);
  const { revision: reference } = plain.spec;
  return {
    ...plain,
    metadata: {
      ...plain.metadata,
      uid,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: ownPod.name, uid: owner }],
    },
    spec: {
      ...plain.spec,
      ...(reference !== undefined && number !== undefined && { revision: { ...reference, number } }),
      ...changes.spec,
    },
  };
}

/** A store in memory; `saves` are the states that were on disk. */
export function memoryStore(state: Partial<State> = {}): Store & { readonly saves: State[] } {
  let now: State = { ...emptyState, ...state };
  const saves: State[] = [];
  return {
    saves,
    get: () => now,
    update: (change) => {
      now = { ...now, ...change };
      saves.push(now);
    },
  };
}

/** Lets everything run that waits for no clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
