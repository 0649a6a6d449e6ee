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

const spiedKeys = 60;

/** Waits for one file after another and tells which modes they had at the first moment that they were seen. */
const spy = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { readdirSync, lstatSync } = require('node:fs');
  const seen = new Set();
  parentPort.postMessage('ready');
  let folder;
  while (folder === undefined) folder = readdirSync(workerData.directory)[0];
  for (let n = 0; n < workerData.keys; n += 1) {
    let stats;
    while (stats === undefined) {
      stats = lstatSync(workerData.directory + '/' + folder + '/' + n + '.key', { throwIfNoEntry: false });
      if (stats === undefined && readdirSync(workerData.directory)[0] !== folder) break;
    }
    if (stats !== undefined) seen.add((stats.mode & 0o777).toString(8));
  }
  parentPort.postMessage([...seen]);
`;

test('a key may be read by nobody else at any moment of its writing', async () => {
  await withUmask(0, async (directory) => {
    const publisher = await openPublisher(directory);
    const worker = new Worker(spy, {
      eval: true,
      workerData: { directory: join(directory, 'revisions'), keys: spiedKeys },
    });
    await new Promise((resolve) => worker.once('message', resolve));
    const report = new Promise((resolve) => worker.once('message', resolve));
    // Large enough that the moment of writing is not missed.
    const key: TreeFile = { content: Buffer.alloc(256 * 1024), mode: 0o600 };
    await publisher.write(
      hash,
      new Map(Array.from({ length: spiedKeys }, (_, n) => [`${n}.key`, key] as const)),
    );
    assert.deepEqual(await report, ['600']);
    publisher.close();
  });
});
