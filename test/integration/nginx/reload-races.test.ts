/** What happens beside a reload: crashes, other people's signals, a new binary, workers that die or take their time. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import type { ProcessTable } from '../../../src/nginx/processes/process-table.ts';
import { proveStart } from '../../../src/nginx/reload/prove-start.ts';
import { reload } from '../../../src/nginx/reload/reload.ts';
import { reopenLogs } from '../../../src/nginx/reload/reopen-logs.ts';
import type { Verdict } from '../../../src/nginx/reload/verdict.ts';
import { watchGeneration } from '../../../src/nginx/reload/watch-generation.ts';
import { kill, openStage, type Stage, type StageOptions } from '../../support/master-stage.ts';
import { type NginxBuild, nginxBuilds, until } from '../../support/nginx.ts';

async function withStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(options);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

function kindOf(verdict: Verdict): string {
  return 'reason' in verdict ? `${verdict.kind} ${verdict.reason}` : verdict.kind;
}

function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** A table through which no signal may pass. */
function withoutSignals(table: ProcessTable): ProcessTable {
  return {
    ...table,
    signal: () => {
      throw new Error('a signal was sent');
    },
  };
}

const exactly = (count: number) => ({ kind: 'exactly', counts: [count] }) as const;

for (const build of nginxBuilds) suite(build.name, { concurrency: 4 }, () => races(build));

function races(build: NginxBuild): void {
  for (const workers of [1, 2])
    for (const logged of [true, false])
      test(`one of ${workers} workers that crashes while a port is tried makes no new generation (${logged ? 'with' : 'without'} a log)`, async () => {
        await withStage({ build, workers }, async (stage) => {
          const server = await occupy(stage.port + 1000);
          const [victim] = stage.workers().running;
          stage.write({ workers, http: `server { listen 127.0.0.1:${stage.port + 1000}; }` });
          const { emergLog, table, clock } = stage.ports;
          const verdict = await reload(
            { table, clock, ...(logged && { emergLog }) },
            {
              master: stage.master(),
              expectedWorkers: exactly(workers),
              onSignal: () => setTimeout(() => kill(victim?.pid ?? 0, 'SIGKILL'), 500),
            },
          );
          assert.equal(kindOf(verdict), 'Rejected', verdict.summary);
          assert.match(verdict.summary, /replaced 1 crashed worker/);
          assert.equal(stage.workers().running.length, workers);
          server.close();
        });
      });

  test('a worker that crashes beside a good reload does not hide that it is good', async () => {
    await withStage({ build }, async (stage) => {
      const [victim] = stage.workers().running;
      const verdict = await stage.reload({ onSignal: () => kill(victim?.pid ?? 0, 'SIGKILL') });
      assert.equal(kindOf(verdict), 'Applied', verdict.summary);
    });
  });

  test('somebody else’s reload that is under way is waited for', async () => {
    await withStage({ build }, async (stage) => {
      const old = stage.workers().running;
      kill(stage.master().pid, 'SIGHUP');
      const verdict = await stage.reload();
      assert.equal(kindOf(verdict), 'Applied', verdict.summary);
      const fresh = verdict.noted.filter(({ pid }) => !old.some((one) => one.pid === pid));
      assert.equal(fresh.length, 2, 'the other reload’s workers are old ones for ours');
    });
  });

  test('somebody who reloads all the time cannot make a refusal look taken, nor the other way round', async () => {
    await withStage({ build }, async (stage) => {
      const { pid } = stage.master();
      for (const [http, wanted] of [
        ['', 'Applied'],
        ['lisen 80;', 'Rejected'],
      ] as const) {
        stage.write({ http });
        for (let round = 0; round < 3; round += 1) {
          let left = 10;
          const timer = setInterval(
            () => {
              left -= 1;
              if (left === 0) clearInterval(timer);
              kill(pid, 'SIGHUP');
            },
            7 * round + 3,
          );
          const verdict = await stage.reload();
          clearInterval(timer);
          assert.equal(kindOf(verdict), wanted, verdict.summary);
        }
      }
    });
  });

  test('while a new binary runs beside the old one no signal is sent, and afterwards all is well', async () => {
    await withStage({ build, globals: 'daemon on;' }, async (stage) => {
      const old = stage.master();
      kill(old.pid, 'SIGUSR2');
      await until('the new binary is a master', () => {
        const search = stage.find();
        return search.kind === 'upgrade' && (stage.table.children(search.newer.pid)?.length ?? 0) > 0;
      });
      const verdict = await stage.reload({ master: old }, { table: withoutSignals(stage.table) });
      assert.equal(kindOf(verdict), 'Unproven upgrade');
      assert.match(verdict.summary, /USR2.*no signal was sent/);
      kill(old.pid, 'SIGQUIT');
      await until('the old master is gone', () => stage.find().kind === 'found');
      assert.notEqual(stage.master().pid, old.pid);
      assert.equal(kindOf(await stage.reload()), 'Applied');
    });
  });

  test('a new binary that is started in the middle is Unproven', async () => {
    await withStage({ build, globals: 'daemon on;' }, async (stage) => {
      const { pid } = stage.master();
      const verdict = await stage.reload({ onSignal: () => kill(pid, 'SIGUSR2') });
      assert.equal(kindOf(verdict), 'Unproven upgrade', verdict.summary);
      const search = stage.find();
      if (search.kind === 'upgrade') kill(search.newer.pid, 'SIGTERM');
    });
  });

  test('a generation that dies within two seconds is noticed, one that lives or is replaced is not', async () => {
    await withStage({ build, main: build.luaModules }, async (stage) => {
      const dying = `init_worker_by_lua_block {
        local ffi = require "ffi"; ffi.cdef "int raise(int);"
        ngx.timer.at(0.2, function() ffi.C.raise(9) end)
      }`;
      stage.write({ main: build.luaModules, http: dying });
      const verdict = await stage.reload();
      assert.ok(verdict.kind === 'Applied', verdict.summary);
      const outcome = await watchGeneration(stage.ports, verdict);
      assert.ok(outcome.kind === 'died', outcome.kind);
      for (const dead of outcome.died) assert.ok(verdict.generation.some(({ pid }) => pid === dead.pid));

      stage.write({ main: build.luaModules });
      const mended = await stage.reload();
      assert.ok(mended.kind === 'Applied', mended.summary);
      assert.deepEqual(await watchGeneration(stage.ports, mended, 300), { kind: 'alive' });
      const watch = watchGeneration(stage.ports, mended);
      kill(stage.master().pid, 'SIGHUP');
      assert.deepEqual(await watch, { kind: 'superseded' });
    });
  });

  test('workers that take long to start are waited for, and are no second master meanwhile', async () => {
    await withStage({ build, main: build.luaModules }, async (stage) => {
      const gate = join(stage.directory, 'workers-may-begin');
      const slow = `init_worker_by_lua_block {
        local ffi = require "ffi"; ffi.cdef "int usleep(unsigned);"
        while not io.open("${gate}") do ffi.C.usleep(5000) end
      }`;
      stage.write({ main: build.luaModules, http: slow });
      let isDone = false;
      const reloading = stage.reload().finally(() => {
        isDone = true;
      });
      const before = stage.workers().running.length;
      let looks = 0;
      await until('the new workers were seen waiting many times', () => {
        assert.equal(stage.find().kind, 'found');
        const started = stage.table.children(stage.master().pid)?.length ?? 0;
        if (started > before) looks += 1;
        return looks > 10;
      });
      assert.equal(isDone, false, 'no verdict while they wait');
      writeFileSync(gate, '');
      const verdict = await reloading;
      assert.equal(kindOf(verdict), 'Applied', verdict.summary);
      rmSync(gate);
      assert.equal(kindOf(await stage.reload({ timeoutMs: 400 })), 'Unproven unsettled');
      writeFileSync(gate, '');
    });
  });

  test('helpers are no workers', async () => {
    const http = 'proxy_cache_path /tmp/steward-cache-KEY levels=1:2 keys_zone=c:1m;'.replace(
      'KEY',
      build.name.replace(' ', '-'),
    );
    await withStage({ build, http }, async (stage) => {
      const children = (): number => stage.table.children(stage.master().pid)?.length ?? 0;
      assert.equal(children(), 4, 'two workers, a cache manager and a cache loader');
      stage.write({ http });
      const verdict = await stage.reload();
      assert.ok(verdict.kind === 'Applied', verdict.summary);
      assert.equal(verdict.noted.length, 2);
      assert.equal(verdict.generation.length, 2);
    });
  });

  test('a started master is proven without a signal', async () => {
    await withStage({ build }, async (stage) => {
      const ports = { ...stage.ports, table: withoutSignals(stage.table) };
      const request = { master: stage.master(), expectedWorkers: exactly(2) };
      const verdict = await proveStart(ports, request);
      assert.equal(kindOf(verdict), 'Applied', verdict.summary);
      const { expectedWorkers: _, ...rest } = request;
      const wrong = await proveStart(ports, { ...rest, expectedWorkers: exactly(3) });
      assert.equal(kindOf(wrong), 'Degraded incomplete-generation');
    });
  });

  test('logs are reopened where they were moved away, and a log that cannot be is a failure with nginx’s line', async () => {
    await withStage({ build }, async (stage) => {
      const log = `${stage.directory}/emerg.log`;
      renameSync(log, `${log}.1`);
      const { kind, summary } = await reopenLogs(stage.ports, { master: stage.master() });
      assert.equal(kind, 'Reopened', summary);
      await until('the file is there again', () => existsSync(log));
      mkdirSync(`${stage.directory}/logs`);
      stage.write({ server: `access_log ${stage.directory}/logs/access.log;` });
      assert.equal(kindOf(await stage.reload()), 'Applied');
      rmSync(`${stage.directory}/logs`, { recursive: true });
      const failed = await reopenLogs(stage.ports, { master: stage.master() });
      assert.equal(failed.kind, 'Failed', failed.summary);
      assert.match(failed.summary, /logs\/access\.log" failed \(2: No such file/);
    });
  });

  test('an abort ends a proof at once and leaves nginx alone', async () => {
    await withStage({ build }, async (stage) => {
      const controller = new AbortController();
      const onSignal = (): void => void setTimeout(() => controller.abort(new Error('enough')), 20);
      const start = systemClock.monotonic();
      await assert.rejects(stage.reload({ onSignal }, { signal: controller.signal }), /enough/);
      assert.ok(systemClock.monotonic() - start < 90);
      assert.equal(kindOf(await stage.reload()), 'Applied');
    });
  });
}
