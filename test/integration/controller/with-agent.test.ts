/** The built controller, an agent and a real nginx together: a ConfigMap is all that the test writes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { test } from 'node:test';
import type { NginxConfig } from '../../../src/api/nginx-config.ts';
import { configMaps, own } from '../../../src/kube/resource.ts';
import { builtProgram } from '../../support/agent.ts';
import { openApiScene } from '../../support/api-scene.ts';
import { startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/nginx.ts';
import { configMap, createObject, nginxConfig, patchObject, readObject } from '../../support/objects.ts';
import { siteConfiguration } from '../../support/scene.ts';

const namespace = 'shop';

test('an edit reaches nginx proven; one that nginx refuses is put back and says where; a mended one is rolled out', {
  skip: withoutControlPlane,
}, async () => {
  const plane = await startControlPlane();
  await plane.applyCrds();
  const scene = await openApiScene(plane, namespace);
  const controller = spawn(
    process.execPath,
    [builtProgram, 'controller', '--kubeconfig', plane.kubeconfig, '--listen', '127.0.0.1:9478'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  for (const stream of [controller.stdout, controller.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
    });
  const target = { resource: own('NginxConfig'), namespace, name: 'web' };
  let seen: NginxConfig['status'];
  const told = async (what: string, condition: (status: NonNullable<NginxConfig['status']>) => boolean) =>
    until(what, async () => {
      seen = ((await readObject(plane.api, target)) as NginxConfig | undefined)?.status;
      return seen !== undefined && condition(seen) ? seen : undefined;
    });
  const isReady = (status: NonNullable<NginxConfig['status']>): boolean =>
    status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  const edit = async (site: string): Promise<void> => {
    const source = { resource: configMaps, namespace, name: 'web-files' };
    await patchObject(plane.api, source, { data: { 'nginx.conf': site } });
  };
  try {
    await createObject(plane.api, namespace, configMap('web-files', { 'nginx.conf': siteConfiguration() }));
    const files = [{ configMap: { name: 'web-files' } }];
    await createObject(plane.api, namespace, nginxConfig('web', { files }));
    await scene.startAgent().when('a first tree', (status) => status.started);
    await scene.startNginx();
    await told('the first revision on the Pod', (status) => isReady(status) && status.ready === '1/1');
    assert.equal(await scene.body(), 'one');

    await edit(siteConfiguration({ body: 'two' }));
    await told('the second', (status) => isReady(status) && status.latestNumber === 2);
    assert.equal(await scene.body(), 'two');

    await edit(siteConfiguration({ body: 'three', http: 'no_such_directive on;' }));
    const stalled = await told('the refusal, and all are back', (status) =>
      (status.conditions ?? []).some((one) => one.type === 'Stalled' && one.status === 'True'),
    );
    const ready = stalled.conditions?.find(({ type }) => type === 'Ready');
    assert.equal(ready?.reason, 'RolloutRejected');
    assert.match(
      ready.message,
      /ConfigMap web-files key nginx\.conf:8: unknown directive "no_such_directive"/,
    );
    assert.equal(await scene.body(), 'two');
    assert.equal((await scene.instance())?.status?.ready, true);

    await edit(siteConfiguration({ body: 'four' }));
    await told('the mended one', (status) => isReady(status) && status.latestNumber === 4);
    assert.equal(await scene.body(), 'four');
  } catch (error) {
    const status = JSON.stringify(seen, null, 1);
    throw new Error(`${String(error)}\n${status}\n${log}\n${scene.agent.log()}`, { cause: error });
  } finally {
    controller.kill('SIGTERM');
    await scene.close();
    await plane.stop();
  }
});
