import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedWorkers, isComplete } from '../../../../src/nginx/reload/expected-workers.ts';

const cpus = { onlineCpus: 8, allowedCpus: 2 };

test('a number is that number, and none is one', () => {
  assert.deepEqual(expectedWorkers(4, 7, cpus), { kind: 'exactly', counts: [4] });
  assert.deepEqual(expectedWorkers(undefined, 7, cpus), { kind: 'exactly', counts: [1] });
});

test('auto is what the last generation had, and at first either way of counting CPUs', () => {
  assert.deepEqual(expectedWorkers('auto', 7, cpus), { kind: 'exactly', counts: [7] });
  assert.deepEqual(expectedWorkers('auto', undefined, cpus), { kind: 'exactly', counts: [8, 2] });
  assert.deepEqual(expectedWorkers('auto', undefined, { onlineCpus: 2, allowedCpus: 2 }), {
    kind: 'exactly',
    counts: [2],
  });
  assert.deepEqual(expectedWorkers('auto', 0, { onlineCpus: undefined, allowedCpus: undefined }), {
    kind: 'unknown',
  });
});

test('too many are complete, too few are not, and a number between two possible ones is too few', () => {
  const expected = { kind: 'exactly', counts: [8, 2] } as const;
  assert.deepEqual(
    [1, 2, 4, 8, 9].map((running) => isComplete(running, expected)),
    [false, true, false, true, true],
  );
  assert.ok(isComplete(1, { kind: 'unknown' }));
  assert.ok(!isComplete(0, { kind: 'unknown' }));
});
