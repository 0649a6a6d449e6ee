import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StewardError } from '../../../src/base/errors.ts';
import { treeToken } from '../../../src/base/tree-token.ts';
import { openPublisher, type Publisher } from '../../../src/publish/publisher.ts';
import { type Tree, treeHash } from '../../../src/publish/tree.ts';
import { fakeClock } from '../../support/fake-clock.ts';

/** Where there is a file system in memory, syncing costs nothing. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const keys = { content: Buffer.from('key'), mode: 0o600 };

function treeOf(body: string): Tree {
  return new Map([
    ['nginx.conf', { content: Buffer.from(`root ${treeToken}/html; # ${body}`), mode: 0o644 }],
    ['tls/deep/site.key', keys],
    ['conf.d/site.conf', { content: Buffer.from(body), mode: 0o644 }],
  ]);
}

const [one, two] = [treeOf('one'), treeOf('two')];

async function withPublisher(
  work: (publisher: Publisher, directory: string) => Promise<void>,
): Promise<void> {
  const parent = mkdtempSync(join(memory, 'steward-publish-'));
  const clock = fakeClock();
  const publisher = await openPublisher(join(parent, 'published'), { clock });
  try {
    await work(publisher, publisher.directory);
  } finally {
    publisher.close();
    rmSync(parent, { recursive: true, force: true });
  }
}

async function publish(publisher: Publisher, tree: Tree): Promise<string> {
  const hash = treeHash(tree);
  await publisher.write(hash, tree);
  publisher.makeCurrent(hash);
  return hash;
}

/** Everything in the directory but its lock. */
function names(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.lock-'))
    .sort();
}

test('a tree is published whole, by a relative link, with its own directory in its files', async () => {
  await withPublisher(async (publisher, directory) => {
    assert.equal(publisher.current(), undefined);
    const hash = await publish(publisher, one);
    assert.equal(readlinkSync(join(directory, 'current')), `revisions/${hash}`);
    assert.equal(publisher.current()?.hash, hash);
    assert.equal(
      readFileSync(join(directory, 'current/nginx.conf'), 'utf8'),
      `root ${directory}/revisions/${hash}/html; # one`,
    );
    assert.deepEqual(publisher.compare(hash, one), []);
    assert.deepEqual(publisher.verify(hash), []);
    assert.deepEqual(names(directory), ['current', 'revisions']);
    assert.deepEqual(names(join(directory, 'revisions')), [hash]);
    assert.deepEqual(Buffer.from(publisher.read(hash).get('tls/deep/site.key')?.content ?? []), keys.content);
  });
});

test('the same tree written again is left untouched', async () => {
  await withPublisher(async (publisher) => {
    const hash = await publish(publisher, one);
    const before = lstatSync(publisher.treeDirectory(hash)).ino;
    await publisher.write(hash, new Map([...one].toReversed()));
    assert.equal(lstatSync(publisher.treeDirectory(hash)).ino, before);
  });
});

const damages: Readonly<Record<string, (tree: string) => void>> = {
  'a file was changed': (tree) => writeFileSync(join(tree, 'conf.d/site.conf'), 'evil'),
  'a file was changed in its length alone': (tree) => writeFileSync(join(tree, 'conf.d/site.conf'), 'on'),
  'a file was deleted': (tree) => unlinkSync(join(tree, 'tls/deep/site.key')),
  'a directory was deleted': (tree) => rmSync(join(tree, 'tls'), { recursive: true }),
  'a key was made readable': (tree) => chmodSync(join(tree, 'tls/deep/site.key'), 0o644),
  'a directory was opened to all': (tree) => chmodSync(join(tree, 'conf.d'), 0o777),
  'the tree itself was closed': (tree) => chmodSync(tree, 0o700),
  'a file was added': (tree) => writeFileSync(join(tree, 'conf.d/evil.conf'), ''),
  'a directory with files was added': (tree) => {
    mkdirSync(join(tree, 'more/deep'), { recursive: true });
    writeFileSync(join(tree, 'more/deep/x'), '');
  },
  'a file became a directory': (tree) => {
    unlinkSync(join(tree, 'nginx.conf'));
    mkdirSync(join(tree, 'nginx.conf'));
    writeFileSync(join(tree, 'nginx.conf/x'), '');
  },
  'a directory became a file': (tree) => {
    rmSync(join(tree, 'tls'), { recursive: true });
    writeFileSync(join(tree, 'tls'), '');
  },
  'a file became a link to one with the same content': (tree) => {
    writeFileSync(join(tree, '../../outside'), 'one');
    unlinkSync(join(tree, 'conf.d/site.conf'));
    symlinkSync(join(tree, '../../outside'), join(tree, 'conf.d/site.conf'));
  },
  'a directory became a link out of the tree': (tree) => {
    const outside = join(tree, '../../outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'site.conf'), 'one');
    rmSync(join(tree, 'conf.d'), { recursive: true });
    symlinkSync(outside, join(tree, 'conf.d'));
  },
  'the whole tree became a file': (tree) => {
    rmSync(tree, { recursive: true });
    writeFileSync(tree, '');
  },
};

for (const [what, damage] of Object.entries(damages))
  test(`${what}: it is noticed, said and mended`, async () => {
    await withPublisher(async (publisher, directory) => {
      const hash = await publish(publisher, one);
      damage(publisher.treeDirectory(hash));
      assert.notDeepEqual(publisher.compare(hash, one), []);
      assert.notDeepEqual(publisher.verify(hash), []);
      await publisher.write(hash, one);
      assert.deepEqual(publisher.compare(hash, one), []);
      assert.deepEqual(publisher.verify(hash), []);
      assert.deepEqual(names(join(directory, 'revisions')), [hash]);
      const outside = join(directory, 'outside');
      if (existsSync(outside))
        assert.equal(
          readFileSync(statSync(outside).isFile() ? outside : join(outside, 'site.conf'), 'utf8'),
          'one',
          'nothing outside the tree was touched',
        );
    });
  });

test('mending replaces what is wrong and leaves the rest where it is', async () => {
  await withPublisher(async (publisher) => {
    const hash = await publish(publisher, one);
    const tree = publisher.treeDirectory(hash);
    const before = [tree, join(tree, 'nginx.conf'), join(tree, 'tls/deep')].map((path) => statSync(path).ino);
    writeFileSync(join(tree, 'conf.d/site.conf'), 'evil');
    await publisher.write(hash, one);
    assert.deepEqual(
      [tree, join(tree, 'nginx.conf'), join(tree, 'tls/deep')].map((path) => statSync(path).ino),
      before,
    );
  });
});

test('a link that was deleted or leads elsewhere is made again', async () => {
  await withPublisher(async (publisher, directory) => {
    const hash = await publish(publisher, one);
    const link = join(directory, 'current');
    for (const target of [undefined, '/etc', 'revisions/../..', 'revisions/abcdef0123', 'revisions', '.']) {
      rmSync(link);
      if (target !== undefined) symlinkSync(target, link);
      assert.equal(publisher.current(), undefined);
      publisher.makeCurrent(hash);
      assert.equal(publisher.current()?.hash, hash);
    }
  });
});

test('a file or a directory where the link should be is not deleted', async () => {
  await withPublisher(async (publisher, directory) => {
    const hash = await publish(publisher, one);
    rmSync(join(directory, 'current'));
    mkdirSync(join(directory, 'current'));
    assert.throws(
      () => publisher.makeCurrent(hash),
      (error) => error instanceof StewardError && error.where === join(directory, 'current'),
    );
    assert.ok(existsSync(join(directory, 'current')));
  });
});

test('a tree that is not there cannot be made current', async () => {
  await withPublisher(async (publisher) => {
    const hash = await publish(publisher, one);
    assert.throws(() => publisher.makeCurrent('abcdef0123'), /not there/);
    assert.throws(() => publisher.makeCurrent('../..'), /not there/);
    assert.equal(publisher.current()?.hash, hash);
  });
});

test('paths that lead out of the tree are refused before anything is written', async () => {
  await withPublisher(async (publisher, directory) => {
    for (const path of ['../x', '/tmp/x', 'a/../../x', 'conf.d\n'])
      await assert.rejects(publisher.write('abcdef0123', new Map([[path, keys]])), StewardError);
    await assert.rejects(publisher.write('../../x', one), /no hash/);
    assert.deepEqual(names(join(directory, 'revisions')), []);
  });
});

test('trees are kept while they are current or needed, and of the rest those that were current last', async () => {
  const parent = mkdtempSync(join(memory, 'steward-publish-'));
  const clock = fakeClock();
  const publisher = await openPublisher(join(parent, 'published'), { clock });
  try {
    const hashes: string[] = [];
    for (const body of ['a', 'b', 'c', 'd', 'e', 'f']) {
      hashes.push(await publish(publisher, treeOf(body)));
      clock.advance(1000);
    }
    const [a = '', b = '', c = '', d = '', e = '', f = ''] = hashes;
    publisher.makeCurrent(b);
    clock.advance(1000);
    publisher.makeCurrent(a);
    assert.equal(publisher.current()?.hash, a);
    publisher.collect(new Set([c]), 2);
    assert.deepEqual(names(join(parent, 'published/revisions')), [a, b, c, f].sort());
    assert.ok(!publisher.has(d) && !publisher.has(e));
    publisher.collect(new Set(), 0);
    assert.deepEqual(names(join(parent, 'published/revisions')), [a]);
  } finally {
    publisher.close();
    rmSync(parent, { recursive: true, force: true });
  }
});

test('while the link is gone no tree is removed, for one of them is the one it should name', async () => {
  await withPublisher(async (publisher, directory) => {
    const hashes = [await publish(publisher, one), await publish(publisher, two)];
    rmSync(join(directory, 'current'));
    publisher.collect(new Set(), 0);
    assert.deepEqual(names(join(directory, 'revisions')), hashes.sort());
  });
});

test('removing a tree follows no link out of it', async () => {
  await withPublisher(async (publisher, directory) => {
    const hash = await publish(publisher, one);
    const outside = join(directory, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), '');
    symlinkSync(outside, join(publisher.treeDirectory(hash), 'link'));
    symlinkSync(outside, join(directory, 'revisions/.new-abcdef0123'));
    symlinkSync(outside, join(directory, 'revisions/abcdef0123'));
    await publish(publisher, two);
    publisher.collect(new Set(), 0);
    publisher.close();
    (await openPublisher(directory)).close();
    assert.deepEqual(readdirSync(outside), ['precious']);
    assert.deepEqual(names(join(directory, 'revisions')), [treeHash(two)]);
  });
});

test('a tree of a thousand files lets others have a turn while it is written', async () => {
  await withPublisher(async (publisher) => {
    const files = Array.from({ length: 1000 }, (_, n) => [`d${n % 10}/f${n}`, keys] as const);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await publisher.write('abcdef0123', new Map(files));
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns`);
  });
});
