import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { diskFiles, overlayFiles } from '../../../../src/nginx/language/config-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'steward-files-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const text = (content: Uint8Array | undefined): string | undefined =>
  content && Buffer.from(content).toString();

test('a directory, a FIFO and a missing file are not there', () => {
  mkdirSync(join(directory, 'd'));
  spawnSync('mkfifo', [join(directory, 'fifo')]);
  const files = diskFiles();
  for (const name of ['d', 'fifo', 'nothing', 'd/nothing'])
    assert.equal(files.read(join(directory, name)), undefined, name);
  assert.equal(files.list(join(directory, 'fifo')), undefined);
  assert.deepEqual(files.list(join(directory, 'd')), []);
});

test('inside a root, links lead nowhere else', () => {
  const root = join(directory, 'root');
  mkdirSync(join(root, 'etc/nginx'), { recursive: true });
  writeFileSync(join(directory, 'secret'), 'outside');
  writeFileSync(join(root, 'etc/real'), 'inside');
  writeFileSync(join(root, 'secret'), 'inside too');
  symlinkSync('/etc/real', join(root, 'etc/nginx/absolute'));
  symlinkSync('../real', join(root, 'etc/nginx/relative'));
  symlinkSync('../../../secret', join(root, 'etc/nginx/above'));
  symlinkSync(join(directory, 'secret'), join(root, 'etc/nginx/outside'));
  symlinkSync('loop', join(root, 'etc/nginx/loop'));
  symlinkSync('/etc', join(root, 'etc/nginx/up'));
  const files = diskFiles(root);
  assert.equal(text(files.read('/etc/nginx/absolute')), 'inside');
  assert.equal(text(files.read('/etc/nginx/relative')), 'inside');
  assert.equal(text(files.read('/etc/nginx/above')), 'inside too');
  assert.equal(files.read('/etc/nginx/outside'), undefined);
  assert.equal(files.read('/etc/nginx/loop'), undefined);
  assert.equal(text(files.read('/etc/nginx/up/nginx/up/real')), 'inside');
  assert.equal(text(files.read('/../../secret')), 'inside too');
  assert.deepEqual(files.list('/etc/nginx/up')?.toSorted(), ['nginx', 'real']);
  assert.equal(files.read('/etc/nginx'), undefined);
  assert.equal(files.read('/etc/real/x'), undefined);
});

test('files in memory lie over those below, and a whole directory hides them', () => {
  const below = join(directory, 'below');
  mkdirSync(join(below, 'tree'), { recursive: true });
  writeFileSync(join(below, 'a'), 'old a');
  writeFileSync(join(below, 'b'), 'old b');
  writeFileSync(join(below, 'tree/old'), 'old');
  const inMemory = new Map([
    [join(below, 'a'), Buffer.from('new a')],
    [join(below, 'tree/new'), Buffer.from('new')],
  ]);
  const files = overlayFiles(inMemory, diskFiles(), [join(below, 'tree')]);
  assert.equal(text(files.read(join(below, 'a'))), 'new a');
  assert.equal(text(files.read(join(below, 'b'))), 'old b');
  assert.deepEqual(files.list(below)?.toSorted(), ['a', 'b', 'tree']);
  assert.deepEqual(files.list(join(below, 'tree')), ['new']);
  assert.equal(files.read(join(below, 'tree/old')), undefined);
});
