import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { NotRegularError, readWhole, TooLargeError } from '../../../../src/agent/sources/read-file.ts';
import { kubeletVolume } from '../../../support/kubelet-volume.ts';

function temporary(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'steward-file-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('every size is read whole, up to the limit and not beyond', (t) => {
  const path = join(temporary(t), 'a');
  for (const size of [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 300_000]) {
    const content = Buffer.alloc(size, 'steward');
    writeFileSync(path, content);
    assert.ok(content.equals(readWhole(path, size).content), `${size} bytes`);
    if (size > 0) assert.throws(() => readWhole(path, size - 1), TooLargeError);
  }
});

test('a file that shows no size, as those in /proc, is read whole and bounded all the same', () => {
  assert.ok(readWhole('/proc/self/mountinfo', 1024 * 1024).content.length > 0);
  assert.throws(() => readWhole('/proc/self/mountinfo', 1), TooLargeError);
});

test('a link, as the visible files of a volume are, is followed unless refused', (t) => {
  const directory = temporary(t);
  kubeletVolume(directory, { annotations: 'a="b"' });
  const path = join(directory, 'annotations');
  assert.equal(Buffer.from(readWhole(path, 100).content).toString(), 'a="b"');
  assert.throws(() => readWhole(path, 100, 'refuse'), { code: 'ELOOP' });
});

test('devices and directories are no files', () => {
  for (const path of ['/dev/zero', '/']) assert.throws(() => readWhole(path, 100), NotRegularError);
});
