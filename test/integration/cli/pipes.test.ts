/** A command in a pipe whose reader goes away. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { startControl } from '../../../src/telemetry/control.ts';
import { builtProgram } from '../../support/agent.ts';
import { testDirectory, until } from '../../support/nginx.ts';
import { proven } from '../../support/statuses.ts';

test('the exit code stays the truth when nobody reads what is printed', async () => {
  const { path: directory, remove } = testDirectory();
  const path = join(directory, 'control.sock');
  const answer = { outcome: 'Rejected', message: 'refused', lines: Array(20_000).fill('a line of nginx') };
  const control = await startControl({ path, handle: async () => answer });
  try {
    const script = `'${process.execPath}' '${builtProgram}' reload --control-socket '${path}' | head -n 1; exit \${PIPESTATUS[0]}`;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(code, 1, output);
    assert.equal(output, 'Rejected: refused\n');
  } finally {
    await control.close();
    remove();
  }
});

test('steward status --watch ends with its reader', async () => {
  const { path: directory, remove } = testDirectory();
  const socket = join(directory, 'none.sock');
  const child = spawn(process.execPath, [builtProgram, 'status', '--watch', '--control-socket', socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    child.stdout.once('data', () => child.stdout.destroy());
    // It notices when it has something new to say.
    let asked = 0;
    const control = await startControl({
      path: socket,
      handle: async () => {
        asked += 1;
        return { ...proven, message: `number ${asked}` };
      },
    });
    await until('it has ended', () => child.exitCode !== null || child.signalCode !== null);
    assert.equal(child.exitCode, 0);
    await control.close();
  } finally {
    child.kill('SIGKILL');
    remove();
  }
});

test('a socket that may not be used is 5 for steward status too', () => {
  const { path: directory, remove } = testDirectory();
  try {
    spawnSync('chmod', ['0700', directory]);
    const args = ['--reuid', '101', '--regid', '101', '--clear-groups', '--bounding-set=-all'];
    const status = [process.execPath, builtProgram, 'status', '--control-socket', join(directory, 'c.sock')];
    const result = spawnSync('setpriv', [...args, ...status], { encoding: 'utf8' });
    assert.equal(result.status, 5, result.stderr);
    assert.match(result.stderr, /^STEWARD_NOT_PERMITTED: --control-socket /);
  } finally {
    remove();
  }
});
