import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { DirectoryListener, OpenDirectoryWatch } from '../../../../src/agent/sources/directory-watch.ts';
import { Watcher, type WatcherOptions } from '../../../../src/agent/sources/watcher.ts';
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts';
import { kubeletVolume } from '../../../support/kubelet-volume.ts';

/** A watcher on fake inotify: `failures` says for a directory which error it gives, `listeners` are the watches that stand. */
class Bench {
  readonly clock: FakeClock = fakeClock();
  readonly root: string;
  readonly told: string[] = [];
  readonly modes: string[] = [];
  readonly warnings: string[] = [];
  readonly failures = new Map<string, string>();
  readonly listeners = new Map<string, DirectoryListener>();
  readonly watcher: Watcher;
  opened = 0;

  /** Runs when a watch is being made, before it is ready. */
  opening: (directory: string) => void = () => {};

  constructor(t: TestContext, options: Partial<WatcherOptions> = {}) {
    this.root = mkdtempSync(join(tmpdir(), 'steward-watcher-'));
    t.after(() => rmSync(this.root, { recursive: true, force: true }));
    const nothing = (): void => {};
    this.watcher = new Watcher({
      clock: this.clock,
      log: {
        debug: nothing,
        info: nothing,
        error: nothing,
        warn: (_fields, message) => this.warnings.push(message),
      },
      changed: (kind) => this.told.push(kind),
      modeChanged: (mode) => this.modes.push(mode),
      random: () => 0.5,
      open: this.#open,
      ...options,
    });
  }

  readonly #open: OpenDirectoryWatch = (directory, listener) => {
    this.opened++;
    const failure = this.failures.get(directory) ?? this.failures.get('*');
    if (failure !== undefined) listener.failed(failure);
    else this.listeners.set(directory, listener);
    this.opening(directory);
    const close = async (): Promise<void> => {
      if (this.listeners.get(directory) === listener) this.listeners.delete(directory);
    };
    return { ready: Promise.resolve(), close };
  };

  /** Takes what was told since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }
}

test('a new watch asks for a look once it stands', async (t) => {
  const bench = new Bench(t);
  await bench.watcher.watch([bench.root, join(bench.root, 'a'), join(bench.root, 'b')]);
  assert.deepEqual([bench.take(), bench.watcher.directories], [['rescan'], 1]);
  await bench.watcher.watch([bench.root]);
  assert.deepEqual(bench.take(), []);
});

test('a rescan comes after 30 to 60 s, and whoever wakes anyway can do it', async (t) => {
  const bench = new Bench(t, { rescanMs: 40_000 });
  await bench.watcher.watch([bench.root]);
  bench.take();
  bench.clock.advance(35_000 + 14_999);
  assert.deepEqual(bench.take(), []);
  bench.clock.advance(1);
  assert.deepEqual(bench.take(), ['rescan']);
  for (let wake = 0; wake < 20; wake++) {
    bench.clock.advance(12_000);
    bench.watcher.rescanIfDue();
  }
  // Every third wake, at 36 s: the timer, at 50 s, never came to it.
  assert.equal(bench.take().length, 6);
});

test('in a volume the swap is told, once, and nothing else', async (t) => {
  const bench = new Bench(t);
  const volume = kubeletVolume(join(bench.root, 'v'), { a: '1' });
  await bench.watcher.watch([volume.directory]);
  bench.take();
  const listener = bench.listeners.get(volume.directory);
  listener?.changed('..2026_01_02_03_04_05.1');
  volume.swap({ a: '2', b: '2' });
  for (const name of ['..data_tmp', '..data', 'b', '..2026_01_01_03_04_05.1']) listener?.changed(name);
  assert.deepEqual(bench.take(), ['swap']);
});

test('any other event is a loose change, whatever its name', async (t) => {
  const bench = new Bench(t);
  await bench.watcher.watch([bench.root]);
  bench.take();
  for (const name of ['a', '..data', '4913']) bench.listeners.get(bench.root)?.changed(name);
  assert.deepEqual(bench.take(), ['loose', 'loose', 'loose']);
});

test('a watch dies with its directory, and another one comes with the next', async (t) => {
  const bench = new Bench(t);
  const directory = join(bench.root, 'd');
  mkdirSync(directory);
  await bench.watcher.watch([directory]);
  bench.clock.advance(200);
  await turn();
  rmSync(directory, { recursive: true });
  bench.listeners.get(directory)?.changed('d');
  bench.clock.advance(100);
  await turn();
  assert.deepEqual([...bench.listeners.keys()], [bench.root]);
  mkdirSync(directory);
  bench.listeners.get(bench.root)?.changed('d');
  bench.take();
  bench.clock.advance(100);
  await turn();
  assert.deepEqual([...bench.listeners.keys()], [directory]);
  assert.deepEqual(bench.take(), ['rescan']);
});

test('an event of the directory itself asks for a new watch, though it looks the same', async (t) => {
  const bench = new Bench(t);
  await bench.watcher.watch([bench.root]);
  const before = bench.listeners.get(bench.root);
  before?.changed(basename(bench.root));
  bench.clock.advance(200);
  await turn();
  assert.notEqual(bench.listeners.get(bench.root), before);
  assert.equal(bench.watcher.directories, 1);
});

test('what appears while its parent is only beginning to be watched is found', async (t) => {
  const bench = new Bench(t);
  const directory = join(bench.root, 'late');
  bench.opening = () => mkdirSync(directory, { recursive: true });
  await bench.watcher.watch([directory]);
  assert.deepEqual([...bench.listeners.keys()], [bench.root]);
  bench.clock.advance(200);
  await turn();
  assert.deepEqual([...bench.listeners.keys()], [directory]);
});

test('a directory replaced without any event is found by the rescan', async (t) => {
  const bench = new Bench(t);
  const directory = join(bench.root, 'd');
  mkdirSync(directory);
  await bench.watcher.watch([directory]);
  const before = bench.listeners.get(directory);
  rmSync(directory, { recursive: true });
  mkdirSync(join(bench.root, 'another'));
  mkdirSync(directory);
  bench.clock.advance(60_000);
  await turn();
  assert.notEqual(bench.listeners.get(directory), before);
});

for (const code of ['EMFILE', 'ENOSPC']) {
  test(`without inotify (${code}) it polls every 2 s, says so, and goes back`, async (t) => {
    const bench = new Bench(t);
    bench.failures.set('*', code);
    await bench.watcher.watch([bench.root]);
    assert.deepEqual([bench.watcher.mode, bench.modes, bench.warnings.length], ['poll', ['poll'], 1]);
    bench.take();
    bench.clock.advance(10_000);
    assert.equal(bench.take().length, 5);
    assert.equal(bench.opened, 1);
    bench.clock.advance(120_000);
    await turn();
    assert.deepEqual([bench.watcher.mode, bench.warnings.length], ['poll', 1]);
    bench.failures.clear();
    bench.clock.advance(62_000);
    await turn();
    await turn();
    assert.deepEqual([bench.watcher.mode, bench.modes], ['inotify', ['poll', 'inotify']]);
    bench.take();
    bench.clock.advance(20_000);
    assert.deepEqual(bench.take(), []);
  });
}

test('watches that stand go on while others are polled for', async (t) => {
  const bench = new Bench(t);
  mkdirSync(join(bench.root, 'd'));
  await bench.watcher.watch([bench.root]);
  bench.failures.set(join(bench.root, 'd'), 'ENOSPC');
  await bench.watcher.watch([bench.root, join(bench.root, 'd')]);
  assert.deepEqual([bench.watcher.mode, bench.watcher.directories], ['poll', 1]);
  bench.take();
  bench.listeners.get(bench.root)?.changed('a');
  assert.deepEqual(bench.take(), ['loose']);
});

test('a directory that may not be watched is reported and changes no mode', async (t) => {
  const bench = new Bench(t);
  bench.failures.set(bench.root, 'EACCES');
  await bench.watcher.watch([bench.root]);
  assert.equal(bench.watcher.mode, 'inotify');
  assert.deepEqual(bench.watcher.unwatched, [{ path: bench.root, reason: 'EACCES' }]);
  await bench.watcher.watch([]);
  assert.deepEqual(bench.watcher.unwatched, []);
});

test('nothing is told after it was closed, and no timer is left', async (t) => {
  const bench = new Bench(t);
  await bench.watcher.watch([bench.root]);
  bench.clock.advance(200);
  const listener = bench.listeners.get(bench.root);
  bench.take();
  await bench.watcher.close();
  listener?.changed('a');
  bench.clock.advance(100_000);
  assert.deepEqual([bench.take(), bench.listeners.size, bench.clock.waiting], [[], 0, 0]);
});
