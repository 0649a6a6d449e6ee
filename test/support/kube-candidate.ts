/**
 * A process of its own that wants to lead: `kube-candidate.ts KUBECONFIG NAMESPACE LEASE IDENTITY`. As long as it believes that
 * it leads, it writes its name into the ConfigMap `written` each 50 ms, with the version that it last saw, as the controller
 * does; and once more when it knows better, as if that write had been under way. It says by lines of JSON what happens.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { isApiError } from '../../src/kube/api.ts';
import { kubeconfigApi } from '../../src/kube/kubeconfig.ts';
import { lead } from '../../src/kube/leader.ts';
import { configMaps } from '../../src/kube/resource.ts';
import { apply } from '../../src/kube/write.ts';
import { readObject, type StoredObject } from './objects.ts';

const [kubeconfig = '', namespace = '', name = '', identity = ''] = process.argv.slice(2);
const { api } = kubeconfigApi({ kubeconfig, userAgent: identity });
const end = new AbortController();
const log = { info: () => undefined, warn: () => undefined };
const target = { resource: configMaps, namespace, name: 'written' };
process.once('SIGTERM', () => end.abort());

const { lost } = await lead({
  ...{ api, namespace, name, identity, log },
  clock: systemClock,
  leaseMs: 3000,
  renewWithinMs: 2000,
  everyMs: 300,
  signal: end.signal,
});
say({ leading: true });
const state: { lost: string | undefined } = { lost: undefined };
const ended = lost.then((reason) => {
  state.lost = reason;
  return reason;
});
const first = await readObject(api, target);
if (first === undefined) throw new Error('the ConfigMap written is missing');
let seen: StoredObject = first;
while (state.lost === undefined && (await write())) await pause(50);
const reason = await ended;
const wrote = reason !== 'ended' && (await write());
say(wrote ? { overwrote: true } : { lost: reason });
api.close();

/** False: somebody else has written meanwhile. */
async function write(): Promise<boolean> {
  const { uid, resourceVersion } = seen.metadata;
  const metadata = { name: 'written', uid, resourceVersion };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { by: identity } };
  try {
    seen = (await apply(api, target, object, { manager: 'candidate' })) as StoredObject;
    return true;
  } catch (error) {
    if (!isApiError(error, 409)) throw error;
    return false;
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
