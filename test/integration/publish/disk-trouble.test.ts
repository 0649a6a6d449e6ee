/** Full, read-only, missing and forbidden: one clear error each, and nothing that works is changed. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { StewardError } from '../../../src/base/errors.ts';
import { openPublisher } from '../../../src/publish/publisher.ts';
import { loadState, saveState } from '../../../src/publish/state.ts';
import type { Tree } from '../../../src/publish/tree.ts';
import { testDirectory } from '../../support/nginx.ts';
import { hashes, prepareScenario, provenGood, trees } from '../../support/publish-scenario.ts';
import { run } from '../../support/run.ts';

/** A directory that is a file system in memory of its own, small enough to be full. */
async function withSmallDisk(work: (directory: string) => Promise<void>): Promise<void> {
  const { path, remove } = testDirectory();
  const directory = join(path, 'published');
  mkdirSync(directory);
  run('mount', '-t', 'tmpfs', '-o', 'size=256k,mode=0755', 'tmpfs', directory);
  try {
    await work(directory);
  } finally {
    run('umount', directory);
    remove();
  }
}

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const { path, remove } = testDirectory();
  try {
    await work(path);
  } finally {
    remove();
  }
}

async function asUser(uid: number, work: () => Promise<void>): Promise<void> {
  process.setegid?.(uid);
  process.seteuid?.(uid);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** What went wrong, where, and what to do about it: all three in one error. */
function saying(where: string, what: RegExp, fix: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof StewardError, String(error));
    assert.equal(error.code, 'STEWARD_PUBLISH');
    assert.equal(error.where, where);
    assert.match(error.message, what);
    assert.match(error.fix, fix);
    return true;
  };
}

function fill(directory: string): string {
  const path = join(directory, 'somebody-elses-file');
  for (let size = 128 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // It is nearly full: a smaller piece may still go in.
    }
  }
  return path;
}

const large: Tree = new Map([
  ['nginx.conf', { content: Buffer.from('x'), mode: 0o644 }],
  ['conf.d/large', { content: Buffer.alloc(300 * 1024), mode: 0o644 }],
]);
const largeHash = 'abcdef0123';

test('a tree for which there is no room is refused and leaves nothing behind', async () => {
  await withSmallDisk(async (directory) => {
    await prepareScenario(directory, 'change');
    const publisher = await openPublisher(directory);
    const target = publisher.treeDirectory(largeHash);
    await assert.rejects(
      publisher.write(largeHash, large),
      saying(target, /cannot be written: no space is left \(ENOSPC\)/, /Make room/),
    );
    assert.deepEqual(readdirSync(join(directory, 'revisions')).sort(), [hashes.good, hashes.old].sort());
    assert.equal(publisher.current()?.hash, hashes.good);
    assert.deepEqual(publisher.verify(hashes.good), []);
    await publisher.write(hashes.next, trees.next);
    publisher.makeCurrent(hashes.next);
    assert.equal(publisher.current()?.hash, hashes.next, 'what fits is published as ever');
    publisher.close();
  });
});

test('on a full disk the state stays the one before, the last good tree can be put back, and room is enough to go on', async () => {
  await withSmallDisk(async (directory) => {
    await prepareScenario(directory, 'put-back');
    const publisher = await openPublisher(directory);
    const path = join(directory, 'state.json');
    const before = readFileSync(path, 'utf8');
    const filler = fill(directory);
    assert.throws(
      () => saveState(path, provenGood),
      saying(path, /state cannot be written: no space/, /Make room/),
    );
    assert.equal(readFileSync(path, 'utf8'), before);
    assert.ok(!existsSync(`${path}.tmp`));
    publisher.makeCurrent(hashes.good);
    assert.equal(publisher.current()?.hash, hashes.good);
    publisher.close();
    const again = await openPublisher(directory);
    rmSync(filler);
    saveState(path, provenGood);
    assert.deepEqual(loadState(path), { state: provenGood });
    again.close();
  });
});

test('on a file system that became read-only what is published can still be read, and every change says why not', async () => {
  await withSmallDisk(async (directory) => {
    await prepareScenario(directory, 'change');
    const publisher = await openPublisher(directory);
    publisher.close();
    run('mount', '-o', 'remount,ro', directory);
    assert.equal(publisher.current()?.hash, hashes.good);
    assert.deepEqual(publisher.verify(hashes.good), []);
    assert.deepEqual(loadState(join(directory, 'state.json')), { state: provenGood });
    const readOnly = /read-only \(EROFS\)/;
    const target = publisher.treeDirectory(hashes.next);
    await assert.rejects(
      publisher.write(hashes.next, trees.next),
      saying(target, readOnly, /Mount it read-write/),
    );
    assert.throws(
      () => publisher.makeCurrent(hashes.old),
      saying(join(directory, 'current'), readOnly, /Mount it read-write/),
    );
    assert.throws(
      () => saveState(join(directory, 'state.json'), provenGood),
      saying(join(directory, 'state.json'), readOnly, /Mount it read-write/),
    );
    assert.throws(
      () => publisher.collect(new Set(), 0),
      saying(join(directory, 'revisions'), readOnly, /Mount it read-write/),
    );
    await assert.rejects(openPublisher(directory), saying(directory, readOnly, /Mount it read-write/));
    run('mount', '-o', 'remount,rw', directory);
    (await openPublisher(directory)).close();
  });
});

test('a publish directory is made where its parent is there, and a missing parent is named', async () => {
  await withDirectory(async (parent) => {
    (await openPublisher(join(parent, 'one'))).close();
    const deep = join(parent, 'two/three');
    await assert.rejects(openPublisher(deep), saying(deep, /no such file/, /Make the directory, or mount/));
    assert.ok(!existsSync(join(parent, 'two')));
    await assert.rejects(openPublisher('relative'), saying('relative', /absolute path/, /./));
  });
});

test('a file or a link where a directory should be is named and left alone', async () => {
  await withDirectory(async (parent) => {
    const file = join(parent, 'file');
    writeFileSync(file, 'precious');
    await assert.rejects(openPublisher(file), saying(file, /not a directory/, /--publish-dir/));
    const below = join(file, 'published');
    await assert.rejects(openPublisher(below), saying(below, /a file stands where/, /another directory/));
    const link = join(parent, 'link');
    symlinkSync('/etc', link);
    await assert.rejects(openPublisher(link), saying(link, /symbolic link/, /--publish-dir/));
    const published = join(parent, 'published');
    mkdirSync(published);
    symlinkSync('/etc', join(published, 'revisions'));
    const revisions = join(published, 'revisions');
    await assert.rejects(openPublisher(published), saying(revisions, /symbolic link/, /Move it away/));
    assert.equal(readFileSync(file, 'utf8'), 'precious');
  });
});

test('without the right to write, the error says whose right it is', async () => {
  await withDirectory(async (parent) => {
    const fresh = join(parent, 'fresh');
    const existing = join(parent, 'existing');
    mkdirSync(existing);
    await prepareScenario(existing, 'change');
    await asUser(101, async () => {
      await assert.rejects(
        openPublisher(fresh),
        saying(fresh, /permission denied \(EACCES\)/, /uid is that of/),
      );
      await assert.rejects(openPublisher(existing), saying(existing, /permission denied/, /uid is that of/));
    });
    const publisher = await openPublisher(existing);
    await asUser(101, async () => {
      await assert.rejects(
        publisher.write(hashes.next, trees.next),
        saying(publisher.treeDirectory(hashes.next), /permission denied/, /uid is that of/),
      );
      assert.throws(
        () => publisher.makeCurrent(hashes.old),
        saying(join(existing, 'current'), /permission denied/, /uid/),
      );
    });
    assert.equal(publisher.current()?.hash, hashes.good);
    publisher.close();
  });
});

test('a volume that comes writable for all is closed to others, a shared directory is not', async () => {
  await withDirectory(async (parent) => {
    const mode = (name: string): string => run('stat', '-c', '%a', join(parent, name));
    for (const [name, bits] of [
      ['empty', 0o777],
      ['group', 0o2775],
      ['shared', 0o1777],
      ['foreign', 0o777],
    ] as const) {
      mkdirSync(join(parent, name));
      chmodSync(join(parent, name), bits);
    }
    writeFileSync(join(parent, 'foreign/precious'), '');
    for (const name of ['empty', 'group', 'shared', 'foreign'])
      (await openPublisher(join(parent, name))).close();
    assert.deepEqual(['empty', 'group', 'shared', 'foreign'].map(mode), ['755', '2755', '1777', '777']);
    assert.deepEqual(['empty/revisions', 'group/revisions'].map(mode), ['755', '755']);
  });
});

test('files that belong to another user are noticed: that user could change them', async () => {
  await withDirectory(async (parent) => {
    const directory = join(parent, 'published');
    mkdirSync(directory);
    await prepareScenario(directory, 'change');
    const publisher = await openPublisher(directory);
    chownSync(join(publisher.treeDirectory(hashes.good), 'nginx.conf'), 33, 33);
    chownSync(join(publisher.treeDirectory(hashes.good), 'conf.d'), 33, 33);
    assert.deepEqual(publisher.verify(hashes.good), [
      'conf.d belongs to uid 33',
      'nginx.conf belongs to uid 33',
    ]);
    await publisher.write(hashes.good, trees.good);
    assert.deepEqual(publisher.verify(hashes.good), []);
    publisher.close();
  });
});
