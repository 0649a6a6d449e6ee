/** The API server of the tests itself: what every other test on it takes for granted. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isApiError } from '../../../src/kube/api.ts';
import { type ControlPlane, startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { configMap, createObject, nginxConfig, pod, startPod } from '../../support/objects.ts';

describe('the API server of the tests', { skip: withoutControlPlane }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await plane.namespace('web');
  });
  after(() => plane.stop());

  test('the administrator may everything, another user nothing', async () => {
    const mine = await plane.kubectl(['auth', 'can-i', '*', '*', '-A']);
    assert.equal(mine.stdout.trim(), 'yes');
    const theirs = await plane.kubectl(['get', 'pods', '--kubeconfig', plane.user('jane', ['dev'])]);
    assert.match(theirs.stderr, /User "jane" cannot list resource "pods"/);
  });

  test('a Pod runs when a test says so, and a token bound to it says which Pod it is of', async () => {
    const stored = await startPod(plane.api, 'web', pod('web-0', 'web'));
    const seen = await plane.kubectl(['get', 'pods', '-n', 'web', '--no-headers']);
    assert.match(seen.stdout, /^web-0 .*Running/);
    const token = await plane.serviceAccountToken('web', 'default', {
      podName: 'web-0',
      podUid: stored.metadata.uid,
    });
    const api = plane.apiWithToken(token);
    const review = (await api.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    })) as { status: { userInfo: { username: string; extra: Record<string, string[]> } } };
    api.close();
    const { username, extra } = review.status.userInfo;
    assert.equal(username, 'system:serviceaccount:web:default');
    assert.deepEqual(extra['authentication.kubernetes.io/pod-name'], ['web-0']);
  });

  test('our kinds are served once they are applied', async () => {
    await plane.applyCrds();
    const files = [{ path: 'nginx.conf', inline: 'events {}' }];
    await createObject(plane.api, 'web', nginxConfig('web', { files }));
    const seen = await plane.kubectl(['get', 'nginxconfigs', '-n', 'web', '-o', 'name']);
    assert.equal(seen.stdout.trim(), 'nginxconfig.nginx-steward.io/web');
  });

  test('what was written is there after the server was killed and started again', async () => {
    await createObject(plane.api, 'web', configMap('kept', { a: '1' }));
    const before = plane.apiserver.pid;
    await plane.apiserver.kill();
    const request = { method: 'GET', path: '/api/v1/namespaces/web/configmaps/kept' } as const;
    await assert.rejects(plane.api.request(request), (error) => isApiError(error, 0));
    await plane.apiserver.restart();
    assert.notEqual(plane.apiserver.pid, before);
    const kept = (await plane.api.request(request)) as { data: unknown };
    assert.deepEqual(kept.data, { a: '1' });
  });
});
