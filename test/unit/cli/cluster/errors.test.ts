/** With no cluster, no kinds, no rights: what is said, and exit code 5. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { inCluster } from '../../../../src/cli/cluster/session.ts';
import { get } from '../../../../src/cli/commands/get.ts';
import { pause } from '../../../../src/cli/commands/pause.ts';
import { parseArguments } from '../../../../src/cli/parse.ts';
import { ApiError } from '../../../../src/kube/api.ts';
import { Printed, sessionOf } from '../../../support/cluster-scene.ts';
import { forbidden, MemoryApi } from '../../../support/memory-api.ts';
import { paths, shop } from '../../../support/shop.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'steward-kubeconfig-'));
});
after(() => rmSync(directory, { recursive: true }));

/** `get`, as from the command line. */
async function got(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const invocation = parseArguments(['get', ...args], {});
  if (invocation.kind !== 'run') throw new Error(invocation.kind);
  const printed = new Printed();
  const code = await inCluster(invocation.flags, 'steward', printed, (session) =>
    get(session, undefined, false),
  );
  return { code, said: printed.complaints };
}

function kubeconfig(server: string): string {
  const path = join(directory, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    'current-context': 'here',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('a server that does not answer is named, with its context', async () => {
  const { code, said } = await got('--kubeconfig', kubeconfig('https://127.0.0.1:1'));
  assert.equal(code, 5);
  assert.match(
    said,
    /^STEWARD_UNREACHABLE: context here \(https:\/\/127.0.0.1:1\): no answer: .*ECONNREFUSED/,
  );
  assert.match(said, /--kubeconfig FILE/);
  assert.doesNotMatch(said, /secret-token/);
});

test('a server without TLS, such as `kubectl proxy`, is asked without credentials', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{"items": [], "metadata": {}}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const { code } = await got('--kubeconfig', kubeconfig(`http://127.0.0.1:${port}`));
  server.close();
  assert.equal(code, 0);
  assert.deepEqual(new Set(seen), new Set([undefined]));
});

test('without any kubeconfig it says how to name one', async () => {
  const { HOME, KUBECONFIG } = process.env;
  process.env['HOME'] = join(directory, 'nowhere');
  delete process.env['KUBECONFIG'];
  try {
    const { code, said } = await got();
    assert.equal(code, 5);
    assert.match(
      said,
      /^STEWARD_NO_CLUSTER: KUBECONFIG: there is no kubeconfig\nName one: --kubeconfig FILE/,
    );
  } finally {
    process.env['HOME'] = HOME;
    if (KUBECONFIG !== undefined) process.env['KUBECONFIG'] = KUBECONFIG;
  }
});

test('a kubeconfig that is not there is named', async () => {
  const { code, said } = await got('--kubeconfig', join(directory, 'none'));
  assert.equal(code, 5);
  assert.match(said, /^STEWARD_NO_CLUSTER: .*none/);
});

test('an unknown context lists those that there are', async () => {
  const { code, said } = await got('--kubeconfig', kubeconfig('https://127.0.0.1:1'), '--context', 'there');
  assert.equal(code, 5);
  assert.match(said, /no context "there"\nThere are: here\./);
});

test('without the kinds it says how to install them', async () => {
  const api = new MemoryApi();
  api.refuse = ({ path }) =>
    path.startsWith('/apis/nginx-steward.io')
      ? new ApiError(404, 'NotFound', '404 page not found')
      : undefined;
  await assert.rejects(get(sessionOf(api, new Printed()), 'web', false), {
    code: 'STEWARD_NO_KINDS',
    message: 'context test (https://cluster:6443): the cluster does not know nginx-steward.io',
    fix: /kubectl apply --server-side -f deploy\/crds/,
  });
});

test('a missing right is named by verb, kind and namespace', async () => {
  const { api } = shop();
  api.refuse = ({ method }) => (method === 'PATCH' ? forbidden() : undefined);
  await assert.rejects(pause(sessionOf(api, new Printed()), 'web'), {
    code: 'STEWARD_FORBIDDEN',
    message:
      'context test (https://cluster:6443): you may not patch nginxconfigs.nginx-steward.io in namespace shop',
    fix: /kubectl auth can-i patch nginxconfigs.nginx-steward.io -n shop/,
  });
  api.refuse = () => forbidden();
  await assert.rejects(get(sessionOf(api, new Printed()), undefined, true), {
    message: /you may not list nginxconfigs.nginx-steward.io in all namespaces/,
  });
});

for (const [status, code] of [
  [401, 'STEWARD_LOGIN'],
  [422, 'STEWARD_API'],
  [500, 'STEWARD_API'],
] as const)
  test(`an answer of ${status} is ${code}`, async () => {
    const { api } = shop();
    api.refuse = ({ path }) => (path === paths.configs ? new ApiError(status, 'X', 'the reason') : undefined);
    await assert.rejects(get(sessionOf(api, new Printed()), undefined, false), { code });
  });
