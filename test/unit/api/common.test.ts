import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs } from '../../../src/api/common.ts';

test('a duration is the sum of its parts, in milliseconds', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['0s', 0],
    ['500ms', 500],
    ['1s', 1000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['168h', 604_800_000],
    ['1h1m1s1ms', 3_661_001],
    ['1s1s', 2000],
  ];
  for (const [text, expected] of cases) assert.equal(durationMs(text), expected, text);
});

test('m followed by s is milliseconds, never minutes', () => {
  fc.assert(
    fc.property(fc.nat(999_999), fc.nat(999_999), (minutes, milliseconds) => {
      assert.equal(durationMs(`${minutes}m${milliseconds}ms`), minutes * 60_000 + milliseconds);
    }),
  );
});
