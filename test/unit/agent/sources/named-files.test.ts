import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { namedFilesDigest } from '../../../../src/agent/sources/named-files.ts';
import { kubeletVolume } from '../../../support/kubelet-volume.ts';
import { run } from '../../../support/run.ts';

function temporary(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'steward-named-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const later = () => Date.now() + 60_000;

test('content decides, whatever the order and however often the files are written', (t) => {
  const [a, b] = [join(temporary(t), 'a'), join(temporary(t), 'b')];
  writeFileSync(a, '1');
  writeFileSync(b, '2');
  const first = namedFilesDigest([a, b], { now: later() });
  writeFileSync(a, '1');
  const second = namedFilesDigest([b, a, b], { now: later() });
  assert.deepEqual([second.digest, second.stamp === first.stamp], [first.digest, false]);
  writeFileSync(a, '3');
  assert.notEqual(namedFilesDigest([a, b], { now: later() }).digest, first.digest);
  assert.deepEqual(first.problems, []);
});

test('missing and unreadable files are reported, and change the digest when they come', (t) => {
  const directory = temporary(t);
  const late = join(directory, 'sub/late.pem');
  const paths = [late, directory, '/dev/null'];
  const before = namedFilesDigest(paths, { now: later() });
  assert.deepEqual(Object.fromEntries(before.problems.map(({ path, reason }) => [path, reason])), {
    [late]: 'it is not there',
    [directory]: 'it is a directory',
    '/dev/null': 'it is not a regular file',
  });
  mkdirSync(join(directory, 'sub'));
  writeFileSync(late, 'x');
  const after = namedFilesDigest(paths, { now: later(), previous: before });
  assert.equal(after.problems.length, 2);
  assert.notEqual(after.digest, before.digest);
});

test('a FIFO holds nobody up', (t) => {
  const fifo = join(temporary(t), 'fifo');
  run('mkfifo', fifo);
  assert.equal(namedFilesDigest([fifo], { now: later() }).problems[0]?.reason, 'it is not a regular file');
});

test('links in a circle are a reported reason', (t) => {
  const loop = join(temporary(t), 'loop');
  symlinkSync('loop', loop);
  assert.equal(namedFilesDigest([loop], { now: later() }).problems[0]?.reason, 'its links lead in a circle');
});

test('files in a kubelet volume are not loose', (t) => {
  const directory = temporary(t);
  const volume = kubeletVolume(directory, { 'tls.crt': '1' });
  const plain = join(temporary(t), 'plain');
  writeFileSync(plain, 'p');
  const paths = [join(directory, 'tls.crt'), plain];
  const before = namedFilesDigest(paths, { now: later() });
  volume.swap({ 'tls.crt': '2' });
  const after = namedFilesDigest(paths, { now: later(), previous: before });
  assert.deepEqual([after.loose, after.digest === before.digest], [before.loose, false]);
  writeFileSync(plain, 'q');
  assert.notEqual(namedFilesDigest(paths, { now: later(), previous: after }).loose, before.loose);
});

test('a file that did not change for long is not read again, one that just changed is', (t) => {
  const path = join(temporary(t), 'a');
  writeFileSync(path, '1');
  const settled = namedFilesDigest([path], { now: later() });
  const known = settled.known.get(path);
  assert.ok(known !== undefined);
  // A hash that the content does not have shows whether it was read.
  const marked = { ...settled, known: new Map([[path, { ...known, hash: 'kept' }]]) };
  assert.equal(namedFilesDigest([path], { now: later(), previous: marked }).known.get(path)?.hash, 'kept');
  const fresh = { ...known, hash: 'kept', readAt: known.changedAt + 1000 };
  const young = { ...settled, known: new Map([[path, fresh]]) };
  assert.equal(namedFilesDigest([path], { now: later(), previous: young }).digest, settled.digest);
  writeFileSync(path, '2');
  assert.notEqual(namedFilesDigest([path], { now: later(), previous: settled }).digest, settled.digest);
});

test('of a very large file, size and time stand for the content', (t) => {
  const path = join(temporary(t), 'geo.mmdb');
  writeFileSync(path, '12345678');
  const before = namedFilesDigest([path], { now: later(), maxBytes: 4 });
  assert.deepEqual(before.problems, []);
  utimesSync(path, 1, 1);
  assert.notEqual(namedFilesDigest([path], { now: later(), maxBytes: 4 }).digest, before.digest);
});

test('below another root, absolute links and .. stay inside it', (t) => {
  const root = `/proc/self/root${temporary(t)}`;
  const real = root.slice('/proc/self/root'.length);
  writeFileSync(join(real, 'x'), 'x');
  symlinkSync(join(real, 'x'), join(real, 'absolute'));
  symlinkSync(`${'../'.repeat(20)}${real.slice(1)}/x`, join(real, 'upwards'));
  const paths = ['absolute', 'upwards'].map((name) => join(real, name));
  const { problems, watch } = namedFilesDigest(paths, { root: '/proc/self/root', now: later() });
  assert.deepEqual(problems, []);
  assert.deepEqual(watch, paths.map((path) => `/proc/self/root${path}`).sort());
});
