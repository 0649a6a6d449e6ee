import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../../src/kube/backoff.ts';

test('each pause is between half and all of a step that doubles, and never more than the bound', () => {
  const backoff = { firstMs: 200, mostMs: 30_000 };
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(10_000), random, (tries, chance) => {
      const step = Math.min(30_000, 200 * 2 ** Math.min(tries, 10));
      const pause = backoffMs(backoff, tries, chance);
      assert.ok(pause >= step / 2 && pause <= step);
    }),
  );
});
