import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { pathProblem, targetProblems } from '../../../src/render/paths.ts';

function problems(...paths: readonly string[]): readonly string[] {
  return targetProblems(paths.map((path, index) => ({ path, origin: `source ${index}` }))).map(
    (problem) => problem.message,
  );
}

test('names that leave the tree or mean nothing are refused', () => {
  const bad = [
    '',
    '/',
    '/etc/passwd',
    '..',
    'a/../b',
    'a/..',
    '.',
    './a',
    'a//b',
    'a/',
    'a\0b',
    'a\nb',
    'a\x7f',
  ];
  for (const path of [...bad, 'x'.repeat(256), `a/${'é'.repeat(128)}/b`])
    assert.notEqual(pathProblem(path), undefined, JSON.stringify(path));
  for (const path of [
    'nginx.conf',
    'conf.d/a b.conf',
    '..a',
    'a..',
    '...',
    'é/ü',
    '.hidden',
    'x'.repeat(255),
  ])
    assert.equal(pathProblem(path), undefined, path);
});

test('a name that is not refused stays below whatever directory it is put in', () => {
  const part = fc.constantFrom('.', '..', 'a', '', '/', '...', 'b.liquid', '\0');
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = parts.join('/');
      if (pathProblem(path) !== undefined) return;
      assert.equal(posix.join('/tree', path), `/tree/${path}`);
    }),
  );
});

test('two sources for one path name both', () => {
  assert.deepEqual(problems('a', 'b', 'a'), ['source 2: a has two sources: this one and source 0']);
  assert.deepEqual(problems('a.conf.liquid', 'a.conf'), [
    'source 1: a.conf has two sources: this one and source 0',
  ]);
});

test('one path cannot be a file and a directory', () => {
  assert.deepEqual(problems('a/b/c', 'a.liquid', 'ab/c'), [
    'source 0: a/b/c needs a to be a directory, and source 1 makes it a file',
  ]);
});

test('a suffix alone leaves no name', () => {
  assert.match(problems('.liquid')[0] ?? '', /the name is empty: "\.liquid"/);
  assert.match(problems('a/.liquid')[0] ?? '', /empty part/);
});
