/** Files that only nginx's own container has: reported, or read through the master's root where that was chosen. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newerNginx, until } from '../../support/nginx.ts';
import { isProven, openScene, type Scene, siteConfiguration } from '../../support/scene.ts';

// nginx runs in a chroot, whose /run is a file system of its own.
const seenByNginx = '/run/only-nginx.conf';
const seenFromHere = join(newerNginx.root, seenByNginx);

async function withFlags(flags: readonly string[], work: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await openScene({ build: newerNginx, files: { 'nginx.conf': siteConfiguration() }, flags });
  try {
    writeFileSync(seenFromHere, 'location /inside { return 200 "first"; }\n');
    scene.volume.swap({ 'nginx.conf': siteConfiguration({ server: `include ${seenByNginx};` }) });
    await until('nginx has it', async () => (await scene.body('/inside')) === 'first');
    await scene.agent.when('proven', isProven);
    await work(scene);
  } finally {
    await scene.close();
  }
}

test('a file that only nginx sees is reported as not watched', async () => {
  await withFlags([], async (scene) => {
    const { unwatched } = await scene.agent.status();
    assert.ok(
      unwatched.some(({ path }) => path === seenByNginx),
      JSON.stringify(unwatched),
    );
  });
});

test('through the root of the master it is watched, and a change of it is one reload', async () => {
  await withFlags(['--through-proc-root', '--rescan', '1s'], async (scene) => {
    assert.deepEqual((await scene.agent.status()).unwatched, []);
    writeFileSync(seenFromHere, 'location /inside { return 200 "second"; }\n');
    await until('nginx has the change', async () => (await scene.body('/inside')) === 'second');
    await scene.agent.when('proven', isProven);
  });
});
