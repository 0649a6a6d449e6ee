import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { StewardError } from '../../../src/base/errors.ts';
import { treeToken } from '../../../src/base/tree-token.ts';
import {
  checkTree,
  placeTree,
  publishedMode,
  type Tree,
  type TreeFile,
  treeHash,
  unplaceTree,
} from '../../../src/publish/tree.ts';

const file = (content: string, mode = 0o644): TreeFile => ({ content: Buffer.from(content), mode });

const names = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const files = fc.record({
  content: fc.uint8Array({ maxLength: 40 }),
  mode: fc.constantFrom(0o600, 0o640, 0o644, 0o755),
});
const entries = fc.uniqueArray(fc.tuple(names, files), { selector: ([name]) => name, maxLength: 8 });

test('the hash does not depend on the order of files', () => {
  const shuffled = entries.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      assert.equal(treeHash(new Map(other)), treeHash(new Map(list)));
    }),
  );
});

test('two trees that differ in a path, a mode, a byte or a border between files have different hashes', () => {
  const trees: readonly Tree[] = [
    new Map(),
    new Map([['a', file('')]]),
    new Map([['b', file('')]]),
    new Map([['a', file('x')]]),
    new Map([['a', file('x', 0o600)]]),
    new Map([['a', file('xb 644 0\n')]]),
    new Map([
      ['a', file('x')],
      ['b', file('')],
    ]),
    new Map([
      ['a', file('')],
      ['b', file('x')],
    ]),
    new Map([['a/b', file('x')]]),
    new Map([['ab', file('x')]]),
  ];
  assert.equal(new Set(trees.map((tree) => treeHash(tree))).size, trees.length);
  for (const tree of trees) assert.match(treeHash(tree), /^[0-9a-f]{20}$/);
});

test('what is published may be written by its owner alone, and always be read by it', () => {
  const modes = [0o600, 0o400, 0o644, 0o755, 0o666, 0o777, 0o060, 0, 0o4755, 0o100644];
  assert.deepEqual(
    modes.map((mode) => publishedMode(mode).toString(8)),
    ['600', '400', '644', '755', '644', '755', '440', '400', '755', '644'],
  );
  assert.equal(
    treeHash(new Map([['a', file('x', 0o666)]])),
    treeHash(new Map([['a', file('x', 0o644)]])),
    'what is published the same has the same name',
  );
});

for (const path of [
  '',
  '/etc/nginx/nginx.conf',
  '..',
  '../x',
  'a/../b',
  'a/./b',
  './a',
  'a//b',
  'a/',
  'a\0b',
  'a\nb',
  'a\u0085b',
  'a\ud800',
  'x'.repeat(256),
  'ä'.repeat(128),
  Array.from({ length: 300 }, () => 'abc').join('/'),
])
  test(`${JSON.stringify(path.slice(0, 30))} is no path of a tree`, () => {
    assert.throws(
      () => checkTree(new Map([[path, file('')]])),
      (error) => error instanceof StewardError && error.code === 'STEWARD_TREE_PATH',
    );
  });

test('a path that is a file and a directory is refused by name', () => {
  const tree = new Map([
    ['conf.d/site/a.conf', file('')],
    ['conf.d/site', file('')],
  ]);
  assert.throws(() => checkTree(tree), /"conf\.d\/site\/a\.conf".*"conf\.d\/site" is a file/);
});

test('ordinary names pass', () => {
  const good = ['nginx.conf', 'conf.d/site.conf', '..hidden', 'a/.b', 'Straße/ü.conf', 'a b', '...', 'a\\b'];
  checkTree(new Map(good.map((path) => [path, file('')])));
});

test('whatever passes stays inside its directory', () => {
  const parts = fc.constantFrom('a', 'b', '.', '..', '', '/', '\0', '...', '..a');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 5 }), (list) => {
      const path = list.join('/');
      try {
        checkTree(new Map([[path, file('')]]));
      } catch {
        return;
      }
      assert.equal(resolve('/tree', path), `/tree/${path}`);
    }),
  );
});

test('the token gives way to the directory in every file, bytes that are no text unharmed, and comes back', () => {
  const odd = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
  const tree: Tree = new Map([
    ['nginx.conf', file(`root ${treeToken}/html; include ${treeToken}/a;`)],
    ['binary', { content: Buffer.concat([odd, Buffer.from(treeToken), odd]), mode: 0o600 }],
    ['plain', file('nothing')],
  ]);
  const directory = '/srv/$&/für/revisions/abc';
  const placed = placeTree(tree, directory);
  assert.equal(String(placed.get('nginx.conf')?.content), `root ${directory}/html; include ${directory}/a;`);
  assert.deepEqual(placed.get('binary'), {
    content: Buffer.concat([odd, Buffer.from(directory), odd]),
    mode: 0o600,
  });
  assert.equal(placed.get('plain'), tree.get('plain'));
  assert.equal(treeHash(unplaceTree(placed, directory)), treeHash(tree));
});
