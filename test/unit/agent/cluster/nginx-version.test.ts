import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nginxVersion } from '../../../../src/agent/cluster/nginx-version.ts';

async function versionIn(content: Buffer): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-version-'));
  try {
    const path = join(directory, 'nginx');
    writeFileSync(path, content);
    return await nginxVersion(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the version stands in the program, wherever it lies', async () => {
  const banner = Buffer.from('\0nginx version: nginx/1.30.6\n\0');
  const chunk = 256 * 1024;
  for (const before of [0, 100, chunk - 30, chunk - 25, chunk - 10, chunk, 3 * chunk - 200])
    assert.equal(
      await versionIn(Buffer.concat([Buffer.alloc(before, 7), banner, Buffer.alloc(chunk)])),
      '1.30.6',
    );
});

test('a build with a name of its own is told with it', async () => {
  assert.equal(await versionIn(Buffer.from('nginx version: openresty/1.27.1.2\n')), 'openresty/1.27.1.2');
});

test('where it cannot be known it is not told', async () => {
  assert.equal(await versionIn(Buffer.from('nginx/1.2.3, a text of somebody else')), undefined);
  assert.equal(await versionIn(Buffer.alloc(0)), undefined);
  assert.equal(await nginxVersion('/nonexistent'), undefined);
});
