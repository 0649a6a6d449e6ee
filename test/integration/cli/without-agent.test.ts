/** `steward reload` and `steward reopen-logs` by themselves: outcomes, reasons and exit codes that scripts rely on. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { builtProgram } from '../../support/agent.ts';
import { getOnce } from '../../support/load.ts';
import {
  type NginxBuild,
  newerNginx,
  nginxBuilds,
  type RunningNginx,
  startNginx,
  testDirectory,
  until,
} from '../../support/nginx.ts';

const nobody = ['--control-socket', '/nonexistent/control.sock'];

function steward(args: readonly string[], wrapper: readonly string[] = []): ChildProcess {
  const [program = '', ...rest] = [...wrapper, process.execPath, builtProgram, ...args];
  return spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ran(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

interface Setting {
  readonly directory: string;
  readonly file: string;
  readonly nginx: RunningNginx;
}

async function withNginx(build: NginxBuild, work: (setting: Setting) => Promise<void>): Promise<void> {
  const { path: directory, remove } = testDirectory();
  const file = join(directory, 'nginx.conf');
  mkdirSync(join(directory, 'logs'));
  writeFileSync(
    file,
    `error_log ${directory}/logs/error.log; pid ${directory}/pid; worker_processes 2;
events {} http { access_log off; server { listen 127.0.0.1:8080; return 200 one; } }`,
  );
  const nginx = startNginx({ build, configuration: file });
  try {
    await until(`nginx serves (${nginx.stderr()})`, async () => (await getOnce(8080)) !== undefined);
    await work({ directory, file, nginx });
  } finally {
    await nginx.stop();
    remove();
  }
}

for (const build of nginxBuilds) {
  test(`Applied is 0 and Rejected is 1, with the reason from the log of the configuration (${build.name})`, async () => {
    await withNginx(build, async ({ file }) => {
      const good = await ran(steward(['reload', ...nobody]));
      assert.equal(good.code, 0, good.output);
      assert.match(good.output, /^Applied: 2 new workers/);
      writeFileSync(file, readFileSync(file, 'utf8').replace('return 200 one', 'retrun 200 one'));
      const bad = await ran(steward(['reload', ...nobody]));
      assert.equal(bad.code, 1, bad.output);
      assert.match(
        bad.output,
        /^Rejected: .*\n {2}\[emerg\] unknown directive "retrun" in .*nginx\.conf:2\n/,
      );
    });
  });

  test(`logs that were moved away are opened anew, and one that cannot be is 1 with the reason (${build.name})`, async () => {
    await withNginx(build, async ({ directory }) => {
      const log = join(directory, 'logs/error.log');
      renameSync(log, `${log}.1`);
      const good = await ran(steward(['reopen-logs', ...nobody]));
      assert.equal(good.code, 0, good.output);
      assert.match(good.output, /^Reopened: /);
      assert.equal(readFileSync(log, 'utf8'), '');
      // The file that nginx still writes to is where the configuration says, and the next one cannot be made there.
      const other = join(directory, 'logs/other.log');
      writeFileSync(
        join(directory, 'nginx.conf'),
        readFileSync(join(directory, 'nginx.conf'), 'utf8').replace('access_log off', `access_log ${other}`),
      );
      assert.equal((await ran(steward(['reload', ...nobody]))).code, 0);
      rmSync(other);
      mkdirSync(other);
      const bad = await ran(steward(['reopen-logs', ...nobody]));
      assert.equal(bad.code, 1, bad.output);
      assert.match(bad.output, /^Failed: .*other\.log" failed/);
    });
  });
}

test('workers that cannot start are Degraded, which is 3', async () => {
  await withNginx(newerNginx, async ({ file }) => {
    writeFileSync(file, `working_directory /nonexistent; ${readFileSync(file, 'utf8')}`);
    const { code, output } = await ran(steward(['reload', ...nobody]));
    assert.equal(code, 3, output);
    assert.match(output, /^Degraded: /);
  });
});

test('a master that is stopped is Unproven, which is 4', async () => {
  await withNginx(newerNginx, async ({ nginx }) => {
    nginx.process.kill('SIGSTOP');
    const { code, output } = await ran(steward(['reload', '--timeout', '200ms', ...nobody]));
    nginx.process.kill('SIGCONT');
    assert.equal(code, 4, output);
    assert.match(output, /^Unproven: .*SIGSTOP/);
  });
});

test('no master, two masters and another uid are 5, each with what to do', async () => {
  const none = await ran(steward(['reload', ...nobody]));
  assert.equal(none.code, 5, none.output);
  assert.match(none.output, /^STEWARD_NO_MASTER: .*\n.*shareProcessNamespace/);
  await withNginx(newerNginx, async ({ directory, file }) => {
    const other = await ran(
      steward(
        ['reload', ...nobody],
        ['setpriv', '--reuid', '101', '--regid', '101', '--clear-groups', '--bounding-set=-all'],
      ),
    );
    assert.equal(other.code, 5, other.output);
    assert.match(other.output, /^STEWARD_NOT_PERMITTED: .*uid 0.*uid 101/);
    const second = join(directory, 'second.conf');
    writeFileSync(
      second,
      readFileSync(file, 'utf8').replace('8080', '8081').replace(`${directory}/pid`, `${directory}/pid2`),
    );
    const nginx = startNginx({ build: newerNginx, configuration: second });
    try {
      await until('the second nginx serves', async () => (await getOnce(8081)) !== undefined);
      const two = await ran(steward(['reload', ...nobody]));
      assert.equal(two.code, 5, two.output);
      assert.match(two.output, /^STEWARD_SEVERAL_MASTERS: .*second\.conf/);
      const chosen = await ran(steward(['reload', '--master-match', 'second\\.conf', ...nobody]));
      assert.equal(chosen.code, 0, chosen.output);
    } finally {
      await nginx.stop();
    }
  });
});

test('an agent that takes the request and says nothing is Unproven, and nothing is done besides', async () => {
  await withNginx(newerNginx, async ({ directory, nginx }) => {
    const path = join(directory, 'control.sock');
    const cutting = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => cutting.listen(path, resolve));
    const children = (): string => readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, 'utf8');
    const before = children();
    const { code, output } = await ran(steward(['reload', '--control-socket', path]));
    assert.equal(code, 4, output);
    assert.match(output, /^STEWARD_CONTROL: /);
    assert.equal(children(), before);
    await new Promise((resolve) => cutting.close(resolve));
  });
});
