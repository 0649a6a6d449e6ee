import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameJson } from '../../../src/base/same-json.ts';

test('names may come in any order, at any depth; what is undefined is not there', () => {
  assert.ok(isSameJson({ a: 1, b: { c: [2], d: 3 } }, { b: { d: 3, c: [2] }, a: 1, e: undefined }));
});

test('another value, another order of a list and one name more are differences', () => {
  assert.ok(!isSameJson({ a: 1 }, { a: 2 }));
  assert.ok(!isSameJson([1, 2], [2, 1]));
  assert.ok(!isSameJson({ a: 1 }, { a: 1, b: null }));
});
