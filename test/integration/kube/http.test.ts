/** Our client on a real API server: connections, refusals, tokens, and writes that must not be lost or win by accident. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Api, ApiError, isApiError, patchTypes } from '../../../src/kube/api.ts';
import { createApi } from '../../../src/kube/http.ts';
import { kubeconfigApi } from '../../../src/kube/kubeconfig.ts';
import { configMaps } from '../../../src/kube/resource.ts';
import { apply, create, remove } from '../../../src/kube/write.ts';
import { withoutControlPlane } from '../../support/control-plane.ts';
import { type KubeStage, startKubeStage } from '../../support/kube-stage.ts';
import { kubeletVolume } from '../../support/kubelet-volume.ts';
import { until } from '../../support/nginx.ts';
import {
  configMap,
  createObject,
  patchObject,
  readObject,
  type StoredObject,
} from '../../support/objects.ts';
import { secondsFromNow, signedToken } from '../../support/service-account-token.ts';

interface WithData extends StoredObject {
  readonly data: unknown;
}

describe('the client of the API server', { skip: withoutControlPlane }, () => {
  let stage: KubeStage;
  let api: Api;
  before(async () => {
    stage = await startKubeStage();
    await stage.plane.namespace('web');
    api = stage.client();
  });
  afterEach(() => stage.tidy());
  after(async () => {
    api.close();
    await stage.stop();
  });

  const maps = '/api/v1/namespaces/web/configmaps';
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

  /** Who the server takes the client for. */
  async function whoAmI(client: Api): Promise<{ username: string; credential: string }> {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = (await client.request({ method: 'POST', path, body: review })) as {
      status: { userInfo: { username: string; extra?: Record<string, string[]> } };
    };
    const { username, extra = {} } = answer.status.userInfo;
    return { username, credential: extra['authentication.kubernetes.io/credential-id']?.[0] ?? '' };
  }

  test('thirty requests one after the other take one connection, beside that of a watch', async () => {
    stage.faulty.forget();
    const own = stage.client();
    const end = new AbortController();
    const watching = (async () => {
      for await (const _ of own.watch({ path: maps, signal: end.signal })) break;
    })();
    await until('it watches', () => stage.faulty.openWatches() === 1);
    for (let number = 0; number < 30; number += 1) await own.request({ method: 'GET', path: maps });
    assert.equal(new Set(stage.faulty.seen.map(({ connection }) => connection)).size, 2);
    end.abort();
    await assert.rejects(watching);
    own.close();
  });

  test('a refusal carries what the server said: status, reason and words for people', async () => {
    const cases = [
      [{ method: 'GET', path: `${maps}/none` }, 404, 'NotFound', 'configmaps "none" not found'],
      [{ method: 'POST', path: maps, body: configMap('Not a name', {}) }, 422, 'Invalid', 'metadata.name'],
      [
        { method: 'POST', path: maps, body: { kind: 'ConfigMap' } },
        422,
        'Invalid',
        'name or generateName is required',
      ],
      [{ method: 'GET', path: maps, query: { limit: 'x' } }, 400, 'BadRequest', 'x'],
      [{ method: 'GET', path: '/apis/none.example/v1/things' }, 404, 'NotFound', 'page not found'],
    ] as const;
    for (const [request, status, reason, words] of cases) {
      const error: unknown = await api.request(request).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.reason], [status, reason]);
      assert.ok(error.message.startsWith(`${request.method} ${request.path}: ${status} `), error.message);
      assert.ok(error.message.includes(words), error.message);
    }
    const jane = kubeconfigApi({ kubeconfig: stage.plane.user('jane'), userAgent: 'steward-tests' });
    await assert.rejects(
      jane.api.request({ method: 'GET', path: maps }),
      (error) =>
        isApiError(error, 403) &&
        error.reason === 'Forbidden' &&
        /User "jane" cannot list/.test(error.message),
    );
    jane.api.close();
  });

  test('a server that is not trusted, or not there, is an error that names it, with no token in it', async () => {
    const credentials = async () => ({ tls: {}, headers: { authorization: 'Bearer very-secret' } });
    for (const [server, words] of [
      [stage.plane.server, /certificate/],
      ['https://127.0.0.1:1', /ECONNREFUSED/],
    ] as const) {
      const client = createApi({ server, credentials, userAgent: 'steward-tests' });
      const error: unknown = await client
        .request({ method: 'GET', path: maps })
        .catch((thrown: unknown) => thrown);
      assert.ok(isApiError(error, 0));
      assert.equal(error.reason, 'Unreachable');
      assert.match(error.message, words);
      assert.ok(error.message.startsWith(server));
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /very-secret/);
      client.close();
    }
  });

  test('a request that is never answered is given up in time; an aborted one at once', async () => {
    const own = stage.client({ timeoutMs: 300 });
    stage.faulty.fault({ kind: 'hang' });
    const start = performance.now();
    const request = { method: 'GET', path: maps } as const;
    await assert.rejects(
      own.request(request),
      (error) => isApiError(error, 0) && /no answer for 0.3 s/.test(error.message),
    );
    await assert.rejects(api.request({ ...request, signal: AbortSignal.timeout(50) }), (error) =>
      isApiError(error, 0),
    );
    assert.ok(performance.now() - start < 2000);
    own.close();
  });

  test('Retry-After comes through, in milliseconds', async () => {
    stage.faulty.fault({ kind: 'status', code: 429, retryAfterSeconds: 7 });
    await assert.rejects(
      api.request({ method: 'GET', path: maps }),
      (error) => isApiError(error, 429) && error.reason === 'TooManyRequests' && error.retryAfterMs === 7000,
    );
  });

  test('a watch whose token expires goes on with the next one', async () => {
    await stage.plane.serviceAccountToken('web', 'watcher');
    const verbs = ['--verb=list,watch', '--resource=configmaps'];
    await stage.plane.kubectl(['create', 'role', 'watcher', '-n', 'web', ...verbs]);
    const account = ['--role=watcher', '--serviceaccount=web:watcher'];
    await stage.plane.kubectl(['create', 'rolebinding', 'watcher', '-n', 'web', ...account]);
    // The server grants a minute for clocks that differ.
    let token = await signedToken(stage.plane, 'web', 'watcher', secondsFromNow(-57));
    const client = createApi({
      server: stage.faulty.server,
      userAgent: 'steward-tests',
      credentials: async () => ({
        tls: { ca: stage.plane.authority.certificate },
        headers: { authorization: `Bearer ${token}` },
      }),
    });
    await createObject(stage.plane.api, 'web', configMap('seen', { a: '1' }));
    const web = await stage.follow('expiring', 0, { api: client, namespace: 'web' });
    // The server remembers for ten seconds that a token was good, and leaves a watch alone that has begun.
    await until('the token is refused', () =>
      whoAmI(client).then(
        () => false,
        (error) => isApiError(error, 401) && !error.message.includes(token),
      ),
    );
    assert.equal(web.reflector.failure, undefined);
    stage.faulty.endWatches();
    await until('the watch is refused', () => web.reflector.failure?.status === 401);
    token = await stage.plane.serviceAccountToken('web', 'watcher');
    const target = { resource: configMaps, namespace: 'web', name: 'seen' };
    await patchObject(stage.plane.api, target, { data: { a: '2' } });
    await until('it sees the edit', () => web.told.at(-1)?.a === '2');
    await web.stop();
  });

  test('kubeconfigs: client certificates, token files that change, and exec plugins', async () => {
    const { kubeconfig, server, caFile, directory } = stage.plane;
    const admin = kubeconfigApi({ kubeconfig, userAgent: 'steward-tests' });
    assert.equal((await whoAmI(admin.api)).username, 'admin');
    admin.api.close();
    const plugin = {
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
      command: 'sh',
      args: [
        '-c',
        `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$T"`,
      ],
      env: [{ name: 'T', value: await stage.plane.serviceAccountToken('web', 'plugged') }],
    };
    const file = kubeletVolume(join(directory, 'exec'), {
      config: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server, 'certificate-authority': caFile } }],
        users: [{ name: 'u', user: { exec: plugin } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'web' } }],
        'current-context': 'x',
      }),
    });
    const plugged = kubeconfigApi({ kubeconfig: join(file.directory, 'config'), userAgent: 'steward-tests' });
    assert.equal((await whoAmI(plugged.api)).username, 'system:serviceaccount:web:plugged');
    assert.equal(plugged.namespace, 'web');
    plugged.api.close();
  });

  test('forced server-side apply with an old version is refused; without one, or with the present one, it wins', async () => {
    const target = { resource: configMaps, namespace: 'web', name: 'applied' };
    const object = (a: string, resourceVersion?: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'applied', ...(resourceVersion !== undefined && { resourceVersion }) },
      data: { a },
    });
    const first = (await apply(api, target, object('1'), { manager: 'one' })) as StoredObject;
    const second = (await apply(api, target, object('2', first.metadata.resourceVersion), {
      manager: 'two',
    })) as StoredObject;
    await assert.rejects(
      apply(api, target, object('3', first.metadata.resourceVersion), { manager: 'one' }),
      (error) => isApiError(error, 409) && error.reason === 'Conflict',
    );
    assert.deepEqual((await readObject<WithData>(api, target))?.data, { a: '2' });
    // An object that is gone comes back by a version alone, but not by a version and a uid.
    const { uid, resourceVersion } = second.metadata;
    const metadata = { name: 'applied', uid, resourceVersion };
    await remove(api, target, { uid });
    const stale = apply(api, target, { ...object('3'), metadata }, { manager: 'one' });
    await assert.rejects(stale, (error) => isApiError(error, 409) && /uid mismatch/.test(error.message));
    assert.equal(await readObject(api, target), undefined);
    await apply(api, target, object('3', resourceVersion), { manager: 'one' });
    assert.notEqual(await readObject(api, target), undefined);
  });

  test('create says whether it was there; remove leaves another of that name, and one that has changed, alone', async () => {
    const target = { resource: configMaps, namespace: 'web', name: 'made' };
    const object = configMap('made', { a: '1' });
    assert.equal(await create(api, target, object, { manager: 'tests' }), true);
    assert.equal(await create(api, target, object, { manager: 'tests' }), false);
    const old = (await readObject(api, target)) as StoredObject;
    const { uid, resourceVersion } = old.metadata;
    await patchObject(api, target, { data: { a: '2', b: null } });
    await assert.rejects(remove(api, target, { uid, resourceVersion }), (error) => isApiError(error, 409));
    await remove(api, target, { uid });
    await remove(api, target, { uid });
    await create(api, target, object, { manager: 'tests' });
    await assert.rejects(remove(api, target, { uid }), (error) => isApiError(error, 409));
  });

  test('bodies and answers of a megabyte, and of every script, come through as they are', async () => {
    const text = `${'a'.repeat(900_000)} – žluťoučký 馬 🐎\n`;
    await createObject(api, 'web', configMap('big', { a: text }));
    const answer = (await api.request({ method: 'GET', path: `${maps}/big` })) as { data: { a: string } };
    assert.equal(answer.data.a, text);
    const patch = [{ op: 'replace', path: '/data/a', value: 'small' }];
    await api.request({ method: 'PATCH', path: `${maps}/big`, body: patch, contentType: patchTypes.json });
  });
});
