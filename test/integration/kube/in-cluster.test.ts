/** A Pod's credentials, as the kubelet mounts and changes them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Api, isApiError } from '../../../src/kube/api.ts';
import { createApi } from '../../../src/kube/http.ts';
import { inCluster } from '../../../src/kube/in-cluster.ts';
import { type ControlPlane, startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { kubeletVolume } from '../../support/kubelet-volume.ts';
import { secondsFromNow, signedToken } from '../../support/service-account-token.ts';

describe("a Pod's credentials", { skip: withoutControlPlane }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  /** Which token the server was shown, by its own id. */
  async function credentialOf(client: Api): Promise<string> {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = (await client.request({ method: 'POST', path, body })) as {
      status: { userInfo: { username: string; extra: Record<string, string[]> } };
    };
    assert.equal(answer.status.userInfo.username, 'system:serviceaccount:default:agent');
    return answer.status.userInfo.extra['authentication.kubernetes.io/credential-id']?.[0] ?? '';
  }

  test('the token is read again when the kubelet has replaced it, and an expired one is no end', async () => {
    const ca = plane.authority.certificate;
    const [first, second] = [
      await plane.serviceAccountToken('default', 'agent'),
      await plane.serviceAccountToken('default', 'agent'),
    ];
    const directory = join(plane.directory, 'serviceaccount');
    const mount = kubeletVolume(directory, { token: `${first}\n`, 'ca.crt': ca });
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '6443' };
    const client = createApi({ ...inCluster({ directory, env }), userAgent: 'steward-tests' });
    const before = await credentialOf(client);
    mount.swap({ token: second, 'ca.crt': ca });
    const rotated = await credentialOf(client);
    assert.notEqual(rotated, before);

    const expired = await signedToken(plane, 'default', 'agent', secondsFromNow(-120));
    mount.swap({ token: expired, 'ca.crt': ca });
    await assert.rejects(
      credentialOf(client),
      (error) => isApiError(error, 401) && !error.message.includes(expired),
    );
    mount.swap({ token: second, 'ca.crt': ca });
    assert.equal(await credentialOf(client), rotated);
    client.close();
  });
});
