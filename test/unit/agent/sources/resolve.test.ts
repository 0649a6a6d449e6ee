import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { directoriesOf } from '../../../../src/agent/sources/resolve.ts';
import { kubeletVolume } from '../../../support/kubelet-volume.ts';

function temporary(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'steward-resolve-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a directory and a file are watched where they lie', (t) => {
  const root = temporary(t);
  writeFileSync(join(root, 'a'), '');
  assert.deepEqual(directoriesOf(root), [root]);
  assert.deepEqual(directoriesOf(`${root}/./`), [root]);
  assert.deepEqual(directoriesOf(join(root, 'a')), [root]);
});

test('every directory that holds a link on the way is watched too', (t) => {
  const root = temporary(t);
  for (const directory of ['live', 'archive', 'elsewhere']) mkdirSync(join(root, directory));
  writeFileSync(join(root, 'archive/cert2.pem'), '');
  symlinkSync('../archive/cert2.pem', join(root, 'live/cert.pem'));
  symlinkSync(join(root, 'live'), join(root, 'elsewhere/current'));
  assert.deepEqual(
    directoriesOf(join(root, 'elsewhere/current/cert.pem')).map((directory) => directory.slice(root.length)),
    ['/elsewhere', '/live', '/archive'],
  );
});

test('of a kubelet volume only the directory that holds ..data is watched', (t) => {
  const directory = join(temporary(t), 'tls');
  kubeletVolume(directory, { 'tls.crt': '', 'deep/er.conf': '' });
  assert.deepEqual(directoriesOf(join(directory, 'tls.crt')), [directory]);
  assert.deepEqual(directoriesOf(join(directory, 'deep/er.conf')), [directory]);
});

test('what is not there is watched from the deepest directory that is', (t) => {
  const root = temporary(t);
  writeFileSync(join(root, 'file'), '');
  symlinkSync('gone', join(root, 'dangling'));
  assert.deepEqual(directoriesOf(join(root, 'a/b/c')), [root]);
  assert.deepEqual(directoriesOf(join(root, 'file/below')), [root]);
  assert.deepEqual(directoriesOf(join(root, 'dangling/below')), [root]);
});
