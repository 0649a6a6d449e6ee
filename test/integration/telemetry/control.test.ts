/** The control socket: who may enter, and what becomes of sockets that are there already. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { askControl, startControl } from '../../../src/telemetry/control.ts';
import { testDirectory } from '../../support/nginx.ts';

const control = fileURLToPath(new URL('../../../src/telemetry/control.ts', import.meta.url));
const limit = { timeoutMs: 5000 };

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const { path, remove } = testDirectory();
  try {
    await work(path);
  } finally {
    remove();
  }
}

test('each action reaches the agent, and its answer the asker', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'made/here/control.sock');
    const running = await startControl({ path, handle: async (action) => ({ asked: action }) });
    for (const action of ['reload', 'reopen-logs', 'status'] as const)
      assert.deepEqual(await askControl(path, action, limit), { kind: 'answer', value: { asked: action } });
    assert.equal(lstatSync(path).mode & 0o777, 0o600);
    assert.equal(lstatSync(dirname(path)).mode & 0o777, 0o700);
    await running.close();
    assert.equal(existsSync(path), false);
    assert.deepEqual(await askControl(path, 'status', limit), { kind: 'nobody' });
  });
});

test('another user may not ask', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'control.sock');
    const running = await startControl({ path, handle: async () => ({}) });
    const script = `import { askControl } from '${control}';
      await askControl('${path}', 'reload', { timeoutMs: 2000 }).catch((error) => console.log(error.code));`;
    const node = [process.execPath, '--input-type=module', '--eval', script];
    const other = ['setpriv', '--reuid', '101', '--regid', '101', '--clear-groups', '--bounding-set=-all'];
    const asked = spawnSync(other[0] ?? '', [...other.slice(1), ...node], { encoding: 'utf8', env: {} });
    // Where the program itself is out of that user's reach there is nothing to see.
    if (!/EACCES|Permission denied/.test(asked.stderr)) assert.equal(asked.stdout, 'STEWARD_NOT_PERMITTED\n');
    await running.close();
  });
});

test('the socket of a dead agent is replaced, that of a living one and anything else are not', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'control.sock');
    const script = `require('node:net').createServer().listen('${path}', () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['--eval', script]);
    assert.ok(lstatSync(path).isSocket());
    const running = await startControl({ path, handle: async () => ({ me: 1 }) });
    await assert.rejects(startControl({ path, handle: async () => ({ me: 2 }) }), {
      code: 'STEWARD_LISTEN',
      message: /another agent that is alive/,
    });
    assert.deepEqual(await askControl(path, 'status', limit), { kind: 'answer', value: { me: 1 } });
    await running.close();

    writeFileSync(path, 'somebody’s file');
    await assert.rejects(startControl({ path, handle: async () => ({}) }), { message: /no socket/ });
    assert.ok(existsSync(path));
  });
});

test('a path that no socket can have, and a directory that cannot be made, are errors with the flag', async () => {
  await withDirectory(async (directory) => {
    const handle = async (): Promise<object> => ({});
    await assert.rejects(startControl({ path: join(directory, 'x'.repeat(120)), handle }), {
      code: 'STEWARD_LISTEN',
      message: /--control-socket .*107 bytes/,
    });
    await assert.rejects(startControl({ path: '/proc/none/control.sock', handle }), {
      message: /directory cannot be made/,
    });
  });
});

test('an agent that takes a request and does not answer it is not taken for none', async () => {
  await withDirectory(async (directory) => {
    mkdirSync(join(directory, 'a'));
    chmodSync(join(directory, 'a'), 0o700);
    const path = join(directory, 'a/control.sock');
    const cutting = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => cutting.listen(path, resolve));
    await assert.rejects(askControl(path, 'reload', limit), { code: 'STEWARD_CONTROL' });
    await new Promise((resolve) => cutting.close(resolve));

    let release: (value: object) => void = () => {};
    const slow = await startControl({
      path,
      handle: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    });
    await assert.rejects(askControl(path, 'reload', { timeoutMs: 50 }), {
      code: 'STEWARD_CONTROL',
      message: /no answer within 0\.05 s/,
    });
    release({});
    await slow.close();
  });
});

test('an action that fails does not end the agent', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'control.sock');
    const running = await startControl({ path, handle: () => Promise.reject(new Error('broken')) });
    for (let round = 0; round < 2; round += 1)
      await assert.rejects(askControl(path, 'status', limit), {
        code: 'STEWARD_CONTROL',
        message: /status 500/,
      });
    await running.close();
  });
});
