/** Every verdict, from the real nginx of both releases. */
import assert from 'node:assert/strict';
import { chownSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { reload } from '../../../src/nginx/reload/reload.ts';
import type { Verdict } from '../../../src/nginx/reload/verdict.ts';
import { watchGeneration } from '../../../src/nginx/reload/watch-generation.ts';
import {
  type Configuration,
  kill,
  openStage,
  type Stage,
  type StageOptions,
} from '../../support/master-stage.ts';
import { type NginxBuild, nginxBuilds, testConfiguration, until } from '../../support/nginx.ts';

async function withStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(options);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

function assertKind(verdict: Verdict, kind: string, reason?: string): void {
  const found = 'reason' in verdict ? `${verdict.kind} ${verdict.reason}` : verdict.kind;
  assert.equal(
    found,
    reason === undefined ? kind : `${kind} ${reason}`,
    `${verdict.summary} ${JSON.stringify(verdict)}`,
  );
}

/** The next reload is refused for `configuration`; nginx's line says why, and the old workers serve on. */
async function assertRefused(
  stage: Stage,
  configuration: Configuration,
  line: RegExp,
  level: Verdict['lines'][number]['level'] = 'emerg',
): Promise<Verdict> {
  const before = stage.workers().running;
  stage.write(configuration);
  const verdict = await stage.reload();
  assertKind(verdict, 'Rejected');
  const found = verdict.lines.find((one) => line.test(one.text));
  assert.equal(found?.level, level, JSON.stringify(verdict.lines));
  assert.deepEqual(stage.workers().running, before);
  return verdict;
}

function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function usedPort(stage: Stage): number {
  return stage.port + 1000;
}

function listening(stage: Stage): Configuration {
  return { http: `server { listen 127.0.0.1:${usedPort(stage)}; }` };
}

for (const build of nginxBuilds) suite(build.name, { concurrency: 3 }, () => verdicts(build));

function verdicts(build: NginxBuild): void {
  test('a good configuration is Applied, and a worker that still has a request drains', async () => {
    await withStage({ build }, async (stage) => {
      const old = stage.workers().running;
      const release = await stage.hold();
      stage.write();
      const verdict = await stage.reload();
      assertKind(verdict, 'Applied');
      assert.deepEqual(verdict.noted, old);
      assert.deepEqual(verdict.kind === 'Applied' && verdict.generation, stage.workers().running);
      assert.equal(verdict.evidence, 'signal-mask');
      assert.deepEqual(verdict.lines, []);
      await until('one worker drains', () => stage.workers().draining.length === 1);
      release();
      await until('nobody drains', () => stage.workers().draining.length === 0);
    });
  });

  test('another number of workers is what the configuration says, or incomplete', async () => {
    await withStage({ build }, async (stage) => {
      stage.write({ workers: 3 });
      assertKind(await stage.reload({ expectedWorkers: { kind: 'exactly', counts: [3] } }), 'Applied');
      stage.write({ workers: 1 });
      assertKind(
        await stage.reload({ expectedWorkers: { kind: 'exactly', counts: [4] } }),
        'Degraded',
        'incomplete-generation',
      );
      const verdict = await stage.reload({ expectedWorkers: { kind: 'unknown' } });
      assertKind(verdict, 'Applied');
      assert.match(verdict.summary, /not known/);
    });
  });

  test('syntax errors are Rejected at once, with the line that nginx names', async () => {
    await withStage({ build }, async (stage) => {
      const verdict = await assertRefused(
        stage,
        { http: 'server { listen 127.0.0.1:1' },
        /is not terminated by/,
      );
      assert.ok(verdict.durationMs < 100, `${verdict.durationMs} ms`);
      const unknown = await assertRefused(stage, { http: 'lisen 80;' }, /unknown directive "lisen"/);
      assert.deepEqual(unknown.lines[0]?.at, { file: `${stage.directory}/nginx.conf`, line: 7 });
      stage.write();
      assertKind(await stage.reload(), 'Applied');
    });
  });

  test('a zone whose key changed is Rejected, though nginx -t passes', async () => {
    const zone = (key: string): Configuration => ({
      http: `limit_req_zone ${key} zone=a:1m rate=1r/s;`,
      server: 'location /limited { limit_req zone=a; }',
    });
    await withStage({ build, ...zone('$binary_remote_addr') }, async (stage) => {
      stage.write(zone('$server_name'));
      assert.ok(testConfiguration(build, `${stage.directory}/nginx.conf`).ok, 'nginx -t passes');
      await assertRefused(stage, zone('$server_name'), /while previously it used/);
    });
  });

  test('a zone too big to be had is Rejected, with an alert', async () => {
    await withStage({ build }, async (stage) => {
      const huge = { http: 'limit_req_zone $binary_remote_addr zone=huge:999999999m rate=1r/s;' };
      await assertRefused(stage, huge, /mmap\(.*failed/, 'alert');
    });
  });

  test('a failing init_by_lua is Rejected, with an error and its stack trace', async () => {
    await withStage({ build, main: build.luaModules, level: 'error' }, async (stage) => {
      const failing = {
        main: build.luaModules,
        level: 'error',
        http: 'init_by_lua_block { error("boom") }',
      };
      await assertRefused(stage, failing, /init_by_lua error: .*boom/, 'error');
    });
  });

  test('a port in use is Rejected when nginx gives up, after its own two and a half seconds', async () => {
    await withStage({ build }, async (stage) => {
      const server = await occupy(usedPort(stage));
      const verdict = await assertRefused(stage, listening(stage), /still could not bind/);
      assert.ok(verdict.durationMs >= 2000 && verdict.durationMs < 4000, `${verdict.durationMs} ms`);
      server.close();
    });
  });

  test('a port that is free again while nginx tries is Applied, and nginx’s complaints are shown', async () => {
    await withStage({ build }, async (stage) => {
      const server = await occupy(usedPort(stage));
      const release = await stage.hold();
      stage.write(listening(stage));
      const reloading = stage.reload();
      await until('nginx complains', () =>
        readFileSync(join(stage.directory, 'emerg.log'), 'utf8').includes('bind() to '),
      );
      server.close();
      const verdict = await reloading;
      assertKind(verdict, 'Applied');
      assert.match(verdict.lines[0]?.text ?? '', /^bind\(\) to /);
      release();
    });
  });

  test('workers that cannot begin are Degraded, with what nginx says of them', async () => {
    await withStage({ build, user: 'root' }, async (stage) => {
      stage.write({ main: 'working_directory /nonexistent;' });
      assert.ok(testConfiguration(build, `${stage.directory}/nginx.conf`).ok, 'nginx -t passes');
      const verdict = await stage.reload();
      assertKind(verdict, 'Degraded', 'no-generation');
      assert.match(verdict.lines.at(-1)?.text ?? '', /cannot be respawned/);
      stage.write();
      const mended = await stage.reload();
      assertKind(mended, 'Applied');
      assert.deepEqual(mended.noted, []);
    });
  });

  test('a master without the right to change its workers’ user is Degraded', async () => {
    await withStage({ build, user: 'root', dropCapabilities: true }, async (stage) => {
      stage.write({ user: 'root' });
      assertKind(await stage.reload(), 'Applied');
      // Else the master fails sooner: it may not give its directories to another user either.
      for (const name of readdirSync(stage.directory))
        if (!name.includes('.')) chownSync(join(stage.directory, name), 33, 33);
      stage.write({ user: 'www-data' });
      const { emergLog: _, ...blind } = stage.ports;
      const verdict = await reload(blind, {
        master: stage.master(),
        expectedWorkers: { kind: 'exactly', counts: [2] },
      });
      assertKind(verdict, 'Degraded', 'no-generation');
      assert.match(verdict.summary, /no log of nginx can be read/);
    });
  });

  test('nginx that is quitting is Stopping, whenever QUIT came', async () => {
    for (const moment of ['long before', 'just before', 'after'] as const)
      await withStage({ build }, async (stage) => {
        const release = await stage.hold();
        const { pid } = stage.master();
        const request = { master: stage.master() };
        const quit = (): void => kill(pid, 'SIGQUIT');
        if (moment === 'long before') {
          quit();
          await until('it drains', () => stage.workers().draining.length > 0);
        }
        const onSignal = {
          'long before': () => {},
          'just before': quit,
          after: () => void setTimeout(quit, 50),
        }[moment];
        const verdict = await stage.reload({ ...request, onSignal });
        // The configuration was taken, and then nginx was told to quit: both are true for a moment.
        if (moment === 'after' && verdict.kind === 'Applied')
          assert.deepEqual(await watchGeneration(stage.ports, verdict), { kind: 'master-ended' });
        else assertKind(verdict, 'Stopping', 'quit');
        release();
      });
  });

  test('a master that is killed in the middle is Stopping, and its workers are named as orphans', async () => {
    await withStage({ build }, async (stage) => {
      const server = await occupy(usedPort(stage));
      const master = stage.master();
      const workers = stage.workers().running;
      stage.write(listening(stage));
      const onSignal = (): void => void setTimeout(() => kill(master.pid, 'SIGKILL'), 200);
      assertKind(await stage.reload({ onSignal }), 'Stopping', 'master-ended');
      const { kind, orphans } = stage.find();
      assert.equal(kind, 'none');
      for (const { pid } of workers) assert.ok(orphans.some((orphan) => orphan.pid === pid));
      for (const { pid } of workers) kill(pid, 'SIGKILL');
      server.close();
    });
  });

  test('a stopped master is Unproven, and fine when it goes on', async () => {
    await withStage({ build }, async (stage) => {
      const { pid } = stage.master();
      kill(pid, 'SIGSTOP');
      await until('it has stopped', () => stage.table.stat(pid)?.state === 'T');
      const stopped = await stage.reload({ timeoutMs: 100 });
      assertKind(stopped, 'Unproven', 'stopped');
      assert.match(stopped.summary, /no signal was sent/);
      kill(pid, 'SIGCONT');
      assertKind(await stage.reload(), 'Applied');
      const inTheMiddle = await stage.reload({
        timeoutMs: 300,
        onSignal: () => setTimeout(() => kill(pid, 'SIGSTOP'), 20),
      });
      assertKind(inTheMiddle, 'Unproven', 'stopped');
      kill(pid, 'SIGCONT');
      assertKind(await stage.reload(), 'Applied');
    });
  });

  test('without signal masks the workers alone tell, and the summary says so', async () => {
    await withStage({ build }, async (stage) => {
      const table: typeof stage.table = {
        ...stage.table,
        status: (pid) => {
          const status = stage.table.status(pid);
          return status === undefined ? undefined : { ...status, signals: undefined };
        },
      };
      const applied = await stage.reload({}, { table });
      assertKind(applied, 'Applied');
      assert.equal(applied.evidence, 'children');
      stage.write({ http: 'lisen 80;' });
      const named = await stage.reload({}, { table });
      assertKind(named, 'Rejected');
      const { emergLog: _, ...blind } = stage.ports;
      const request = { master: stage.master(), expectedWorkers: { kind: 'exactly', counts: [2] } } as const;
      const verdict = await reload({ ...blind, table }, request);
      assertKind(verdict, 'Rejected');
      assert.ok(verdict.durationMs >= 3000);
      assert.match(verdict.summary, /does not show the master’s signal mask/);
    });
  });
}
