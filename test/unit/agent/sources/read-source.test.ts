import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSource, type SourceSnapshot } from '../../../../src/agent/sources/read-source.ts';
import { type ErrorCode, StewardError } from '../../../../src/base/errors.ts';
import { kubeletVolume } from '../../../support/kubelet-volume.ts';
import { run } from '../../../support/run.ts';

/** A directory with these files; it is gone after the test. */
function directoryOf(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'steward-source-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function contents({ files }: SourceSnapshot): Record<string, string> {
  return Object.fromEntries(files.map(({ path, content }) => [path, Buffer.from(content).toString()]));
}

async function refuses(code: ErrorCode, message: RegExp, reading: Promise<unknown>): Promise<void> {
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof StewardError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

test('a plain directory is read with its subdirectories, modes and origins, under the prefix', async (t) => {
  const directory = directoryOf(t, { 'nginx.conf': 'a', 'conf.d/site.conf': 'b', '.htpasswd': 'c' });
  chmodSync(join(directory, '.htpasswd'), 0o600);
  const snapshot = await readSource({ directory, prefix: 'some/where/' });
  assert.deepEqual(
    snapshot.files.map(({ path, mode, origin }) => [path, mode, origin.slice(directory.length)]),
    [
      ['some/where/.htpasswd', 0o600, '/.htpasswd'],
      ['some/where/conf.d/site.conf', 0o644, '/conf.d/site.conf'],
      ['some/where/nginx.conf', 0o644, '/nginx.conf'],
    ],
  );
  assert.deepEqual(snapshot.watch, [directory, join(directory, 'conf.d')]);
});

test('a kubelet volume is read through ..data, and is never loose', async (t) => {
  const directory = directoryOf(t);
  const volume = kubeletVolume(directory, {
    'nginx.conf': 'a',
    'conf.d/b.conf': 'b',
    'tls.key': { content: 'k', mode: 0o600 },
  });
  const first = await readSource({ directory });
  assert.deepEqual(contents(first), { 'nginx.conf': 'a', 'conf.d/b.conf': 'b', 'tls.key': 'k' });
  assert.equal(first.files.find(({ path }) => path === 'tls.key')?.mode, 0o600);
  assert.equal(first.files[0]?.origin, join(directory, 'conf.d/b.conf'));
  assert.deepEqual([first.watch, first.skipped], [[directory], []]);

  volume.swap({ 'nginx.conf': 'a', 'conf.d/b.conf': 'b', 'tls.key': { content: 'k', mode: 0o600 } });
  const same = await readSource({ directory });
  assert.deepEqual([same.digest, same.stamp === first.stamp], [first.digest, false]);

  volume.swap({ 'nginx.conf': 'c' });
  const second = await readSource({ directory });
  assert.deepEqual(contents(second), { 'nginx.conf': 'c' });
  assert.deepEqual([second.loose, second.digest === first.digest], [first.loose, false]);
});

test('between ..data and the visible links, the new version is read', async (t) => {
  const directory = directoryOf(t);
  const volume = kubeletVolume(directory, { 'a.conf': '1' });
  volume.swapKeepingOld({ 'a.conf': '2', 'b.conf': '2' });
  rmSync(join(directory, 'b.conf'));
  assert.deepEqual(contents(await readSource({ directory })), { 'a.conf': '2', 'b.conf': '2' });
});

test('a version that the kubelet is already removing is not taken for the whole', async (t) => {
  const directory = directoryOf(t);
  // So many files that the reading gives others a turn before it comes to z/.
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`a${1000 + i}`, 'old']));
  const volume = kubeletVolume(directory, { ...many, 'z/z': 'old' });
  const old = run('realpath', join(directory, '..data'));
  const reading = readSource({ directory });
  volume.swapKeepingOld({ a: 'new' });
  rmSync(join(old, 'z/z'));
  assert.deepEqual(contents(await reading), { a: 'new' });
});

test('a volume below a plain directory is one too, and only the rest is loose', async (t) => {
  const directory = directoryOf(t, { 'nginx.conf': 'a' });
  const volume = kubeletVolume(join(directory, 'conf.d'), { 'site.conf': 'b' });
  const first = await readSource({ directory });
  assert.deepEqual(contents(first), { 'nginx.conf': 'a', 'conf.d/site.conf': 'b' });
  assert.deepEqual(first.watch, [directory, join(directory, 'conf.d')]);
  volume.swap({ 'site.conf': 'c' });
  const second = await readSource({ directory });
  assert.deepEqual([second.loose, second.digest === first.digest], [first.loose, false]);
  writeFileSync(join(directory, 'nginx.conf'), 'd');
  assert.notEqual((await readSource({ directory })).loose, first.loose);
});

test('the digest tells content, name and mode apart, and nothing else', async (t) => {
  const digests = new Set<string>();
  for (const [name, content, mode] of [
    ['a', 'bc', 0o644],
    ['ab', 'c', 0o644],
    ['a', 'bd', 0o644],
    ['a', 'bc', 0o600],
  ] as const) {
    const directory = directoryOf(t, { [name]: content });
    chmodSync(join(directory, name), mode);
    digests.add((await readSource({ directory })).digest);
    assert.equal((await readSource({ directory: `${directory}/` })).files.length, 1);
  }
  assert.equal(digests.size, 4);
});

test('what editors and version control leave behind is skipped, with the reason', async (t) => {
  const directory = directoryOf(t, {
    'nginx.conf': '',
    'nginx.conf~': '',
    '.nginx.conf.swp': '',
    '4913': '',
    '#nginx.conf#': '',
    '.git/config': '',
    '..hidden': '',
  });
  symlinkSync('user@host.1234', join(directory, '.#nginx.conf'));
  const { files, skipped } = await readSource({ directory });
  assert.deepEqual(
    files.map(({ path }) => path),
    ['nginx.conf'],
  );
  assert.equal(skipped.length, 7);
  assert.deepEqual(
    skipped.find(({ path }) => path.endsWith('.swp')),
    { path: join(directory, '.nginx.conf.swp'), reason: "vim's swap file" },
  );
});

test('links inside the source are followed, to files and to directories', async (t) => {
  const directory = directoryOf(t, { 'sites-available/a.conf': 'a', 'shared/b.conf': 'b' });
  mkdirSync(join(directory, 'sites-enabled'));
  symlinkSync('../sites-available/a.conf', join(directory, 'sites-enabled/a.conf'));
  symlinkSync(join(directory, 'shared'), join(directory, 'conf.d'));
  const snapshot = await readSource({ directory });
  assert.deepEqual(Object.keys(contents(snapshot)), [
    'conf.d/b.conf',
    'shared/b.conf',
    'sites-available/a.conf',
    'sites-enabled/a.conf',
  ]);
  assert.ok(snapshot.watch.includes(join(directory, 'sites-enabled/a.conf')));
});

test('a link out of the source is refused unless that is allowed', async (t) => {
  const outside = directoryOf(t, { secret: 's' });
  const directory = directoryOf(t);
  symlinkSync(join(outside, 'secret'), join(directory, 'a.conf'));
  await refuses(
    'STEWARD_SOURCE_LINK',
    /a\.conf: the link leads out of the source/,
    readSource({ directory }),
  );
  assert.deepEqual(contents(await readSource({ directory, links: 'anywhere' })), { 'a.conf': 's' });
});

test('a directory beside the source whose name only begins alike is outside', async (t) => {
  const root = directoryOf(t, { 'conf-secret/key': 's', 'conf/a.conf': '' });
  symlinkSync('../conf-secret/key', join(root, 'conf/key'));
  await refuses(
    'STEWARD_SOURCE_LINK',
    /leads out of the source/,
    readSource({ directory: join(root, 'conf') }),
  );
});

test('a ..data that leads away from its directory makes no volume', async (t) => {
  const outside = directoryOf(t, { secret: 's' });
  const directory = directoryOf(t);
  symlinkSync(outside, join(directory, '..data'));
  symlinkSync('..data/secret', join(directory, 'secret'));
  await refuses('STEWARD_SOURCE_LINK', /secret: the link leads out/, readSource({ directory }));
});

test('links that lead nowhere or in a circle are refused', async (t) => {
  const directory = directoryOf(t);
  symlinkSync('nothing', join(directory, 'a.conf'));
  await refuses('STEWARD_SOURCE_LINK', /a\.conf: the link leads nowhere/, readSource({ directory }));
  rmSync(join(directory, 'a.conf'));
  symlinkSync('.', join(directory, 'around'));
  await refuses('STEWARD_SOURCE_LINK', /around: the link leads in a circle/, readSource({ directory }));
});

test('a source reached through a link is the directory that it leads to', async (t) => {
  const directory = directoryOf(t, { 'v1/nginx.conf': '1', 'v2/nginx.conf': '2' });
  const current = join(directory, 'current');
  symlinkSync('v1', current);
  assert.deepEqual(contents(await readSource({ directory: current })), { 'nginx.conf': '1' });
  rmSync(current);
  symlinkSync('v2', current);
  assert.deepEqual(contents(await readSource({ directory: current })), { 'nginx.conf': '2' });
});

test('a FIFO, behind a link too, is skipped and holds nobody up', async (t) => {
  const directory = directoryOf(t, { 'a.conf': 'a' });
  run('mkfifo', join(directory, 'pipe'));
  symlinkSync('pipe', join(directory, 'link'));
  const { files, skipped } = await readSource({ directory });
  assert.equal(files.length, 1);
  assert.deepEqual(
    skipped.map(({ reason }) => reason),
    ['neither a file nor a directory', 'neither a file nor a directory'],
  );
});

test('what is too much is refused by name', async (t) => {
  const directory = directoryOf(t, { 'a.conf': '12345', 'b.conf': '12345', 'c.conf': '123' });
  const limits = { maxFileBytes: 5, maxTotalBytes: 13, maxFiles: 3 };
  assert.equal((await readSource({ directory, limits })).files.length, 3);
  const refused = (change: object) => readSource({ directory, limits: { ...limits, ...change } });
  await refuses(
    'STEWARD_SOURCE_TOO_LARGE',
    /[ab]\.conf: a file of more than 4 bytes/,
    refused({ maxFileBytes: 4 }),
  );
  await refuses(
    'STEWARD_SOURCE_TOO_LARGE',
    /with .*\.conf more than 12 bytes in sum/,
    refused({ maxTotalBytes: 12 }),
  );
  await refuses('STEWARD_SOURCE_TOO_LARGE', /more than 2 files/, refused({ maxFiles: 2 }));
});

test('a missing source, one that is a file, and a bad prefix are told apart', async (t) => {
  const directory = directoryOf(t, { file: '' });
  await refuses(
    'STEWARD_SOURCE_MISSING',
    /nothing: there is no such/,
    readSource({ directory: join(directory, 'nothing') }),
  );
  await refuses(
    'STEWARD_SOURCE_UNREADABLE',
    /not a directory/,
    readSource({ directory: join(directory, 'file') }),
  );
  for (const prefix of ['/etc', '../x', 'a//b', './a'])
    await refuses('STEWARD_SOURCE_PATH', /no relative path/, readSource({ directory, prefix }));
});
