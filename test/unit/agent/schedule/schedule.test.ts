import assert from 'node:assert/strict';
import { test } from 'node:test';
import { next } from '../../../../src/agent/schedule/schedule.ts';
import {
  asked,
  defaultPolicy,
  finished,
  initialState,
  looked,
  lookFailed,
  looking,
  noticed,
  type Seen,
  started,
} from '../../../../src/agent/schedule/state.ts';
import { type Happening, type SimulationOptions, simulate } from '../../../support/schedule-simulation.ts';

const policy = defaultPolicy;

function run(happenings: readonly Happening[], options: Partial<SimulationOptions> = {}) {
  return simulate({ policy, happenings, until: 3_600_000, ...options });
}

const change: Seen = { hash: 'a', trigger: 'change' };

test('the first look and the first attempt come at once', () => {
  const { attempts, looks } = run([]);
  assert.deepEqual([attempts.length, attempts[0]?.at, looks], [1, 1, 1]);
});

test('a swap is looked at and tried at once', () => {
  const { attempts } = run([{ at: 5000, volume: 'new' }]);
  assert.deepEqual(
    attempts.map(({ at, hash }) => [at, hash]),
    [
      [1, '0/0'],
      [5001, 'new/0'],
    ],
  );
});

test('a loose file waits for 200 ms of quiet', () => {
  const happenings = [5000, 5100, 5250].map((at) => ({ at, loose: String(at) }));
  const { attempts, reasons } = run(happenings);
  assert.deepEqual([attempts.length, attempts[1]?.at], [2, 5250 + 200 + 1]);
  assert.deepEqual(reasons, ['settle']);
});

test('a loose file that never rests waits 2 s', () => {
  const happenings = Array.from({ length: 40 }, (_, i) => ({ at: 5000 + i * 50, loose: String(i) }));
  assert.equal(run(happenings).attempts[1]?.at, 5000 + 2000 + 1);
});

test('noise in a directory of loose files does not hold a swap up', () => {
  const noise = Array.from({ length: 100 }, (_, i) => ({ at: 5000 + i * 50, notice: 'loose' as const }));
  assert.equal(run([...noise, { at: 6025, volume: 'new' }]).attempts[1]?.at, 6026);
});

test('a swap while another file is half written waits for that file', () => {
  const { attempts } = run([
    { at: 5000, loose: 'half' },
    { at: 5050, volume: 'new' },
    { at: 5100, loose: 'whole' },
  ]);
  assert.deepEqual(
    attempts.slice(1).map(({ at, hash }) => [at, hash]),
    [[5301, 'new/whole']],
  );
});

test('a change that a rescan finds in loose files is looked at again after quiet', () => {
  let state = looking(initialState(), 0, policy);
  state = looked(state, 1, { hash: 'a', loose: 'a', trigger: 'change' });
  state = finished(started(state, 1), 2, { outcome: 'proven', signalled: true, runs: 'a' }, 0, policy);
  state = looking(noticed(state, 60_000, 'rescan'), 60_000, policy);
  state = looked(state, 60_001, { hash: 'b', loose: 'b', trigger: 'change' });
  const decision = next(state, policy, 60_001);
  assert.equal(decision.act, 'wait');
  assert.equal(decision.until, 60_201);
});

test('the same bytes are no reload, however often they are written', () => {
  const happenings = Array.from({ length: 50 }, (_, i) => ({ at: 5000 + i * 997, volume: '0' }));
  const { attempts, looks } = run(happenings);
  assert.deepEqual([attempts.length, looks], [1, 51]);
});

test('a thousand changes while one reload runs are one more reload', () => {
  const happenings = Array.from({ length: 1000 }, (_, i) => ({ at: 5002 + i * 2, volume: String(i) }));
  const { attempts, looks } = run([{ at: 5000, volume: 'first' }, ...happenings], { attemptMs: 2500 });
  assert.deepEqual(
    attempts.map(({ hash }) => hash),
    ['0/0', 'first/0', '999/0'],
  );
  assert.equal(looks, 3);
});

test('300 files changed one by one within 3 s are at most four reloads', () => {
  for (const kind of ['volume', 'loose'] as const) {
    const happenings = Array.from({ length: 300 }, (_, i) => ({ at: 5000 + i * 10, [kind]: String(i) }));
    const { attempts } = run(happenings as Happening[]);
    assert.ok(attempts.length - 1 <= 4, `${attempts.length - 1} reloads`);
    assert.match(attempts.at(-1)?.hash ?? '', /299/);
  }
});

test('reloads keep a second between them', () => {
  const { attempts, reasons } = run([
    { at: 5000, volume: 'a' },
    { at: 5300, volume: 'b' },
  ]);
  assert.deepEqual(
    attempts.slice(1).map(({ at }) => at),
    [5001, 5101 + 1000],
  );
  assert.deepEqual(reasons, ['min-interval']);
});

test('what was refused before any signal keeps nobody waiting', () => {
  const { attempts } = run(
    [
      { at: 5000, volume: 'bad' },
      { at: 5300, volume: 'good' },
    ],
    { outcome: (hash) => (hash === 'bad/0' ? 'refused' : 'proven') },
  );
  assert.equal(attempts[2]?.at, 5301);
});

test('a manual reload waits neither for the interval nor for draining generations', () => {
  const { attempts } = run([
    { at: 5000, volume: 'a' },
    { at: 5150, draining: 9 },
    { at: 5200, ask: 'control' },
  ]);
  assert.deepEqual([attempts[2]?.at, attempts[2]?.trigger, attempts[2]?.urgent], [5201, 'control', true]);
});

test('a certificate about to expire waits for neither', () => {
  const { attempts } = run([
    { at: 4000, draining: 9 },
    { at: 5000, volume: 'a' },
    { at: 5200, urgent: true },
  ]);
  assert.deepEqual([attempts[1]?.at, attempts[1]?.urgent], [5201, true]);
});

test('a scheduled reload comes with the same bytes and waits like a change', () => {
  const { attempts } = run([
    { at: 5000, volume: 'a' },
    { at: 5200, ask: 'schedule' },
    { at: 5201, ask: 'schedule' },
  ]);
  assert.deepEqual(
    attempts.slice(1).map(({ at, trigger }) => [at, trigger]),
    [
      [5001, 'change'],
      [6101, 'schedule'],
    ],
  );
});

test('requests while a reload runs are one more reload', () => {
  const happenings: Happening[] = Array.from({ length: 20 }, (_, i) => ({ at: 5010 + i, ask: 'control' }));
  const { attempts } = run([{ at: 5000, volume: 'a' }, ...happenings]);
  assert.deepEqual(
    attempts.map(({ trigger }) => trigger),
    ['change', 'change', 'control'],
  );
});

test('a manual reload behind a scheduled one goes first', () => {
  const { attempts } = run([
    { at: 5000, volume: 'a' },
    { at: 5200, ask: 'schedule' },
    { at: 5300, ask: 'control' },
  ]);
  assert.deepEqual(
    attempts.slice(1).map(({ at, trigger }) => [at, trigger]),
    [
      [5001, 'change'],
      [5301, 'control'],
    ],
  );
});

test('a storm of swaps with the same bytes is read twenty times a second at most', () => {
  const happenings = Array.from({ length: 1000 }, (_, i) => ({ at: 5000 + i, volume: '0' }));
  assert.ok(run(happenings).looks <= 1 + 21);
});

test('nothing is done while an attempt runs', () => {
  let state = started(looked(looking(initialState(), 0, policy), 1, change), 1);
  state = asked(noticed(state, 2, 'swap'), 2, 'control');
  assert.deepEqual(next(state, policy, 60_000), { act: 'wait' });
});

test('an ordinary reload waits while more than four generations drain', () => {
  const { attempts, reasons } = run([
    { at: 4000, draining: 5 },
    { at: 5000, volume: 'a' },
    { at: 65_000, draining: 4 },
  ]);
  assert.equal(attempts[1]?.at, 65_000);
  assert.deepEqual(reasons, ['max-draining']);
});

test('after ten minutes it goes on and says why', () => {
  const { attempts } = run([
    { at: 4000, draining: 5 },
    { at: 5000, volume: 'a' },
    { at: 300_000, volume: 'b' },
  ]);
  assert.deepEqual([attempts[1]?.at, attempts[1]?.hash], [5001 + 600_000, 'b/0']);
  assert.equal(
    attempts[1]?.note,
    '5 generations of workers still drain (more than 4); reloaded all the same after 10 min',
  );
});

test('the next change after that waits ten minutes of its own', () => {
  const { attempts } = run([
    { at: 4000, draining: 5 },
    { at: 5000, volume: 'a' },
    { at: 700_000, volume: 'b' },
  ]);
  assert.deepEqual(
    attempts.slice(1).map(({ at }) => at),
    [605_001, 1_300_001],
  );
});

test('a failed attempt is tried again, with pauses that double up to five minutes', () => {
  const { attempts } = run([{ at: 5000, volume: 'a' }], {
    outcome: (hash) => (hash === 'a/0' ? 'failed' : 'proven'),
    random: 0.999_999_999,
    until: 2_000_000,
  });
  const pauses = attempts.slice(2).map((attempt, i) => Math.round(attempt.at - (attempts[i + 1]?.end ?? 0)));
  assert.deepEqual(pauses.slice(0, 4), [1000, 2000, 4000, 8000]);
  assert.deepEqual(pauses.slice(-2), [300_000, 300_000]);
  assert.equal(attempts[2]?.trigger, 'retry');
});

test('a failed attempt is over when another content is wanted', () => {
  const { attempts, state } = run(
    [
      { at: 5000, volume: 'a' },
      { at: 20_000, volume: 'b' },
    ],
    { outcome: (hash) => (hash === 'a/0' ? 'failed' : 'proven') },
  );
  assert.deepEqual([attempts.at(-1)?.at, attempts.at(-1)?.trigger], [20_001, 'change']);
  assert.equal(state.failure, undefined);
});

test('one rejected content is tried five times, then only when somebody asks', () => {
  const { attempts, last } = run([{ at: 5000, volume: 'bad' }], {
    outcome: (hash) => (hash === 'bad/0' ? 'rejected' : 'proven'),
  });
  assert.equal(attempts.length, 1 + 5);
  assert.equal(last.act === 'wait' && last.pending?.reason, 'refused');
  const more = run(
    [
      { at: 5000, volume: 'bad' },
      { at: 1_000_000, ask: 'annotation' },
      { at: 2_000_000, volume: 'bad' },
    ],
    { outcome: (hash) => (hash === 'bad/0' ? 'rejected' : 'proven') },
  );
  assert.equal(more.attempts.length, 1 + 6);
  assert.deepEqual([more.attempts[6]?.at, more.attempts[6]?.trigger], [1_000_001, 'annotation']);
});

test('content that lint refused is not tried again', () => {
  const { attempts } = run([{ at: 5000, volume: 'bad' }], {
    outcome: (hash) => (hash === 'bad/0' ? 'refused' : 'proven'),
  });
  assert.equal(attempts.length, 2);
});

test('a new master gives rejected content one more try, and none to what lint refused', () => {
  const tries = (outcome: 'rejected' | 'refused') =>
    run(
      [
        { at: 5000, volume: 'bad' },
        { at: 1_000_000, masterStarts: '0/0' },
        { at: 1_100_000, masterStarts: '0/0' },
      ],
      { outcome: (hash) => (hash === 'bad/0' ? outcome : 'proven') },
    ).attempts.length;
  assert.deepEqual([tries('rejected'), tries('refused')], [1 + 7, 2]);
});

test('good, bad, and the same good again: the bad one leaves nothing behind', () => {
  const { attempts, state, last } = run(
    [
      { at: 5000, volume: 'bad' },
      { at: 5500, volume: '0' },
      { at: 9000, volume: 'bad' },
    ],
    { outcome: (hash, number) => (hash === 'bad/0' && number < 2 ? 'rejected' : 'proven') },
  );
  assert.deepEqual(
    attempts.map(({ hash, result }) => [hash, result.outcome]),
    [
      ['0/0', 'proven'],
      ['bad/0', 'rejected'],
      ['bad/0', 'proven'],
    ],
  );
  assert.equal(state.proven, 'bad/0');
  assert.deepEqual(last, { act: 'wait' });
});

test('when it is not known what nginx runs, the last good content is tried again', () => {
  let state = looked(looking(initialState(), 0, policy), 1, change);
  state = finished(started(state, 1), 100, { outcome: 'proven', signalled: true, runs: 'a' }, 0, policy);
  state = looking(noticed(state, 5000, 'swap'), 5000, policy);
  state = looked(state, 5001, { ...change, hash: 'b' });
  const unknown = { outcome: 'failed', signalled: true, runs: undefined } as const;
  state = finished(started(state, 5001), 5100, unknown, 0, policy);
  state = looked(looking(noticed(state, 9000, 'swap'), 9000, policy), 9001, change);
  assert.deepEqual(next(state, policy, 9001), { act: 'attempt', trigger: 'change', urgent: false });
});

test('in place, files that changed and changed back during a reload are one more reload', () => {
  const happenings = [
    { at: 5000, volume: 'a' },
    { at: 5020, volume: 'b' },
    { at: 5050, volume: 'a' },
  ];
  assert.equal(run(happenings, { inPlace: true }).attempts.length, 3);
  assert.equal(run(happenings).attempts.length, 2);
});

test('in place, changes that come back between reloads are none', () => {
  const { attempts } = run([{ at: 5000, volume: '0' }], { inPlace: true });
  assert.equal(attempts.length, 1);
});

test('a half changed certificate pair waits for its other half', () => {
  const { attempts, reasons } = run([
    { at: 5000, pair: true },
    { at: 5000, volume: 'cert' },
    { at: 25_000, pair: false },
    { at: 25_000, volume: 'cert and key' },
  ]);
  assert.deepEqual(
    attempts.map(({ at, hash }) => [at, hash]),
    [
      [1, '0/0'],
      [25_001, 'cert and key/0'],
    ],
  );
  assert.deepEqual(reasons, ['certificate-pair']);
});

test('a pair that never fits becomes an error with both names and is still not applied', () => {
  const { attempts, last } = run([
    { at: 5000, pair: true },
    { at: 5000, volume: 'cert' },
  ]);
  assert.equal(attempts.length, 1);
  assert.ok(last.act === 'wait' && last.pending?.overdue === true && last.until === undefined);
  assert.match(last.pending.message, /\/tls\/tls\.crt.*\/tls\/tls\.key.*more than 2 min/);
});

test('the wait for the other half is not begun again by each look', () => {
  const rescans = Array.from({ length: 6 }, (_, i) => ({ at: 30_000 * (i + 1), notice: 'rescan' as const }));
  const { last } = run([{ at: 5000, pair: true }, { at: 5000, volume: 'cert' }, ...rescans], {
    until: 170_000,
  });
  assert.equal(last.act === 'wait' && last.pending?.overdue, true);
});

test('whoever asks while a pair does not fit is told at once', () => {
  const { attempts, declined } = run([
    { at: 5000, pair: true },
    { at: 5000, volume: 'cert' },
    { at: 6000, ask: 'control' },
  ]);
  assert.equal(attempts.length, 1);
  assert.deepEqual(
    declined.map(({ reason, triggers }) => [reason, triggers]),
    [['certificate-pair', ['control']]],
  );
});

test('without a master nothing is tried, and what came meanwhile is tried when there is one', () => {
  const { attempts, reasons, declined } = run([
    { at: 4000, blocked: 'no nginx master runs' },
    { at: 5000, volume: 'a' },
    { at: 6000, ask: 'control' },
    { at: 60_000, masterStarts: '0/0' },
  ]);
  assert.deepEqual([attempts.length, attempts[1]?.at, attempts[1]?.trigger], [2, 60_000, 'change']);
  assert.deepEqual([reasons, declined[0]?.message], [['master'], 'no nginx master runs']);
});

test('a master that booted what is wanted needs no reload', () => {
  const { attempts } = run([
    { at: 4000, blocked: 'no nginx master runs' },
    { at: 5000, volume: 'a' },
    { at: 60_000, masterStarts: 'a/0' },
  ]);
  assert.equal(attempts.length, 1);
});

test('a master going down during an attempt counts as no failure', () => {
  const { attempts } = run([{ at: 5000, volume: 'a' }], {
    outcome: (_hash, number) => (number > 0 && number < 9 ? 'stopping' : 'proven'),
  });
  assert.equal(attempts.length, 10);
  assert.ok(attempts.every(({ at }, i) => i < 2 || at - (attempts[i - 1]?.at ?? 0) < 1500));
});

test('a master going down does not open what was refused for the last time again', () => {
  const { attempts } = run(
    [
      { at: 5000, volume: 'bad' },
      { at: 1_000_000, ask: 'control' },
    ],
    { outcome: (_hash, number) => (number === 0 ? 'proven' : number === 6 ? 'stopping' : 'rejected') },
  );
  assert.equal(attempts.length, 1 + 6);
});

test('sources that cannot be read are looked at again later, or when something changes', () => {
  let state = lookFailed(looking(initialState(), 0, policy), 1, 0.5, policy);
  assert.deepEqual(next(state, policy, 1), {
    act: 'wait',
    until: 751,
    pending: { reason: 'settle', message: 'the sources could not be read: they are read again', until: 751 },
  });
  state = noticed(state, 100, 'swap');
  assert.deepEqual(next(state, policy, 100), { act: 'look' });
});

test('whoever asks has everything looked at again, without settling', () => {
  let state = looked(looking(initialState(), 0, policy), 1, change);
  state = finished(started(state, 1), 100, { outcome: 'proven', signalled: true, runs: 'a' }, 0, policy);
  state = asked(noticed(state, 101, 'loose'), 102, 'control');
  assert.deepEqual(next(state, policy, 102), { act: 'look' });
});
