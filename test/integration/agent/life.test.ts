/** Starts, ends, restarts and kills of the agent and of nginx: what is true afterwards. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { agentNodeFlags, startAgent } from '../../support/agent.ts';
import { kubeletVolume } from '../../support/kubelet-volume.ts';
import { installedNginx, newerNginx, startNginx, testDirectory, until } from '../../support/nginx.ts';
import {
  isProven,
  openScene,
  type Scene,
  type SceneOptions,
  siteConfiguration,
} from '../../support/scene.ts';

const build = newerNginx;

async function withScene(
  options: Partial<SceneOptions>,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const scene = await openScene({ build, files: { 'nginx.conf': siteConfiguration() }, ...options });
  try {
    await work(scene);
  } finally {
    await scene.close();
  }
}

test('nginx may start once a first tree is published, and is ready once it is proven', async () => {
  const { path: directory, remove } = testDirectory();
  const volume = kubeletVolume(join(directory, 'source'), { 'nginx.conf': 'events {} http {' });
  const agent = startAgent({
    flags: [
      '--source',
      volume.directory,
      '--publish-dir',
      join(directory, 'published'),
      '--run-dir',
      join(directory, 'run'),
      '--control-socket',
      join(directory, 'control/c.sock'),
    ],
  });
  try {
    await agent.when(
      'the broken set is refused',
      (status) => status.attempts[0]?.verdict === 'RefusedByLint',
    );
    assert.equal((await agent.get('/startupz')).status, 503);
    assert.equal((await agent.get('/healthz')).status, 200);
    volume.swap({ 'nginx.conf': siteConfiguration() });
    await until('a first tree is published', async () => (await agent.get('/startupz')).status === 200);
    assert.equal((await agent.get('/readyz')).status, 503);
    assert.equal((await agent.status()).state, 'WaitingForMaster');
    const nginx = startNginx({ build, configuration: join(directory, 'published/current/nginx.conf') });
    await until('ready', async () => (await agent.get('/readyz')).status === 200);
    assert.equal((await agent.status()).state, 'Proven');
    assert.equal(await agent.metric('nginx_steward_master_starts_total'), 1);
    await nginx.stop();
    await until('not ready without a master', async () => (await agent.get('/readyz')).status === 503);
    assert.equal((await agent.status()).state, 'WaitingForMaster');
  } finally {
    await agent.stop();
    remove();
  }
});

test('a restart of the agent makes no reload and keeps readiness', async () => {
  await withScene({}, async (scene) => {
    await scene.agent.stop();
    await scene.restartAgent();
    await until('ready', async () => (await scene.agent.get('/readyz')).status === 200);
    await scene.agent.when('proven', isProven);
    assert.equal(await scene.agent.metric('nginx_steward_reloads_total', 'trigger="change"'), 0);
    assert.equal(await scene.body(), 'one');
  });
});

test('an edit made while the agent was away is applied when it returns', async () => {
  await withScene({}, async (scene) => {
    await scene.agent.stop();
    scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: 'two' }) });
    await scene.restartAgent();
    await until('the edit is served', async () => (await scene.body()) === 'two');
    await scene.agent.when('proven', isProven);
  });
});

test('a new master is proven with what it started with', async () => {
  await withScene({}, async (scene) => {
    await scene.nginx.stop();
    await scene.agent.when('the end is noticed', (status) => status.state === 'WaitingForMaster');
    scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: 'two' }) });
    await scene.agent.when('the edit waits for a master', (status) => status.pending?.reason === 'master');
    await scene.startNginx();
    await scene.agent.when(
      'proven',
      (status) => isProven(status) && status.proven?.hash === status.wanted?.hash,
    );
    assert.equal(await scene.body(), 'two');
  });
});

test('a master that ends in the middle of a reload leaves the last good tree for its next start', async () => {
  await withScene({}, async (scene) => {
    const link = readlinkSync(join(scene.published, 'current'));
    await whileThePortIsTaken(async () => {
      scene.volume.swap({
        'nginx.conf': siteConfiguration({ body: 'two', server: 'listen 127.0.0.1:8099;' }),
      });
      await scene.agent.when('the reload is under way', (status) => status.state === 'Proving');
      await scene.nginx.stop();
      await scene.agent.when('waiting for a master', (status) => status.state === 'WaitingForMaster');
      assert.equal(readlinkSync(join(scene.published, 'current')), link);
    });
    await scene.startNginx();
    await until('the edit, whose port is free now, is served', async () => (await scene.body()) === 'two');
  });
});

test('SIGTERM in the middle of a reload ends the agent within two seconds, and its successor finishes the work', async () => {
  await withScene({}, async (scene) => {
    await whileThePortIsTaken(async () => {
      scene.volume.swap({
        'nginx.conf': siteConfiguration({ body: 'two', server: 'listen 127.0.0.1:8099;' }),
      });
      await scene.agent.when('the reload is under way', (status) => status.state === 'Proving');
      const start = performance.now();
      await scene.agent.stop();
      assert.ok(performance.now() - start < 2000);
      JSON.parse(readFileSync(join(scene.published, 'state.json'), 'utf8'));
      assert.ok(existsSync(join(scene.published, 'current', 'nginx.conf')));
    });
    await scene.restartAgent();
    await until('the edit is served', async () => (await scene.body()) === 'two');
    await scene.agent.when('proven', isProven);
  });
});

test('an agent killed at random moments of many edits always resumes to a proven state', async () => {
  await withScene({ flags: ['--min-interval', '0s'] }, async (scene) => {
    for (let round = 0; round < 12; round += 1) {
      scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: `round ${round}` }) });
      // Spread over the 0 to 130 ms that an edit takes from the swap to its proof.
      await pause(round * 11);
      scene.agent.process.kill('SIGKILL');
      await scene.restartAgent();
      await until(`round ${round} is served`, async () => (await scene.body()) === `round ${round}`);
      await scene.agent.when(
        'proven',
        (status) => isProven(status) && status.proven?.hash === status.wanted?.hash,
      );
    }
  });
});

test('a second agent on the same publish directory is refused and disturbs nothing', async () => {
  await withScene({}, async (scene) => {
    const flags = [
      '--source',
      scene.volume.directory,
      '--publish-dir',
      scene.published,
      '--run-dir',
      join(scene.directory, 'run'),
    ];
    const second = startAgent({
      port: 9478,
      flags: [...flags, '--control-socket', join(scene.directory, 'c2/c.sock')],
    });
    assert.notEqual(await second.ended, 0);
    assert.match(second.log(), new RegExp(`${scene.published}.*another agent`, 's'));
    assert.equal((await scene.agent.status()).state, 'Proven');
  });
});

test('a published tree that somebody changed or deleted is noticed and mended', async () => {
  await withScene({ flags: ['--rescan', '1s'] }, async (scene) => {
    const file = join(scene.published, 'current', 'nginx.conf');
    const content = readFileSync(file, 'utf8');
    rmSync(file);
    await until('the file is back', () => existsSync(file));
    assert.equal(readFileSync(file, 'utf8'), content);
    rmSync(join(scene.published, 'current'));
    await until('the link is back', () => existsSync(file));
    await until('it is said', () => scene.agent.log().includes('published tree'));
    await scene.agent.when('proven', isProven);
  });
});

test('a last good tree that somebody changed while no agent ran is not trusted, and mended', async () => {
  await withScene({}, async (scene) => {
    const file = join(scene.published, 'current', 'nginx.conf');
    const content = readFileSync(file, 'utf8');
    await scene.agent.stop();
    appendFileSync(file, '# not ours\n');
    await scene.restartAgent();
    await until('the tree is mended', () => readFileSync(file, 'utf8') === content);
    assert.match(scene.agent.log(), /changed while no agent ran/);
    await scene.agent.when('proven', isProven);
  });
});

test('an nginx that does not read the published tree is told of', async () => {
  const { path: directory, remove } = testDirectory();
  const volume = kubeletVolume(join(directory, 'source'), { 'nginx.conf': siteConfiguration() });
  const agent = startAgent({
    flags: [
      '--source',
      volume.directory,
      '--publish-dir',
      join(directory, 'published'),
      '--run-dir',
      join(directory, 'run'),
      '--control-socket',
      join(directory, 'control/c.sock'),
    ],
  });
  const nginx = startNginx({ build: installedNginx, configuration: join(volume.directory, 'nginx.conf') });
  try {
    const status = await agent.when('it is said', (one) =>
      one.conditions.some((condition) => condition.type === 'NotReadingTree'),
    );
    assert.match(
      status.conditions.find((one) => one.type === 'NotReadingTree')?.message ?? '',
      /current\/nginx\.conf/,
    );
  } finally {
    await agent.stop();
    await nginx.stop();
    remove();
  }
});

test('a Pod of uid 101 without capabilities works, with a gid of its own for the agent', async () => {
  const { path: directory, remove } = testDirectory();
  const volume = kubeletVolume(join(directory, 'source'), {
    'nginx.conf': siteConfiguration({
      http: ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((kind) => `${kind}_temp_path ${directory}/tmp-${kind};`)
        .join(' '),
    }),
  });
  spawnSync('chown', ['101:101', directory]);
  const wrapper = [
    'setpriv',
    '--reuid',
    '101',
    '--regid',
    '10101',
    '--clear-groups',
    '--no-new-privs',
    '--bounding-set=-all',
  ];
  const agent = startAgent({
    wrapper,
    flags: [
      '--source',
      volume.directory,
      '--publish-dir',
      join(directory, 'published'),
      '--run-dir',
      join(directory, 'run'),
      '--control-socket',
      join(directory, 'control/c.sock'),
    ],
  });
  try {
    await agent.when('a first tree is published', (status) => status.started);
    const nginx = startNginx({
      build,
      configuration: join(directory, 'published/current/nginx.conf'),
      uid: 101,
      dropCapabilities: true,
    });
    await agent.when('proven', isProven);
    volume.swap({
      'nginx.conf': readFileSync(join(volume.directory, 'nginx.conf'), 'utf8').replace('"one"', '"two"'),
    });
    await agent.when(
      'proven again',
      (status) => isProven(status) && status.attempts[0]?.trigger === 'change',
    );
    await nginx.stop();
  } finally {
    await agent.stop();
    remove();
  }
});

test('an agent that may not signal the master says which uids differ', async () => {
  await withScene(
    {
      proven: false,
      agent: {
        wrapper: ['setpriv', '--reuid', '101', '--regid', '101', '--clear-groups', '--bounding-set=-all'],
      },
    },
    async (scene) => {
      scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: 'two' }) });
      const status = await scene.agent.when('it is said', (one) => one.state === 'Blocked');
      assert.match(status.message, /uid 0.*uid 101|uid 101.*uid 0/);
      assert.match(status.message, /runAsUser/);
    },
  );
});

test('idle, it wakes less than once in ten seconds', async () => {
  await withScene({ agent: { nodeFlags: agentNodeFlags } }, async (scene) => {
    const seconds = 36;
    // What follows a proof (the watch over the new generation) and V8's own tidying up after work are not idle.
    await pause(12_000);
    const before = wakeUps(scene.agent.process);
    await pause(seconds * 1000);
    const woken = wakeUps(scene.agent.process) - before;
    // A look at the master every 12 s; one turn of the loop sleeps more than once only when it did something.
    assert.ok(woken <= Math.ceil(seconds / 10), `${woken} times in ${seconds} s`);
  });
});

/** How often the main thread went to sleep by itself: each is one wake-up. */
function wakeUps(child: ChildProcess): number {
  return Number(
    /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1],
  );
}

async function whileThePortIsTaken(work: () => Promise<void>): Promise<void> {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(8099, '127.0.0.1', resolve));
  try {
    await work();
  } finally {
    await new Promise((resolve) => blocker.close(resolve));
  }
}

process.on('unhandledRejection', (error) => {
  throw error;
});
