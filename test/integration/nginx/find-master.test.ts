/** Finding and signalling the master as Pods have it: wrapped, unprivileged, in a namespace of its own, twice, not at all. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { StewardError } from '../../../src/base/errors.ts';
import { findMaster } from '../../../src/nginx/processes/find-master.ts';
import { procTable } from '../../../src/nginx/processes/proc-table.ts';
import { masterRefusal } from '../../../src/nginx/processes/refusals.ts';
import { expectedWorkers } from '../../../src/nginx/reload/expected-workers.ts';
import { proveStart } from '../../../src/nginx/reload/prove-start.ts';
import { kill, openStage, type Stage, type StageOptions } from '../../support/master-stage.ts';
import { nginxBuilds, startNginx, testDirectory, until } from '../../support/nginx.ts';

const table = procTable();

async function withStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(options);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

/** Does `work` with the rights of another user, as far as signals are concerned. */
async function asUser<T>(uid: number, gid: number, work: () => Promise<T>): Promise<T> {
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

for (const build of nginxBuilds) {
  const wrappers = {
    tini: ['tini', '-s', '--'],
    'dumb-init': ['dumb-init', '--'],
    'a shell': ['sh', '-c', '"$@"; exit $?', 'sh'],
  };
  for (const [name, wrapper] of Object.entries(wrappers))
    test(`${build.name}: under ${name} the master is found, not its wrapper`, async () => {
      await withStage({ build, wrapper }, async (stage) => {
        const master = stage.master();
        assert.notEqual(master.pid, stage.nginx.pid);
        assert.match(master.commandLine, /nginx -c .*nginx\.conf -g daemon off;$/);
        assert.equal((await stage.reload()).kind, 'Applied');
      });
    });

  test(`${build.name}: in a PID namespace of its own nginx has another pid, and its lines are still its own`, async () => {
    await withStage({ build, wrapper: ['unshare', '--pid', '--fork', '--kill-child'] }, async (stage) => {
      assert.equal(table.status(stage.master().pid)?.innermostPid, 1);
      stage.write({ http: 'lisen 80;' });
      const verdict = await stage.reload();
      assert.equal(verdict.kind, 'Rejected');
      assert.match(verdict.lines[0]?.text ?? '', /unknown directive/);
      // unshare does not pass SIGTERM on.
      kill(stage.master().pid, 'SIGTERM');
    });
  });

  test(`${build.name}: a master without any capability can be reloaded by one who has its uid and none either`, async () => {
    await withStage({ build, uid: 101, gid: 101, dropCapabilities: true }, async (stage) => {
      assert.deepEqual(stage.master().uids, { real: 101, effective: 101, saved: 101 });
      assert.equal((await asUser(101, 4242, () => stage.reload())).kind, 'Applied');
    });
    await withStage({ build, user: 'root', dropCapabilities: true }, async (stage) => {
      stage.write({ user: 'root' });
      assert.equal((await stage.reload()).kind, 'Applied');
    });
  });

  test(`${build.name}: a master of another uid cannot be signalled, and the error says what to set`, async () => {
    await withStage({ build, uid: 101, gid: 101 }, async (stage) => {
      await assert.rejects(
        asUser(4242, 4242, () => stage.reload()),
        (error) =>
          error instanceof StewardError &&
          error.code === 'STEWARD_NOT_PERMITTED' &&
          error.message.includes('uid 101, steward as uid 0/4242') &&
          error.fix.includes('runAsUser: 101'),
      );
      assert.equal((await stage.reload()).kind, 'Applied');
    });
  });

  test(`${build.name}: of two masters none is taken, unless an expression chooses`, async () => {
    await withStage({ build }, async (one) => {
      await withStage({ build }, async (other) => {
        const search = findMaster(table);
        assert.ok(search.kind === 'several');
        const text = masterRefusal(search).message;
        for (const stage of [one, other])
          assert.ok(text.includes(`${stage.master().pid} (${stage.master().commandLine})`), text);
        const match = new RegExp(`${other.directory}/`);
        const chosen = findMaster(table, { match });
        assert.equal(chosen.kind === 'found' && chosen.master.pid, other.master().pid);
      });
      assert.equal(findMaster(table).kind, 'found');
    });
  });

  test(`${build.name}: a single process is told from one that starts, and neither is a master`, async () => {
    const { path, remove } = testDirectory();
    writeFileSync(
      `${path}/nginx.conf`,
      `error_log stderr; pid ${path}/nginx.pid; events {} http { access_log off; server { listen 127.0.0.1:8099; } }`,
    );
    const nginx = startNginx({
      build,
      configuration: `${path}/nginx.conf`,
      globals: 'daemon off; master_process off;',
    });
    await until('it runs', () => findMaster(table).kind !== 'none');
    assert.equal(findMaster(table).kind, 'starting');
    const later = { ...table, uptime: () => table.uptime() + 60 };
    const search = findMaster(later);
    assert.ok(search.kind === 'single-process');
    assert.match(masterRefusal(search).fix, /master_process off/);
    await nginx.stop();
    await until('it is gone', () => findMaster(table).kind === 'none');
    remove();
  });

  test(`${build.name}: auto starts as many workers as one of our two ways of counting says`, async () => {
    for (const wrapper of [[], ['taskset', '-c', '0']])
      await withStage({ build, workers: 'auto', wrapper }, async (stage) => {
        const expected = expectedWorkers('auto', undefined, {
          onlineCpus: table.onlineCpus(),
          allowedCpus: table.status(stage.master().pid)?.allowedCpus,
        });
        const verdict = await proveStart(stage.ports, { master: stage.master(), expectedWorkers: expected });
        assert.equal(verdict.kind, 'Applied', `${JSON.stringify(expected)} ${verdict.summary}`);
      });
  });
}

test('a shell with nginx among its arguments is no nginx, and a vanished process is nothing', async () => {
  const shell = spawn('sh', ['-c', 'read line', 'nginx', 'nginx: master process nginx'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const pid = shell.pid ?? 0;
  await until('it runs', () => (table.commandLine(pid)?.length ?? 0) > 0 && table.stat(pid)?.comm === 'sh');
  assert.equal(findMaster(table).kind, 'none');
  kill(pid, 'SIGKILL');
  await once(shell, 'exit');
  assert.equal(table.stat(pid), undefined);
  assert.equal(table.status(pid), undefined);
  assert.equal(table.commandLine(pid), undefined);
  assert.equal(table.children(pid), undefined);
  assert.equal(table.signal(pid, 'SIGHUP'), 'gone');
});
