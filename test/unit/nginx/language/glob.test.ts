import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { glob, isPattern } from '../../../../src/nginx/language/glob.ts';

const nothing = { read: () => undefined, list: () => undefined };
const tree = (...paths: string[]): ReturnType<typeof overlayFiles> =>
  overlayFiles(new Map(paths.map((path) => [path, new Uint8Array()])), nothing);

const files = tree(
  ...['/e/b.conf', '/e/a.conf', '/e/B.conf', '/e/.hidden.conf', '/e/a.txt', '/e/x1.conf', '/e/x-.conf'],
  ...[
    '/e/d/one/s.conf',
    '/e/d/two/s.conf',
    '/e/d/two/t.conf',
    '/e/[odd].conf',
    '/e/*.star',
    '/e/é.conf',
    '/e/..data/a.conf',
  ],
);

for (const [pattern, found] of [
  [
    '/e/*.conf',
    ['/e/B.conf', '/e/[odd].conf', '/e/a.conf', '/e/b.conf', '/e/x-.conf', '/e/x1.conf', '/e/é.conf'],
  ],
  ['/e/?.conf', ['/e/B.conf', '/e/a.conf', '/e/b.conf', '/e/é.conf']],
  ['/e/[ab].conf', ['/e/a.conf', '/e/b.conf']],
  ['/e/[!ab].conf', ['/e/B.conf', '/e/é.conf']],
  ['/e/[^a-z].conf', ['/e/B.conf', '/e/é.conf']],
  ['/e/x[[:digit:]].conf', ['/e/x1.conf']],
  ['/e/x[]0-9-].conf', ['/e/x-.conf', '/e/x1.conf']],
  ['/e/.*.conf', ['/e/.hidden.conf']],
  ['/e/d/*/s.conf', ['/e/d/one/s.conf', '/e/d/two/s.conf']],
  ['/e/d/*', ['/e/d/one', '/e/d/two']],
  ['/e/\\*.s*', ['/e/*.star']],
  ['/e/[[]odd].conf', ['/e/[odd].conf']],
  ['/e/[odd.conf', []],
  ['/e/*.nothing', []],
  ['/nowhere/*', []],
] as const) {
  test(`${pattern} matches ${found.length}`, () => {
    assert.deepEqual(glob(files, pattern), found);
  });
}

test('a name is a pattern where it holds one of three characters', () => {
  assert.deepEqual(['/a', '/a*', '/a?', '/[a', '/{a,b}', '~/a'].map(isPattern), [
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
});

test('stars match as an expression would', () => {
  const part = fc.stringMatching(/^[ab*?]{1,8}$/);
  fc.assert(
    fc.property(part, fc.stringMatching(/^[ab]{1,8}$/), (pattern, name) => {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
      if (isPattern(pattern)) assert.equal(glob(tree(`/${name}`), `/${pattern}`).length === 1, expected);
    }),
  );
});
