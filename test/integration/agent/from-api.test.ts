/** The agent from the API, on a real API server with the rights of an agent alone, beside a real nginx. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, afterEach, before, describe, test } from 'node:test';
import type { NginxInstance } from '../../../src/api/nginx-instance.ts';
import { decodeRevision, revisionHash } from '../../../src/api/revision-data.ts';
import { isApiError } from '../../../src/kube/api.ts';
import { builtProgram } from '../../support/agent.ts';
import { type ApiScene, openApiScene } from '../../support/api-scene.ts';
import { type ControlPlane, startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/nginx.ts';
import { createObject } from '../../support/objects.ts';
import { isProven, siteConfiguration } from '../../support/scene.ts';
import { secondsFromNow, signedToken } from '../../support/service-account-token.ts';

describe('the agent from the API', { skip: withoutControlPlane }, () => {
  let plane: ControlPlane;
  let scene: ApiScene;
  let count = 0;
  before(async () => {
    plane = await startControlPlane();
    await plane.applyCrds();
  });
  afterEach(() => scene.close());
  after(() => plane.stop());

  async function open(): Promise<ApiScene> {
    count += 1;
    scene = await openApiScene(plane, `shop-${count}`);
    return scene;
  }

  /** A Pod that runs revision 1, body `one`, proven and told. */
  async function running(): Promise<ApiScene> {
    await open();
    await scene.createInstance(await scene.revision(siteConfiguration()), { number: 1 });
    await scene.startAgent().when('a first tree', (status) => status.started);
    await scene.startNginx();
    await scene.told('the first proof', ({ revision, ready }) => ready === true && revision?.number === 1);
    return scene;
  }

  async function reload(): Promise<void> {
    const socket = join(scene.directory, 'control', 'control.sock');
    const child = spawn(process.execPath, [builtProgram, 'reload', '--control-socket', socket]);
    await new Promise((resolve) => child.once('close', resolve));
  }

  test('a revision reaches nginx and comes back as a proven status', async () => {
    await running();
    const two = await scene.revision(siteConfiguration({ body: 'two' }));
    await scene.handOut(two, 2);
    const status = await scene.told('the verdict', ({ verdict }) => verdict?.number === 2);
    assert.equal(await scene.body(), 'two');
    const { name } = two.metadata;
    const { hash } = two.spec;
    assert.deepEqual(status.revision, { name, hash, number: 2 });
    assert.deepEqual([status.verdict?.kind, status.verdict?.revision], ['Applied', name]);
    assert.equal(typeof status.verdict?.durationMilliseconds, 'number');
    assert.deepEqual([status.state, status.ready], ['Proven', true]);
    assert.equal(status.versions?.nginx, '1.22.1');
    assert.equal(typeof status.masterStartedAt, 'string');
    assert.equal(status.workers?.running, 2);
  });

  test("what nginx rejects is told with nginx's line at the ConfigMap and key, and is put back", async () => {
    await running();
    const good = scene.agent;
    const broken = siteConfiguration({ http: 'not_a_directive on;' });
    const line = broken.split('\n').findIndex((text) => text.includes('not_a_directive')) + 1;
    const two = await scene.revision(broken);
    await scene.handOut(two, 2);
    const { verdict, revision, ready } = await scene.told('the verdict', (one) => one.verdict?.number === 2);
    assert.deepEqual([verdict?.kind, verdict?.putBack], ['Rejected', 'proven']);
    assert.match(verdict?.lines?.[0]?.text ?? '', /unknown directive "not_a_directive"/);
    assert.equal(verdict?.lines?.[0]?.source, `ConfigMap web-files key nginx.conf:${line}`);
    assert.deepEqual([revision?.number, ready, await scene.body()], [1, true, 'one']);
    // Handed out once more, the same content is tried once more: whoever does it waits for a verdict of this time.
    await scene.handOut(two, 3);
    const again = await scene.told('a second verdict', (one) => one.verdict?.number === 3);
    assert.equal(again.verdict?.kind, 'Rejected');
    // The verdict outlives the agent that gave it.
    await good.stop();
    await scene.startAgent().when('the agent is there', (status) => status.master !== undefined);
    await scene.handOut(await scene.revision(siteConfiguration({ body: 'three' })), 4);
    await scene.told('a good one', (one) => one.verdict?.number === 4 && one.verdict.kind === 'Applied');
  });

  test('a revision that does not hold what its hash says never reaches nginx', async () => {
    await running();
    const real = await scene.revision(siteConfiguration({ body: 'two' }));
    await scene.handOut({ ...real, spec: { ...real.spec, hash: '0123456789abcdef0123' } }, 2);
    const { verdict } = await scene.told('the verdict', (one) => one.verdict?.number === 2);
    assert.equal(verdict?.kind, 'RefusedByLint');
    assert.match(verdict?.message ?? '', /its content has the hash/);
    assert.equal(await scene.body(), 'one');
  });

  test('another entry file than that of the Pod is refused, with what to do', async () => {
    await running();
    const { spec, metadata, ...rest } = await scene.revision(siteConfiguration({ body: 'two' }));
    const hash = revisionHash(decodeRevision(spec, ''), 'main.conf');
    const name = `web-${hash}`;
    const other = {
      ...{ ...rest, metadata: { ...metadata, name } },
      spec: { ...spec, entrypoint: 'main.conf', hash },
    };
    await createObject(plane.api, scene.namespace, { ...other, metadata: { name } });
    await scene.handOut(other, 2);
    const { verdict } = await scene.told('the verdict', (one) => one.verdict?.number === 2);
    assert.match(verdict?.message ?? '', /begins with main\.conf, .* --entrypoint main\.conf/);
  });

  test('without an instance the start revision is taken; the instance that comes then changes nothing', async () => {
    await open();
    const one = await scene.revision(siteConfiguration());
    const agent = scene.startAgent();
    await agent.when('it says what is missing', ({ message }) =>
      message.includes('there is no NginxConfig web'),
    );
    assert.equal((await agent.get('/startupz')).status, 503);
    await scene.start(one);
    await agent.when('a first tree', (status) => status.started);
    await scene.startNginx();
    await agent.when('nginx is proven', isProven);
    const before = scene.workers;
    // A running agent never takes it: a canary's start revision is not for those who run.
    await scene.start(await scene.revision(siteConfiguration({ body: 'two' })));
    await scene.createInstance(one, { number: 1 });
    await scene.told('the proof', ({ revision }) => revision?.number === 1);
    assert.deepEqual([scene.workers, await scene.body()], [before, 'one']);
  });

  test('with the API away an agent and nginx start again from disk, and its return changes nothing', async () => {
    await running();
    const told = (await scene.instance())?.status;
    await plane.apiserver.kill();
    try {
      await scene.agent.stop();
      await scene.nginx.stop();
      const current = readlinkSync(join(scene.published, 'current'));
      const agent = scene.startAgent();
      await agent.when('the last good tree', (status) => status.started);
      await scene.startNginx();
      const { wanted } = await agent.when('nginx is proven', isProven);
      assert.equal(wanted?.revision?.number, 1);
      assert.equal(readlinkSync(join(scene.published, 'current')), current);
      assert.equal((await agent.get('/readyz')).status, 200);
      // What is asked for in the Pod works: its source is known from disk.
      const before = scene.workers;
      const known = (await agent.status()).attempts;
      await reload();
      assert.equal((await agent.nextAttempt(known)).verdict, 'Applied');
      assert.notEqual(scene.workers, before);
    } finally {
      await plane.apiserver.restart();
    }
    const before = scene.workers;
    await scene.told('the new master', (one) => one.masterStartedAt !== told?.masterStartedAt);
    assert.equal(scene.workers, before);
    await scene.handOut(await scene.revision(siteConfiguration({ body: 'two' })), 2);
    await scene.told('the next revision', (one) => one.revision?.number === 2);
    assert.equal(await scene.body(), 'two');
  });

  test('a token that is replaced is taken; one that has expired stops nothing for ever', async () => {
    await open();
    // The server grants a minute for clocks that differ, and remembers a good token for ten seconds.
    const old = await signedToken(plane, scene.namespace, 'default', secondsFromNow(-50));
    scene.mountToken(old);
    await scene.createInstance(await scene.revision(siteConfiguration()), { number: 1 });
    const agent = scene.startAgent();
    await agent.when('a first tree', (status) => status.started);
    await scene.startNginx();
    await agent.when('nginx is proven', isProven);
    const stale = plane.apiWithToken(old);
    const path = `/apis/nginx-steward.io/v1alpha1/namespaces/${scene.namespace}/nginxconfigs/web`;
    await until(
      'the server refuses the old token',
      () =>
        stale.request({ method: 'GET', path }).then(
          () => false,
          (error) => isApiError(error, 401),
        ),
      40_000,
    );
    stale.close();
    await scene.handOut(await scene.revision(siteConfiguration({ body: 'two' })), 2);
    await agent.when('it says why', ({ conditions }) =>
      conditions.some(({ type, message }) => type === 'RevisionUnavailable' && message.includes('401')),
    );
    assert.equal((await agent.get('/readyz')).status, 200);
    scene.mountToken(await plane.serviceAccountToken(scene.namespace, 'default'));
    await scene.told('the next revision', (one) => one.revision?.number === 2);
  });

  test('a token of a request acts once, also when the agent is killed at once; one that was there does not act', async () => {
    await open();
    const asked = (token: string) => ({ action: 'Reload', origin: 'Config', token }) as const;
    await scene.createInstance(await scene.revision(siteConfiguration()), {
      number: 1,
      requests: [asked('old')],
    });
    const first = scene.startAgent();
    await first.when('a first tree', (status) => status.started);
    await scene.startNginx();
    const existing = await scene.told('it is acknowledged', ({ acknowledged }) => acknowledged?.length === 1);
    assert.deepEqual(
      [existing.acknowledged?.[0]?.token, existing.acknowledged?.[0]?.verdict],
      ['old', 'Existing'],
    );
    await first.when('nginx is proven', isProven);
    const before = scene.workers;
    await scene.request([asked('new'), { action: 'ReopenLogs', origin: 'Pod', token: 'x' }]);
    const { acknowledged = [] } = await scene.told('both are acknowledged', (one) =>
      ['new', 'x'].every((token) => one.acknowledged?.some((each) => each.token === token) === true),
    );
    assert.deepEqual(acknowledged.map(({ token, verdict }) => `${token} ${verdict}`).sort(), [
      'new Applied',
      'x Reopened',
    ]);
    assert.notEqual(scene.workers, before);

    // Killed between the note and the verdict, at whatever moment that is.
    for (const token of ['third', 'fourth', 'fifth']) {
      const { agent } = scene;
      await scene.request([asked(token)]);
      await until('it is noted', () =>
        readFileSync(join(scene.published, 'state.json'), 'utf8').includes(token),
      );
      agent.process.kill('SIGKILL');
      await agent.ended;
      const next = scene.startAgent();
      const told = await scene.told(
        'it is acknowledged',
        (one) => acknowledgementOf(one, token) !== undefined,
      );
      assert.match(acknowledgementOf(told, token) ?? '', /^(Applied|Interrupted)$/);
      const { attempts } = await next.when('nginx is proven', isProven);
      assert.equal(
        attempts.some(({ trigger }) => trigger === 'annotation'),
        false,
      );
    }
    await scene.handOut(await scene.revision(siteConfiguration({ body: 'two' })), 2);
    await scene.told('a change after it', (one) => one.revision?.number === 2);
    const { attempts } = await scene.agent.status();
    assert.equal(
      attempts.some(({ trigger }) => trigger === 'annotation'),
      false,
    );
  });

  test("an instance of another Pod's uid is ignored, and taken as soon as it is this Pod's", async () => {
    await open();
    const one = await scene.revision(siteConfiguration());
    await scene.createInstance(one, { owner: '00000000-0000-4000-8000-000000000000', number: 1 });
    const agent = scene.startAgent();
    await agent.when('it says why', ({ conditions }) =>
      conditions.some(({ type }) => type === 'InstanceIgnored'),
    );
    assert.deepEqual([(await agent.status()).started, (await scene.instance())?.status], [false, undefined]);
    await scene.deleteInstance();
    await scene.createInstance(one, { number: 1 });
    await agent.when('a first tree', (status) => status.started);
  });
});

function acknowledgementOf(
  { acknowledged = [] }: NonNullable<NginxInstance['status']>,
  token: string,
): string | undefined {
  return acknowledged.find((one) => one.token === token)?.verdict;
}
