import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { testDirectory, until } from '../../support/nginx.ts';

const program = new URL('../../support/starved-watcher.ts', import.meta.url).pathname;

for (const [what, sysctl] of [
  ['instances', 'max_inotify_instances'],
  ['watches', 'max_inotify_watches'],
] as const) {
  test(`with no inotify ${what} left it polls, and goes back to inotify when there are some`, async (t) => {
    const { path, remove } = testDirectory();
    t.after(remove);
    const command = [
      'unshare',
      '--user',
      '--map-root-user',
      process.execPath,
      program,
      path,
      sysctl,
    ] as const;
    const [first, ...rest] = command;
    const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let words: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      words.push(...text.split('\n').filter(Boolean));
    });

    await until('it watches', () => words.includes('watching'));
    assert.equal(words[0], 'poll');
    words = [];
    await until('polls', () => words.filter((word) => word === 'rescan').length >= 3);
    assert.ok(!words.includes('loose'));

    child.stdin.end();
    await until('inotify is there', () => words.includes('inotify'));
    words = [];
    writeFileSync(join(path, 'a.conf'), '');
    await until('the change is told', () => words.includes('loose'));
  });
}
