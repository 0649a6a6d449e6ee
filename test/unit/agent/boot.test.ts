import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { treeToBoot } from '../../../src/agent/boot.ts';

const second = 1000;

test('a first tree is published as soon as there is one', () => {
  assert.deepEqual(treeToBoot({ forMs: 0, lastGood: undefined, wanted: 'a' }), { tree: 'a' });
  assert.deepEqual(treeToBoot({ forMs: 0, lastGood: undefined, wanted: undefined }), { tree: undefined });
});

test('a restart boots the last good tree, whatever is wanted since', () => {
  assert.equal(treeToBoot({ forMs: 0, lastGood: 'good', wanted: 'new' }).tree, 'good');
  assert.equal(treeToBoot({ forMs: 29 * second, lastGood: 'good', wanted: 'new' }).tree, 'good');
});

test('an nginx that does not come up with the last good tree gets what is wanted, and they take turns', () => {
  const at = (seconds: number) =>
    treeToBoot({ forMs: seconds * second, lastGood: 'good', wanted: 'new' }).tree;
  assert.deepEqual([30, 89, 90, 209, 210].map(at), ['new', 'new', 'good', 'good', 'new']);
});

test('what must not be tried is never booted', () => {
  assert.deepEqual(treeToBoot({ forMs: 1e9, lastGood: 'good', wanted: undefined }), { tree: 'good' });
});

test('a turn always ends, within ten minutes, and changes the tree', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), (forMs) => {
      const absence = { forMs, lastGood: 'good', wanted: 'new' };
      const { tree, turnMs = Number.NaN } = treeToBoot(absence);
      assert.ok(turnMs > 0 && turnMs <= 600 * second);
      assert.notEqual(treeToBoot({ ...absence, forMs: forMs + turnMs }).tree, tree);
    }),
  );
});
