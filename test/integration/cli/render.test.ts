/** `steward render` as people and pipelines use it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { instrument } from '../../../src/publish/instrument.ts';
import { builtProgram } from '../../support/agent.ts';
import { testDirectory } from '../../support/nginx.ts';

interface Place {
  readonly directory: string;
  readonly steward: (...args: string[]) => { code: number | null; out: string; err: string };
}

function withSources(work: (place: Place) => void): void {
  const { path: directory, remove } = testDirectory();
  mkdirSync(join(directory, 'source'));
  writeFileSync(
    join(directory, 'source/nginx.conf.liquid'),
    'worker_processes {{ workers }};\nauth_basic_user_file {{ steward.tree }}/users;\n',
  );
  writeFileSync(join(directory, 'source/users'), 'somebody:x\n', { mode: 0o600 });
  writeFileSync(join(directory, 'values.yaml'), 'workers: 3\n');
  try {
    work({
      directory,
      steward: (...args) => {
        const result = spawnSync(process.execPath, [builtProgram, 'render', ...args], {
          encoding: 'utf8',
          cwd: directory,
          env: {},
        });
        return { code: result.status, out: result.stdout, err: result.stderr };
      },
    });
  } finally {
    remove();
  }
}

const all = ['--source', 'source', '--values', 'values.yaml'];

test('a set goes into a directory with its modes, and the same again is no difference', () => {
  withSources(({ directory, steward }) => {
    assert.deepEqual(steward(...all, 'out'), { code: 0, out: '', err: '' });
    assert.equal(
      readFileSync(join(directory, 'out/nginx.conf'), 'utf8'),
      `worker_processes 3;\nauth_basic_user_file ${directory}/out/users;\n`,
    );
    assert.equal(statSync(join(directory, 'out/users')).mode & 0o777, 0o600);
    assert.deepEqual(steward(...all, '--diff', 'out'), { code: 0, out: '', err: '' });
  });
});

test('a difference is shown line by line and is 1', () => {
  withSources(({ directory, steward }) => {
    steward(...all, 'out');
    writeFileSync(join(directory, 'values.yaml'), 'workers: 4\n');
    const { code, out } = steward(...all, '--diff', 'out');
    assert.equal(code, 1);
    assert.match(out, /^-worker_processes 3;\n\+worker_processes 4;$/m);
    assert.doesNotMatch(out, /users\n\+/);
  });
});

test('what the agent published of the same sources is no difference', () => {
  withSources(({ directory, steward }) => {
    steward(...all, 'revision');
    const tree = new Map([
      ['nginx.conf', { mode: 0o644, content: readFileSync(join(directory, 'revision/nginx.conf')) }],
    ]);
    for (const defaultErrorLog of [undefined, '/var/log/nginx/error.log', '/a path/error.log'])
      for (const emergLog of ['/run/nginx/steward/emerg.log', '/a run/steward/emerg.log']) {
        const published = instrument(tree, {
          entry: 'nginx.conf',
          emergLog,
          level: 'alert',
          defaultErrorLog,
        });
        const content = published.get('nginx.conf')?.content ?? new Uint8Array();
        writeFileSync(join(directory, 'revision/nginx.conf'), content);
        if (!existsSync(join(directory, 'current'))) symlinkSync('revision', join(directory, 'current'));
        assert.deepEqual(steward(...all, '--diff', 'current'), { code: 0, out: '', err: '' });
      }
  });
});

test('one file goes onto standard output as it is, several with their names', () => {
  withSources(({ directory, steward }) => {
    const { code, out } = steward(...all);
    assert.equal(code, 0);
    assert.match(out, /^# nginx\.conf\nworker_processes 3;\n[\s\S]*\n# users\nsomebody:x\n$/);
    writeFileSync(join(directory, 'one.conf'), 'events {}');
    mkdirSync(join(directory, 'single'));
    writeFileSync(join(directory, 'single/one.conf'), 'events {}');
    assert.equal(steward('--source', 'single').out, 'events {}');
  });
});

test('what is refused names its place, writes nothing, and is 6', () => {
  withSources(({ directory, steward }) => {
    const { code, err } = steward('--source', 'source', 'out');
    assert.equal(code, 6);
    assert.match(err, /nginx\.conf\.liquid:1:\d+: undefined variable: workers/);
    assert.equal(existsSync(join(directory, 'out')), false);
  });
});
