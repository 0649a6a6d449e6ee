/** Who may read and write what is published, whatever the umask and the sources say. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openPublisher } from '../../../src/publish/publisher.ts';
import type { Tree, TreeFile } from '../../../src/publish/tree.ts';
import { testDirectory } from '../../support/nginx.ts';

const hash = 'abcdef0123';
const file = (mode: number): TreeFile => ({ content: Buffer.from('x'.repeat(2000)), mode });

async function withUmask(umask: number, work: (directory: string) => Promise<void>): Promise<void> {
  const { path, remove } = testDirectory();
  const before = process.umask(umask);
  try {
    await work(join(path, 'published'));
  } finally {
    process.umask(before);
    remove();
  }
}

for (const umask of [0o000, 0o077, 0o777])
  test(`with umask ${umask.toString(8)} files have their own modes, and directories may be entered by all`, async () => {
    await withUmask(umask, async (directory) => {
      const publisher = await openPublisher(directory);
      const tree: Tree = new Map([
        ['nginx.conf', file(0o644)],
        ['tls/deep/site.key', file(0o600)],
        ['htpasswd', file(0o640)],
        ['open.conf', file(0o666)],
      ]);
      await publisher.write(hash, tree);
      publisher.makeCurrent(hash);
      const mode = (path: string): string => (statSync(join(directory, path)).mode & 0o7777).toString(8);
      assert.deepEqual(
        ['nginx.conf', 'tls/deep/site.key', 'htpasswd', 'open.conf'].map((path) => mode(`current/${path}`)),
        ['644', '600', '640', '644'],
      );
      assert.deepEqual(
        ['.', 'revisions', 'current', 'current/tls', 'current/tls/deep'].map(mode),
        Array(5).fill('755'),
      );
      assert.deepEqual(publisher.compare(hash, tree), []);
      publisher.close();
    });
  });

/** Looks at every file below a directory over and over, and tells of those that others may read. */
const spy = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { readdirSync, lstatSync } = require('node:fs');
  const stop = new Int32Array(workerData.stop);
  const seen = new Set();
  let looks = 0;
  parentPort.postMessage('ready');
  while (Atomics.load(stop, 0) === 0) {
    try {
      for (const folder of readdirSync(workerData.directory))
        for (const name of readdirSync(workerData.directory + '/' + folder)) {
          looks += 1;
          const { mode } = lstatSync(workerData.directory + '/' + folder + '/' + name);
          if ((mode & 0o077) !== 0) seen.add((mode & 0o777).toString(8));
        }
    } catch {}
  }
  parentPort.postMessage({ looks, seen: [...seen] });
`;

test('a key may be read by nobody else at any moment of its writing', async () => {
  await withUmask(0, async (directory) => {
    const publisher = await openPublisher(directory);
    const stop = new SharedArrayBuffer(4);
    const workerData = { directory: join(directory, 'revisions'), stop };
    const worker = new Worker(spy, { eval: true, workerData });
    await new Promise((resolve) => worker.once('message', resolve));
    await publisher.write(
      hash,
      new Map(Array.from({ length: 400 }, (_, n) => [`${n}.key`, file(0o600)] as const)),
    );
    Atomics.store(new Int32Array(stop), 0, 1);
    const report = await new Promise((resolve) => worker.once('message', resolve));
    const { looks, seen } = report as { looks: number; seen: readonly string[] };
    assert.ok(looks > 100, `${looks} looks`);
    assert.deepEqual(seen, []);
    publisher.close();
  });
});
