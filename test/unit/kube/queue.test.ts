import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WorkQueue } from '../../../src/kube/queue.ts';
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts';

/** Lets everything that can go on without time passing go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Running {
  readonly key: string;
  finish(error?: Error): void;
}

/** A queue whose handlers run until they are told to finish. */
function stage({ concurrency = 1, random = 0 }: { concurrency?: number; random?: number } = {}) {
  const clock: FakeClock = fakeClock();
  const failed: [key: string, againInMs: number][] = [];
  const queue = new WorkQueue({
    clock,
    random: () => random,
    failed: (key, _, againInMs) => failed.push([key, againInMs]),
  });
  const running: Running[] = [];
  const begun: string[] = [];
  const end = new AbortController();
  const ended = queue.run(
    (key) =>
      new Promise((resolve, reject) => {
        begun.push(key);
        const one: Running = {
          key,
          finish: (error) => {
            running.splice(running.indexOf(one), 1);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        running.push(one);
      }),
    { signal: end.signal, concurrency },
  );
  return {
    ...{ queue, clock, failed, running, begun },
    finish: async (error?: Error) => {
      running[0]?.finish(error);
      await settle();
    },
    end: async () => {
      end.abort();
      await ended;
    },
  };
}

test('a key that was added many times is handled once', async () => {
  const { queue, begun, finish, end } = stage();
  for (let count = 0; count < 100; count += 1) queue.add('a');
  await settle();
  await finish();
  assert.deepEqual(begun, ['a']);
  assert.equal(queue.depth(), 0);
  await end();
});

test('a key that is added while it is being handled is handled once more, and never twice at a time', async () => {
  const { queue, begun, running, finish, end } = stage({ concurrency: 4 });
  queue.add('a');
  await settle();
  for (let count = 0; count < 5; count += 1) queue.add('a');
  await settle();
  assert.equal(running.length, 1);
  assert.equal(queue.depth(), 1);
  await finish();
  assert.deepEqual(begun, ['a', 'a']);
  await finish();
  assert.deepEqual(begun, ['a', 'a']);
  await end();
});

test('as many keys as allowed are handled side by side, in their order', async () => {
  const { queue, running, finish, end } = stage({ concurrency: 2 });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await settle();
  assert.deepEqual(
    running.map(({ key }) => key),
    ['a', 'b'],
  );
  await finish();
  assert.deepEqual(
    running.map(({ key }) => key),
    ['b', 'c'],
  );
  await finish();
  await finish();
  await end();
});

test('a key for later waits, and comes at once where it is added at once', async () => {
  const { queue, clock, begun, finish, end } = stage();
  queue.add('a', 1000);
  queue.add('b', 1000);
  queue.add('b');
  await settle();
  assert.deepEqual(begun, ['b']);
  await finish();
  clock.advance(999);
  await settle();
  assert.deepEqual(begun, ['b']);
  clock.advance(1);
  await settle();
  assert.deepEqual(begun, ['b', 'a']);
  await finish();
  clock.advance(10_000);
  await settle();
  assert.deepEqual(begun, ['b', 'a']);
  await end();
});

test('of two times the sooner one counts, whichever was said first', async () => {
  const { queue, clock, begun, finish, end } = stage();
  queue.add('a', 1000);
  queue.add('a', 100);
  queue.add('b', 100);
  queue.add('b', 1000);
  clock.advance(100);
  await settle();
  await finish();
  await finish();
  clock.advance(10_000);
  await settle();
  assert.deepEqual(begun, ['a', 'b']);
  await end();
});

test('a key for later that is being handled now comes again when it is due', async () => {
  const { queue, clock, begun, finish, end } = stage();
  queue.add('a');
  await settle();
  queue.add('a', 500);
  await finish();
  assert.deepEqual(begun, ['a']);
  clock.advance(500);
  await settle();
  assert.deepEqual(begun, ['a', 'a']);
  await finish();
  await end();
});

test('a handler that fails is tried again after pauses that double up to a bound; success forgets them', async () => {
  const { queue, clock, failed, finish, end } = stage({ random: 0.999_999 });
  queue.add('a');
  await settle();
  for (let count = 0; count < 12; count += 1) {
    await finish(new Error('no'));
    clock.advance(60_000);
    await settle();
  }
  const pauses = failed.map(([, pause]) => Math.round(pause));
  assert.deepEqual(pauses.slice(0, 4), [100, 200, 400, 800]);
  assert.equal(pauses.at(-1), 60_000);
  await finish();
  queue.add('a');
  await settle();
  await finish(new Error('no'));
  assert.equal(Math.round(failed.at(-1)?.[1] ?? 0), 100);
  await end();
});

test('a failing key holds up no other one, and comes at once when it is added anew', async () => {
  const { queue, begun, finish, end } = stage();
  queue.add('bad');
  queue.add('good');
  await settle();
  await finish(new Error('no'));
  await finish();
  assert.deepEqual(begun, ['bad', 'good']);
  queue.add('bad');
  await settle();
  assert.deepEqual(begun, ['bad', 'good', 'bad']);
  await finish();
  await end();
});

test('the end waits for what is under way, and leaves no timer', async () => {
  const { queue, clock, running, begun, end } = stage();
  queue.add('a');
  queue.add('b');
  queue.add('c', 1000);
  await settle();
  let isOver = false;
  const ended = (async () => {
    await end();
    isOver = true;
  })();
  await settle();
  assert.equal(isOver, false);
  running[0]?.finish();
  await ended;
  assert.deepEqual(begun, ['a']);
  assert.equal(clock.waiting, 0);
});

test('whatever is added, whenever, is handled after it was added for the last time, and never beside itself', async () => {
  const step = fc.oneof(
    fc.record({ add: fc.constantFrom('a', 'b', 'c'), after: fc.constantFrom(0, 0, 5, 50) }),
    fc.record({ finish: fc.boolean() }),
    fc.record({ pass: fc.integer({ min: 1, max: 60 }) }),
  );
  const run = async (steps: readonly Partial<Record<'add' | 'after' | 'finish' | 'pass', unknown>>[]) => {
    const { queue, clock, running, begun, finish, end } = stage({ concurrency: 2 });
    const asked = new Map<string, number>();
    for (const { add, after, finish: isGood, pass } of steps) {
      if (typeof add === 'string') {
        asked.set(add, begun.length);
        queue.add(add, Number(after));
      }
      if (isGood !== undefined) running[0]?.finish(isGood === true ? undefined : new Error('no'));
      if (pass !== undefined) clock.advance(Number(pass));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(new Set(running.map(({ key }) => key)).size, running.length);
    }
    const isBusy = (): boolean => running.length > 0 || clock.waiting > 0 || queue.depth() > 0;
    for (let round = 0; round < 10 && isBusy(); round += 1) {
      clock.advance(120_000);
      await settle();
      while (running.length > 0) await finish();
    }
    for (const [key, at] of asked) assert.ok(begun.lastIndexOf(key) >= at, `${key}: ${begun.join(' ')}`);
    assert.equal(queue.depth(), 0);
    await end();
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), run), { numRuns: 60 });
});
