/** Reloads that somebody or a timer asks for: control socket, annotation, schedule. Each has a verdict and a trigger. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { builtProgram } from '../../support/agent.ts';
import { kubeletVolume } from '../../support/kubelet-volume.ts';
import { newerNginx, until } from '../../support/nginx.ts';
import { openScene, type Scene, type SceneOptions, siteConfiguration } from '../../support/scene.ts';

async function withScene(
  options: Partial<SceneOptions>,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const scene = await openScene({
    build: newerNginx,
    files: { 'nginx.conf': siteConfiguration() },
    ...options,
  });
  try {
    await work(scene);
  } finally {
    await scene.close();
  }
}

async function steward(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [builtProgram, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

test('steward reload asks the running agent and tells its verdict', async () => {
  await withScene({}, async (scene) => {
    const socket = ['--control-socket', join(scene.directory, 'control/control.sock')];
    const { code, output } = await steward('reload', ...socket);
    assert.equal(code, 0, output);
    assert.match(output, /Applied/);
    const status = await scene.agent.status();
    assert.equal(status.attempts[0]?.trigger, 'control');
    assert.equal(status.acknowledged[0]?.origin, 'control');
    assert.equal(status.acknowledged[0]?.verdict, 'Applied');
  });
});

test('steward reload without an agent does one proven reload itself, and exits 1 with the line of nginx when it was refused', async () => {
  await withScene({}, async (scene) => {
    await scene.agent.stop();
    const good = await steward('reload', '--control-socket', '/nonexistent/c.sock');
    assert.equal(good.code, 0, good.output);
    assert.match(good.output, /Applied/);
    await scene.nginx.stop();
    const none = await steward('reload', '--control-socket', '/nonexistent/c.sock');
    assert.equal(none.code, 5, none.output);
    await scene.restartAgent();
  });
});

test('an asked reload tries a refused configuration again, and the asker is told', async () => {
  await withScene({}, async (scene) => {
    const socket = ['--control-socket', join(scene.directory, 'control/control.sock')];
    scene.volume.swap({ 'nginx.conf': siteConfiguration({ http: 'no_such_directive on;' }) });
    await scene.agent.when('refused', (status) => status.attempts[0]?.verdict === 'Rejected');
    const { code, output } = await steward('reload', ...socket);
    assert.equal(code, 1, output);
    assert.match(output, /unknown directive "no_such_directive"/);
  });
});

test('steward reopen-logs makes nginx open its logs again', async () => {
  await withScene({}, async (scene) => {
    const { code, output } = await steward(
      'reopen-logs',
      '--control-socket',
      join(scene.directory, 'control/control.sock'),
    );
    assert.equal(code, 0, output);
    assert.equal((await scene.agent.status()).acknowledged[0]?.action, 'reopen-logs');
  });
});

test('the annotation of the Pod asks once, also across a restart of the agent', async () => {
  const podinfo = kubeletVolume(mkdtempSync('/tmp/steward-test-podinfo-'), { annotations: 'a="b"\n' });
  const annotate = (value: string): void =>
    podinfo.swap({ annotations: `a="b"\nnginx-steward.io/reload="${value}"\n` });
  await withScene(
    { flags: ['--annotations-file', join(podinfo.directory, 'annotations')] },
    async (scene) => {
      annotate('first');
      const status = await scene.agent.when('acknowledged', (one) => one.acknowledged[0]?.value === 'first');
      assert.equal(status.acknowledged[0]?.verdict, 'Applied');
      assert.equal(status.attempts[0]?.trigger, 'annotation');
      assert.equal(await scene.agent.metric('nginx_steward_reloads_total', 'trigger="annotation"'), 1);
      await scene.agent.stop();
      await scene.restartAgent();
      annotate('first');
      annotate('second');
      await scene.agent.when(
        'the new value is acknowledged',
        (one) => one.acknowledged[0]?.value === 'second',
      );
      assert.equal(await scene.agent.metric('nginx_steward_reloads_total', 'trigger="annotation"'), 1);
    },
  );
});

test('schedules reload and reopen the logs', async () => {
  await withScene(
    { flags: ['--schedule', 'reload=* * * * * *', '--schedule', 'reopen-logs=* * * * * *'] },
    async (scene) => {
      const status = await scene.agent.when(
        'both were done',
        (one) =>
          one.acknowledged.some((ack) => ack.action === 'reopen-logs' && ack.origin === 'schedule') &&
          one.attempts.some((attempt) => attempt.trigger === 'schedule' && attempt.verdict === 'Applied'),
      );
      assert.deepEqual(status.schedules.map(({ action }) => action).sort(), ['reload', 'reopen-logs']);
    },
  );
});

test('two changes within the minimum interval are two reloads that far apart, and a manual one waits for nothing', async () => {
  await withScene({ flags: ['--min-interval', '30s'] }, async (scene) => {
    scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: 'two' }) });
    const status = await scene.agent.when('it waits', (one) => one.pending?.reason === 'min-interval');
    assert.ok(status.pending?.until);
    const { code } = await steward(
      'reload',
      '--control-socket',
      join(scene.directory, 'control/control.sock'),
    );
    assert.equal(code, 0);
    await until('served', async () => (await scene.body()) === 'two');
  });
});
