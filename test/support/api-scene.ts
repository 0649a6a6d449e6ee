/**
 * One Pod at a real API server: an agent with `--config` beside a real nginx. What a controller would write, the test writes.
 * The agent's account has the rights that an agent needs, and no other.
 */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiVersion, configLabel, group } from '../../src/api/names.ts';
import type { NginxInstance } from '../../src/api/nginx-instance.ts';
import type { NginxRevision } from '../../src/api/nginx-revision.ts';
import { own } from '../../src/kube/resource.ts';
import { type RunningAgent, startAgent } from './agent.ts';
import { instanceOf, revisionOf } from './cluster-scene.ts';
import type { ControlPlane } from './control-plane.ts';
import { kubeletVolume } from './kubelet-volume.ts';
import { getOnce } from './load.ts';
import { installedNginx, type RunningNginx, startNginx, testDirectory, until } from './nginx.ts';
import { createObject, nginxConfig, patchObject, pod, readObject, type StoredObject } from './objects.ts';

type Stored<T> = T & StoredObject;
type Request = NonNullable<NginxInstance['spec']['requests']>[number];

export interface ApiScene {
  readonly namespace: string;
  readonly directory: string;
  readonly published: string;
  readonly agent: RunningAgent;
  readonly nginx: RunningNginx;
  /** Pids of the workers that take connections; a reload makes others. */
  readonly workers: string;
  /** Writes a revision of one file, by the ConfigMap `web-files`. */
  revision(configuration: string): Promise<NginxRevision>;
  /** Creates the instance; its owner is the Pod unless another uid is given. */
  createInstance(
    revision: NginxRevision | undefined,
    options?: { readonly owner?: string; readonly requests?: readonly Request[]; readonly number?: number },
  ): Promise<void>;
  deleteInstance(): Promise<void>;
  handOut(revision: NginxRevision, number: number): Promise<void>;
  request(requests: readonly Request[]): Promise<void>;
  /** `status.startRevision` of the NginxConfig, which is made where it is missing. */
  start(revision: NginxRevision): Promise<void>;
  instance(): Promise<NginxInstance | undefined>;
  /** Waits until the status says so. */
  told(
    what: string,
    condition: (status: NonNullable<NginxInstance['status']>) => boolean,
  ): Promise<NonNullable<NginxInstance['status']>>;
  /** Puts a token in place as the kubelet does. */
  mountToken(token: string): void;
  startAgent(): RunningAgent;
  startNginx(): Promise<RunningNginx>;
  body(): Promise<string | undefined>;
  close(): Promise<void>;
}

export const agentRules = [
  { apiGroups: [group], resources: ['nginxconfigs', 'nginxrevisions'], verbs: ['get'] },
  { apiGroups: [group], resources: ['nginxinstances'], verbs: ['list', 'watch'] },
  { apiGroups: [group], resources: ['nginxinstances/status'], verbs: ['patch'] },
] as const;

const podName = 'web-0';
const port = 8080;

/** A namespace of its own, with a Pod, rights and a mounted token; nothing is started yet. */
export async function openApiScene(plane: ControlPlane, namespace: string): Promise<ApiScene> {
  const { path: directory, remove } = testDirectory();
  const published = join(directory, 'published');
  for (const name of ['run', 'control']) mkdirSync(join(directory, name));
  // As an emptyDir comes: everybody may write.
  chmodSync(join(directory, 'run'), 0o777);
  await plane.namespace(namespace);
  await grant(plane, namespace);
  const { uid: podUid } = (await createObject(plane.api, namespace, pod(podName, 'web'))).metadata;
  const credentials = join(directory, 'credentials');
  const token = await plane.serviceAccountToken(namespace, 'default', { podName, podUid });
  const mounted = { 'ca.crt': plane.authority.certificate, namespace };
  const volume = kubeletVolume(credentials, { ...mounted, token });
  const target = { resource: own('NginxInstance'), namespace, name: podName };
  const patch = async (spec: object): Promise<void> => {
    await patchObject(plane.api, target, { spec });
  };
  const instance = (): Promise<Stored<NginxInstance> | undefined> =>
    readObject<Stored<NginxInstance>>(plane.api, target);
  const agents: RunningAgent[] = [];
  const servers: RunningNginx[] = [];
  const last = <T>(list: readonly T[]): T => {
    const one = list.at(-1);
    if (one === undefined) throw new Error('it was not started');
    return one;
  };
  return {
    ...{ directory, published, instance },
    mountToken: (another) => volume.swap({ ...mounted, token: another }),
    get workers() {
      return workersOf(last(servers).pid).join(' ');
    },
    namespace,
    get agent() {
      return last(agents);
    },
    get nginx() {
      return last(servers);
    },
    revision: async (configuration) => {
      const made = revisionOf('web', configuration, undefined);
      await createObject(plane.api, namespace, { ...made, metadata: labelled(made.metadata.name) });
      return made;
    },
    createInstance: async (revision, { owner = podUid, requests, number } = {}) => {
      const { apiVersion: version, kind, spec } = instanceOf(podName, 'web', revision);
      const object = {
        ...{ apiVersion: version, kind },
        metadata: {
          ...labelled(podName),
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid: owner }],
        },
        spec: {
          ...spec,
          ...(number !== undefined && { revision: { ...referenceTo(revision), number } }),
          ...(requests !== undefined && { requests }),
        },
      };
      await createObject(plane.api, namespace, object);
    },
    deleteInstance: async () => {
      const path = `/apis/${apiVersion}/namespaces/${namespace}/nginxinstances/${podName}`;
      await plane.api.request({ method: 'DELETE', path });
    },
    handOut: (revision, number) => patch({ revision: { ...referenceTo(revision), number } }),
    request: (requests) => patch({ requests }),
    start: async (revision) => {
      const config = { resource: own('NginxConfig'), namespace, name: 'web' };
      if ((await readObject(plane.api, config)) === undefined)
        await createObject(
          plane.api,
          namespace,
          nginxConfig('web', { files: [{ configMap: { name: 'web-files' } }] }),
        );
      const path = `/apis/${apiVersion}/namespaces/${namespace}/nginxconfigs/web/status`;
      const body = { status: { startRevision: revision.metadata.name } };
      await plane.api.request({
        method: 'PATCH',
        path,
        body,
        contentType: 'application/merge-patch+json',
      });
    },
    told: async (what, condition) => {
      let seen: NginxInstance['status'];
      try {
        return await until(what, async () => {
          seen = (await instance())?.status;
          return seen !== undefined && condition(seen) ? seen : undefined;
        });
      } catch (error) {
        const log = agents.at(-1)?.log() ?? '';
        throw new Error(`${String(error)}\n${JSON.stringify(seen, null, 1)}\n${log}`, { cause: error });
      }
    },
    startAgent: () => {
      const agent = startAgent({
        flags: [
          ...['--config', 'web', '--credentials-dir', credentials],
          ...['--publish-dir', published, '--run-dir', join(directory, 'run')],
          ...['--control-socket', join(directory, 'control', 'control.sock')],
        ],
        env: {
          POD_NAME: podName,
          POD_UID: podUid,
          KUBERNETES_SERVICE_HOST: '127.0.0.1',
          KUBERNETES_SERVICE_PORT: new URL(plane.server).port,
        },
      });
      agents.push(agent);
      return agent;
    },
    startNginx: async () => {
      const configuration = join(published, 'current', 'nginx.conf');
      const running = startNginx({ build: installedNginx, configuration });
      servers.push(running);
      await until(`nginx serves (${running.stderr()})`, async () => (await getOnce(port)) !== undefined);
      return running;
    },
    body: async () => (await getOnce(port))?.body,
    close: async () => {
      for (const agent of agents) await agent.stop();
      for (const running of servers) await running.stop();
      remove();
    },
  };
}

function labelled(name: string): { name: string; labels: Record<string, string> } {
  return { name, labels: { [configLabel]: 'web' } };
}

function referenceTo(revision: NginxRevision | undefined): { name: string; hash: string } | undefined {
  return revision === undefined ? undefined : { name: revision.metadata.name, hash: revision.spec.hash };
}

async function grant(plane: ControlPlane, namespace: string): Promise<void> {
  const base = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: 'agent' };
  await plane.api.request({ method: 'POST', path: `${base}/roles`, body: { metadata, rules: agentRules } });
  await plane.api.request({
    method: 'POST',
    path: `${base}/rolebindings`,
    body: {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'agent' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    },
  });
}

/** Pids of the workers that take connections; a reload makes others. */
function workersOf(master: number): readonly number[] {
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean);
  return children.map(Number).filter((pid) => {
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return title.includes('worker process') && !title.includes('shutting down');
  });
}
