/**
 * A real API server for tests: etcd and kube-apiserver of test/control-plane, on loopback, in the namespaces of enter-pod.ts.
 * There is no kubelet and no controller manager: nothing starts Pods, collects garbage, fills aggregated ClusterRoles (`view`,
 * `edit`) or makes service accounts, except that a namespace made here gets its `default` one.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Api, isApiError } from '../../src/kube/api.ts';
import { createApi } from '../../src/kube/http.ts';
import { type MadePair, makePair } from './certificates.ts';
import { type Files, writeFiles, writeUser } from './control-plane-files.ts';
import { applyCrds } from './crds.ts';
import { insidePod } from './pod.ts';
import { type ServerProcess, startServer } from './server-process.ts';

export interface ControlPlane {
  readonly server: string;
  /** Everything of it is there; removed by `stop`. */
  readonly directory: string;
  /** A file: the administrator's. */
  readonly kubeconfig: string;
  readonly caFile: string;
  /** Issues whatever certificate a test needs that is to be trusted like the server's own. */
  readonly authority: MadePair;
  /** The administrator's. */
  readonly api: Api;
  readonly etcd: ServerProcess;
  readonly apiserver: ServerProcess;
  kubectl(args: readonly string[], input?: string): Promise<CommandResult>;
  /** Applies deploy/crds; resolves when the server serves them. */
  applyCrds(): Promise<void>;
  /** Makes a namespace with its `default` service account. */
  namespace(name: string): Promise<void>;
  /** A kubeconfig file with a client certificate of this user. */
  user(name: string, groups?: readonly string[]): string;
  /** Makes the service account where it is missing, and asks for a token of it. */
  serviceAccountToken(namespace: string, name: string, options?: TokenOptions): Promise<string>;
  /** A client with a bearer token. */
  apiWithToken(token: string): Api;
  stop(): Promise<void>;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TokenOptions {
  /** The Pod that it is bound to. */
  readonly podName?: string;
  readonly podUid?: string;
  /** The server gives 600 at least. */
  readonly expirationSeconds?: number;
}

export interface ControlPlaneOptions {
  /** More flags of kube-apiserver. */
  readonly apiserverFlags?: readonly string[];
}

const top = join(import.meta.dirname, '../..');
const server = 'https://127.0.0.1:6443';
const etcdClient = 'http://127.0.0.1:2379';
const etcdPeer = 'http://127.0.0.1:2380';

const notBuilt = 'no kube-apiserver was built: node scripts/setup.mjs tests says what is missing';

/** `skip` of a suite: why there is no control plane on this machine. In CI nothing is left out: there the suite fails. */
export const withoutControlPlane: string | false =
  isBuilt() || process.env['CI'] === 'true' ? false : notBuilt;

/** Starts it; about 3 s. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  if (!insidePod()) throw new Error('startControlPlane: not inside the namespaces of enter-pod.ts');
  if (!isBuilt()) throw new Error(notBuilt);
  const directory = mkdtempSync(join(tmpdir(), 'steward-control-plane-'));
  const authority = makePair({ names: ['steward-test-ca'], isAuthority: true });
  const files = writeFiles(directory, authority);
  const admin = writeUser({ directory, authority, server }, 'admin', ['system:masters']);
  const api = createApi({
    server,
    userAgent: 'steward-tests',
    credentials: async () => ({ tls: { ...admin.pair, ca: authority.certificate }, headers: {} }),
  });
  const etcd = startServer({
    program: join(binaries(), 'etcd'),
    args: etcdFlags(directory),
    log: join(directory, 'etcd.log'),
    ready: () => answersOk(fetchStatus(`${etcdClient}/health`)),
  });
  const apiserver = startServer({
    program: join(binaries(), 'kube-apiserver'),
    args: [...apiserverFlags(files), ...(options.apiserverFlags ?? [])],
    log: join(directory, 'kube-apiserver.log'),
    ready: () => answersOk(api.request({ method: 'GET', path: '/readyz' }).catch(readyWord)),
  });
  const stop = async (): Promise<void> => {
    api.close();
    await Promise.all([apiserver.kill(), etcd.kill()]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await Promise.all([etcd.answering(), apiserver.answering()]);
    await makeServiceAccount(api, 'default', 'default');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server,
    directory,
    kubeconfig: admin.kubeconfig,
    caFile: files.ca,
    authority,
    api,
    etcd,
    apiserver,
    kubectl: (args, input) => kubectl(directory, admin.kubeconfig, args, input),
    applyCrds: () => applyCrds(api),
    namespace: async (name) => {
      await api.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
      await makeServiceAccount(api, name, 'default');
    },
    user: (name, groups = []) => writeUser({ directory, authority, server }, name, groups).kubeconfig,
    serviceAccountToken: (namespace, name, token = {}) => requestToken(api, namespace, name, token),
    apiWithToken: (token) =>
      createApi({
        server,
        userAgent: 'steward-tests',
        credentials: async () => ({
          tls: { ca: authority.certificate },
          headers: { authorization: `Bearer ${token}` },
        }),
      }),
    stop,
  };
}

function isBuilt(): boolean {
  return existsSync(join(binaries(), 'kube-apiserver'));
}

/** Where scripts/setup.mjs has put what it built of exactly these modules. */
function binaries(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const hash = createHash('sha256');
  for (const part of ['etcd', 'kubernetes'])
    hash.update(readFileSync(join(top, 'test/control-plane', part, 'go.sum')));
  return join(cache, 'nginx-steward', `control-plane-${hash.digest('hex').slice(0, 12)}`);
}

function etcdFlags(directory: string): string[] {
  return [
    '--name=test',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${etcdClient}`,
    `--advertise-client-urls=${etcdClient}`,
    `--listen-peer-urls=${etcdPeer}`,
    `--initial-advertise-peer-urls=${etcdPeer}`,
    `--initial-cluster=test=${etcdPeer}`,
    '--unsafe-no-fsync',
  ];
}

function apiserverFlags(files: Files): string[] {
  return [
    `--etcd-servers=${etcdClient}`,
    '--bind-address=127.0.0.1',
    '--secure-port=6443',
    // Nobody asks for the address of the service `kubernetes`, and one of loopback is refused.
    '--advertise-address=192.0.2.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--client-ca-file=${files.ca}`,
    `--tls-cert-file=${files.certificate}`,
    `--tls-private-key-file=${files.key}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.accountPublicKey}`,
    `--service-account-signing-key-file=${files.accountKey}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    '--profiling=false',
  ];
}

async function makeServiceAccount(api: Api, namespace: string, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  try {
    await api.request({ method: 'POST', path, body: { metadata: { name } } });
  } catch (error) {
    if (!isApiError(error, 409)) throw error;
  }
}

async function requestToken(
  api: Api,
  namespace: string,
  name: string,
  { podName, podUid, expirationSeconds = 3600 }: TokenOptions,
): Promise<string> {
  await makeServiceAccount(api, namespace, name);
  const bound = { apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUid };
  const answer = (await api.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds, ...(podName !== undefined && { boundObjectRef: bound }) },
    },
  })) as { status: { token: string } };
  return answer.status.token;
}

function kubectl(
  directory: string,
  kubeconfig: string,
  args: readonly string[],
  input = '',
): Promise<CommandResult> {
  const child = spawn(join(binaries(), 'kubectl'), args, {
    env: { ...process.env, HOME: directory, KUBECONFIG: kubeconfig },
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      written[name] += chunk;
    });
  child.stdin.on('error', () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, ...written }));
  });
}

async function fetchStatus(url: string): Promise<boolean> {
  const answer = await fetch(url);
  await answer.text();
  return answer.ok;
}

/** `/readyz` answers a word that is no JSON. */
function readyWord(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'Unreadable';
}

async function answersOk(answer: Promise<unknown>): Promise<boolean> {
  return answer.then(
    (value) => value !== false,
    () => false,
  );
}
