import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { namedFilesDigest } from '../../../src/agent/sources/named-files.ts';
import { readSource } from '../../../src/agent/sources/read-source.ts';
import { neverUpdated } from '../../../src/agent/sources/sub-paths.ts';
import { Watcher } from '../../../src/agent/sources/watcher.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { kubeletVolume } from '../../support/kubelet-volume.ts';
import { testDirectory, until } from '../../support/nginx.ts';
import { run } from '../../support/run.ts';
import { watchSource } from '../../support/watched-source.ts';

function temporary(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const { path, remove } = testDirectory();
  t.after(remove);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

test('a swap is told once, as a swap, within milliseconds', async (t) => {
  const volume = kubeletVolume(join(temporary(t), 'v'), { 'a.conf': '0' });
  const source = await watchSource(t, [{ directory: volume.directory }]);
  source.told.length = 0;
  const delays: number[] = [];
  for (let i = 1; i <= 20; i++) {
    const removeOld = volume.swapKeepingOld({ 'a.conf': String(i), [`${i}.conf`]: '' });
    const swapped = performance.now();
    removeOld();
    await source.becomes({ 'a.conf': String(i), [`${i}.conf`]: '' });
    delays.push(source.noticedAt() - swapped);
    assert.deepEqual(source.told.splice(0), ['swap']);
  }
  delays.sort((a, b) => a - b);
  t.diagnostic(
    `from ..data to the notice: median ${delays[10]?.toFixed(2)} ms, longest ${delays[19]?.toFixed(2)} ms`,
  );
  assert.ok((delays[10] ?? 0) < 20);
});

test('200 swaps 5 ms apart: the last one is never missed, and no reading is mixed', async (t) => {
  const volume = kubeletVolume(join(temporary(t), 'v'), { a: '0', b: '0', 'deep/c': '0' });
  const source = await watchSource(t, [{ directory: volume.directory }]);
  for (let i = 1; i <= 200; i++) {
    volume.swap({ a: String(i), b: String(i), 'deep/c': String(i) });
    await pause(5);
  }
  await source.becomes({ a: '200', b: '200', 'deep/c': '200' });
  for (const { files } of source.readings) {
    const versions = new Set(files.map(({ content }) => Buffer.from(content).toString()));
    assert.deepEqual([files.length, versions.size], [3, 1]);
  }
  t.diagnostic(`${source.readings.length} readings, ${source.told.length} notices`);
});

test('another process that swaps as fast as it can never shows a mixed version', async (t) => {
  const directory = join(temporary(t), 'v');
  kubeletVolume(directory, { a: '0', b: '0' });
  const script = `
    cd "$1"; i=0
    while [ ! -e ../stop ]; do
      i=$((i + 1)); mkdir "..v$i"; echo $i > "..v$i/a"; echo $i > "..v$i/b"
      ln -s "..v$i" ..data_tmp; old=$(readlink ..data); mv -T ..data_tmp ..data; rm -r "$old"
    done`;
  const writer = spawn('sh', ['-c', script, 'sh', directory]);
  const ended = new Promise((resolve) => writer.on('exit', resolve));
  const seen = new Set<string>();
  while (seen.size < 100) {
    const { files } = await readSource({ directory });
    const versions = files.map(({ content }) => Buffer.from(content).toString());
    assert.equal(versions.length, 2);
    assert.equal(versions[0], versions[1]);
    seen.add(versions[0] ?? '');
  }
  writeFileSync(join(directory, '../stop'), '');
  await ended;
});

test('a directory costs one watch, however many files it holds', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}.conf`, '']));
  await watchSource(t, [{ directory: temporary(t, files) }]);
  const watches = readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify wd/gm) ?? [];
    } catch {
      return [];
    }
  });
  assert.equal(watches.length, 1);
});

test("editors' ways to save are all noticed, and end in the saved content", async (t) => {
  const directory = temporary(t, { 'a.conf': '0' });
  const file = join(directory, 'a.conf');
  const source = await watchSource(t, [{ directory }]);

  // vim: a test file, the old file becomes the backup, a new one is written.
  writeFileSync(join(directory, '4913'), '');
  rmSync(join(directory, '4913'));
  renameSync(file, `${file}~`);
  writeFileSync(file, 'vim');
  rmSync(`${file}~`);
  await source.becomes({ 'a.conf': 'vim' });

  truncateSync(file, 0);
  appendFileSync(file, 'truncated');
  await source.becomes({ 'a.conf': 'truncated' });

  appendFileSync(file, ' and appended');
  await source.becomes({ 'a.conf': 'truncated and appended' });

  // sed -i, and every tool that writes beside and renames.
  writeFileSync(join(directory, 'sedXYZ'), 'renamed');
  renameSync(join(directory, 'sedXYZ'), file);
  await source.becomes({ 'a.conf': 'renamed' });

  chmodSync(file, 0o600);
  await until('the mode is read', () => source.readings.at(-1)?.files[0]?.mode === 0o600);
  assert.ok(source.told.every((kind) => kind !== 'swap'));
});

test('new, changed and removed subdirectories are followed', async (t) => {
  const directory = temporary(t, { 'nginx.conf': '' });
  const source = await watchSource(t, [{ directory }]);
  mkdirSync(join(directory, 'x/y/z'), { recursive: true });
  writeFileSync(join(directory, 'x/y/z/a.conf'), '1');
  await source.becomes({ 'nginx.conf': '', 'x/y/z/a.conf': '1' });
  writeFileSync(join(directory, 'x/y/z/a.conf'), '2');
  await source.becomes({ 'nginx.conf': '', 'x/y/z/a.conf': '2' });
  renameSync(join(directory, 'x/y'), join(directory, 'y'));
  await source.becomes({ 'nginx.conf': '', 'y/z/a.conf': '2' });
  writeFileSync(join(directory, 'y/z/a.conf'), '3');
  await source.becomes({ 'nginx.conf': '', 'y/z/a.conf': '3' });
  rmSync(join(directory, 'y'), { recursive: true });
  rmSync(join(directory, 'x'), { recursive: true });
  await source.becomes({ 'nginx.conf': '' });
  await until('one directory is watched', () => source.watcher.directories === 1);
});

test('a source that is not there yet, that goes and comes again, is found each time', async (t) => {
  const root = temporary(t);
  const directory = join(root, 'not/there/yet');
  const source = await watchSource(t, [{ directory }]);
  assert.equal(source.contents(), undefined);
  for (const content of ['1', '2', '3']) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'a.conf'), content);
    await source.becomes({ 'a.conf': content });
    appendFileSync(join(directory, 'a.conf'), '+');
    await source.becomes({ 'a.conf': `${content}+` });
    rmSync(join(root, 'not'), { recursive: true });
    await until('it is gone', () => source.contents() === undefined);
  }
});

test('a directory that another one replaces is followed', async (t) => {
  const root = temporary(t, { 'conf/a': '1', 'new/a': '2' });
  const source = await watchSource(t, [{ directory: join(root, 'conf') }]);
  renameSync(join(root, 'conf'), join(root, 'old'));
  renameSync(join(root, 'new'), join(root, 'conf'));
  await source.becomes({ a: '2' });
  writeFileSync(join(root, 'conf/a'), '3');
  await source.becomes({ a: '3' });
});

test('a link on the way that is changed is followed', async (t) => {
  const root = temporary(t, { 'v1/conf/a': '1', 'v2/conf/a': '2' });
  symlinkSync('v1', join(root, 'current'));
  const source = await watchSource(t, [{ directory: join(root, 'current/conf') }]);
  symlinkSync('v2', join(root, 'next'));
  renameSync(join(root, 'next'), join(root, 'current'));
  await source.becomes({ a: '2' });
  writeFileSync(join(root, 'v2/conf/a'), '3');
  await source.becomes({ a: '3' });
});

test('what inotify cannot tell, the rescan finds', async (t) => {
  const root = temporary(t, { 'x/conf/a': '1', 'y/conf/a': '2' });
  const options = { rescanMs: 100 };
  const source = await watchSource(t, [{ directory: join(root, 'x/conf') }], options);
  // The watched directory itself has no event when one above it is renamed.
  renameSync(join(root, 'x'), join(root, 'z'));
  renameSync(join(root, 'y'), join(root, 'x'));
  await until('the time of a rescan', async () => {
    await pause(100);
    source.watcher.rescanIfDue();
    return source.contents()?.['a'] === '2';
  });
  writeFileSync(join(root, 'x/conf/a'), '3');
  await source.becomes({ a: '3' });
});

test('two volumes are two swaps, each complete', async (t) => {
  const root = temporary(t);
  const one = kubeletVolume(join(root, 'one'), { 'tls.crt': '1' });
  const two = kubeletVolume(join(root, 'two'), { 'tls.key': '1' });
  const source = await watchSource(t, [{ directory: one.directory }, { directory: two.directory }]);
  source.told.length = 0;
  one.swap({ 'tls.crt': '2' });
  await source.becomes({ 'tls.crt': '2', 'tls.key': '1' });
  two.swap({ 'tls.key': '2' });
  await source.becomes({ 'tls.crt': '2', 'tls.key': '2' });
  assert.deepEqual(source.told, ['swap', 'swap']);
});

test("below the root of nginx's container, links lead where they lead there", async (t) => {
  // A root of its own: this one once more, with another /mnt.
  const root = temporary(t);
  const directory = join(root, 'mnt');
  run('mount', '--bind', '/', root);
  run('mount', '-t', 'tmpfs', 'tmpfs', directory);
  const [program, ...args] = ['chroot', root, 'sleep', '1000'] as const;
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    const rootOfChild = `/proc/${child.pid}/root`;
    await until('the other root', () => readlinkSync(`/proc/${child.pid}/exe`).endsWith('/sleep'));
    mkdirSync(join(directory, 'tls'));
    writeFileSync(join(directory, 'tls/tls.crt'), '1');
    symlinkSync('/mnt/tls', join(directory, 'absolute'));
    const look = () => namedFilesDigest(['/mnt/absolute/tls.crt'], { root: rootOfChild, now: Date.now() });
    const before = look();
    assert.deepEqual(before.problems, []);
    let told = 0;
    const nothing = (): void => {};
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const watcher = new Watcher({ clock: systemClock, log, changed: () => told++ });
    t.after(() => watcher.close());
    await watcher.watch(before.watch);
    told = 0;
    writeFileSync(join(directory, 'tls/tls.crt'), '2');
    await until('the change is told', () => told > 0);
    assert.notEqual(look().digest, before.digest);
  } finally {
    child.kill('SIGKILL');
    await ended;
    run('umount', directory);
    run('umount', root);
  }
});

test('a file mounted by subPath never changes, which the mount table tells', async (t) => {
  const root = temporary(t, { 'etc/nginx.conf': '' });
  const volume = kubeletVolume(join(root, 'volume'), { 'nginx.conf': '1' });
  const mounted = join(root, 'etc/nginx.conf');
  const version = (await readSource({ directory: volume.directory })).files[0]?.origin ?? '';
  run('mount', '--bind', run('realpath', version), mounted);
  try {
    for (const content of ['1', '2']) {
      volume.swap({ 'nginx.conf': content });
      assert.equal(readFileSync(mounted, 'utf8'), '1');
      assert.deepEqual(neverUpdated([mounted, root], readFileSync('/proc/self/mountinfo', 'utf8')), [
        mounted,
      ]);
    }
  } finally {
    run('umount', mounted);
  }
});
