import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Askers } from '../../../src/agent/askers.ts';
import { Waker } from '../../../src/agent/waker.ts';
import type { Clock } from '../../../src/base/clock.ts';

/** A clock whose only timer is set off by hand. */
function handClock(): Clock & { ring(): void; readonly armed: number | undefined } {
  let armed: { ms: number; run: () => void } | undefined;
  return {
    now: () => 0,
    monotonic: () => 0,
    sleep: () => Promise.resolve(),
    after: (ms, run) => {
      armed = { ms, run };
      return () => {
        armed = undefined;
      };
    },
    ring: () => armed?.run(),
    get armed() {
      return armed?.ms;
    },
  };
}

const forever = new AbortController().signal;

test('a wake that comes while nobody sleeps is kept for the next sleep', async () => {
  const waker = new Waker(handClock());
  waker.wake();
  await waker.sleep(undefined, forever);
});

test('a wake ends a sleep and its timer', async () => {
  const clock = handClock();
  const waker = new Waker(clock);
  const sleeping = waker.sleep(1000, forever);
  assert.equal(clock.armed, 1000);
  waker.wake();
  await sleeping;
  assert.equal(clock.armed, undefined);
});

test('the time ends a sleep, and an abort does', async () => {
  const clock = handClock();
  const waker = new Waker(clock);
  const first = waker.sleep(5, forever);
  clock.ring();
  await first;
  const end = new AbortController();
  const second = waker.sleep(undefined, end.signal);
  end.abort();
  await second;
});

test('a request is answered by the first attempt that begins after a look made for it', async () => {
  const askers = new Askers();
  const answer = { outcome: 'Applied', message: '', lines: [] };
  const early = askers.add('control');
  askers.looked();
  const late = askers.add('control');
  askers.started();
  askers.finished(answer);
  assert.equal(await early, answer);
  const nothing = Symbol('nothing');
  assert.equal(await Promise.race([late, Promise.resolve(nothing)]), nothing);
  askers.dismiss({ ...answer, outcome: 'Unproven' });
  assert.equal((await late).outcome, 'Unproven');
});
