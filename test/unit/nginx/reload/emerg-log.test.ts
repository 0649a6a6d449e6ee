import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { emergLog } from '../../../../src/nginx/reload/emerg-log.ts';

function line(pid: number, text: string): string {
  return `2026/03/01 12:00:00 [emerg] ${pid}#${pid}: ${text}\n`;
}

function withLog(work: (path: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'steward-log-'));
  try {
    work(join(directory, 'emerg.log'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('only what the master wrote after the mark counts', () => {
  withLog((path) => {
    writeFileSync(path, line(10, 'before'));
    const log = emergLog(path);
    const mark = log.mark();
    appendFileSync(path, line(10, 'after') + line(11, 'a worker'));
    assert.deepEqual(log.linesSince(mark, 10), [{ level: 'emerg', text: 'after' }]);
  });
});

test('a file that was rotated, truncated or made meanwhile is new from its start', () => {
  withLog((path) => {
    writeFileSync(path, line(10, 'a long line before the rotation'));
    const log = emergLog(path);
    const mark = log.mark();
    renameSync(path, `${path}.1`);
    assert.equal(log.linesSince(mark, 10), undefined, 'there is no file');
    writeFileSync(path, line(10, 'rotated'));
    assert.deepEqual(log.linesSince(mark, 10), [{ level: 'emerg', text: 'rotated' }]);
    const again = log.mark();
    writeFileSync(path, line(10, 'cut'));
    assert.deepEqual(log.linesSince(again, 10), [{ level: 'emerg', text: 'cut' }]);
  });
});

test('of a flood, the end is read', () => {
  withLog((path) => {
    writeFileSync(path, '');
    const log = emergLog(path);
    const mark = log.mark();
    appendFileSync(path, line(11, 'x'.repeat(200)).repeat(10_000) + line(10, 'the reason'));
    assert.deepEqual(log.linesSince(mark, 10), [{ level: 'emerg', text: 'the reason' }]);
  });
});

test('links, pipes and directories are no logs', () => {
  withLog((path) => {
    writeFileSync(`${path}.real`, line(10, 'secret'));
    symlinkSync(`${path}.real`, path);
    assert.equal(emergLog(path).linesSince(undefined, 10), undefined);
    assert.equal(emergLog(path).truncateIfLarge(0), false);
    assert.notEqual(readFileSync(`${path}.real`, 'utf8'), '');
    spawnSync('sh', ['-c', 'mkfifo "$0"', `${path}.pipe`]);
    assert.equal(emergLog(`${path}.pipe`).linesSince(undefined, 10), undefined);
    assert.equal(emergLog(join(path, '..')).mark(), undefined);
  });
});

test('a large log is emptied, a small one is left', () => {
  withLog((path) => {
    writeFileSync(path, line(10, 'some'));
    assert.equal(emergLog(path).truncateIfLarge(1024), false);
    assert.equal(emergLog(path).truncateIfLarge(4), true);
    assert.equal(readFileSync(path, 'utf8'), '');
  });
});
