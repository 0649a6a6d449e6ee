import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AttemptOutcome, defaultPolicy } from '../../../../src/agent/schedule/state.ts';
import { type Happening, type Simulation, simulate } from '../../../support/schedule-simulation.ts';

const policy = defaultPolicy;
const minute = 60_000;
const content = fc.constantFrom('0', '1', '2', '3');

/** Ten minutes of anything, never leaving nginx without a master at the end. */
const happening: fc.Arbitrary<Happening> = fc
  .tuple(
    fc.integer({ min: 0, max: 10 * minute }),
    fc.oneof(
      { weight: 4, arbitrary: content.map((volume) => ({ volume })) },
      { weight: 4, arbitrary: content.map((loose) => ({ loose })) },
      fc.constantFrom('swap' as const, 'loose' as const, 'rescan' as const).map((notice) => ({ notice })),
      fc.constantFrom('schedule' as const, 'annotation' as const, 'control' as const).map((ask) => ({ ask })),
      fc.integer({ min: 0, max: 8 }).map((draining) => ({ draining })),
      fc.boolean().map((pair) => ({ pair })),
      fc.constant({ masterStarts: undefined }),
    ),
  )
  .map(([at, what]) => ({ at, ...what }));

/** Bursts: the same thing many times, a few milliseconds apart. */
const burst: fc.Arbitrary<Happening[]> = fc
  .tuple(happening, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 40 }))
  .map(([first, times, gap]) =>
    Array.from({ length: times }, (_, i) => ({ ...first, at: first.at + i * gap })),
  );

const scenario = fc.record({
  bursts: fc.array(burst, { maxLength: 12 }),
  outcomes: fc.array(
    fc.constantFrom<AttemptOutcome>(
      'proven',
      'proven',
      'proven',
      'rejected',
      'failed',
      'stopping',
      'refused',
    ),
    {
      maxLength: 12,
    },
  ),
  attemptMs: fc.integer({ min: 1, max: 4000 }),
  lookMs: fc.integer({ min: 0, max: 30 }),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  inPlace: fc.boolean(),
});

/** Every scenario ends with a fitting pair, a master, no draining, and outcomes that are `proven`. */
function play({ bursts, outcomes, ...rest }: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
  const end = 11 * minute;
  const happenings = [
    ...bursts.flat(),
    { at: end, pair: false },
    { at: end, draining: 0 },
    { at: end, masterStarts: undefined },
    { at: end + 1, ask: 'control' as const },
  ];
  const outcome = (_: string, number: number, at: number): AttemptOutcome =>
    at >= end ? 'proven' : (outcomes[number] ?? 'proven');
  const simulation = simulate({ policy, happenings, outcome, until: 60 * minute, ...rest });
  const wanted = { volume: '0', loose: '0' };
  for (const it of [...happenings].sort((a, b) => a.at - b.at))
    if ('volume' in it || 'loose' in it) Object.assign(wanted, it);
  return { ...simulation, wanted: `${wanted.volume}/${wanted.loose}` };
}

function holds(check: (simulation: Simulation & { wanted: string }) => void): void {
  fc.assert(
    fc.property(scenario, (it) => check(play(it))),
    { numRuns: 300 },
  );
}

test('whatever happens, the last content is proven in the end and nothing is left to do', () => {
  holds(({ state, wanted, last }) => {
    assert.equal(state.proven, wanted);
    assert.deepEqual(last, { act: 'wait' });
  });
});

test('attempts never overlap, and ordinary ones keep the interval', () => {
  holds(({ attempts }) => {
    for (const [i, attempt] of attempts.entries()) {
      const before = attempts.slice(0, i).filter(({ result }) => result.signalled);
      assert.ok(attempt.at >= (attempts[i - 1]?.end ?? 0));
      if (!attempt.urgent && before.length > 0)
        assert.ok(attempt.at - (before.at(-1)?.end ?? 0) >= policy.minIntervalMs);
    }
  });
});

test('what nginx provably runs is never loaded again when nobody asks', () => {
  const quiet = scenario.map(({ bursts, ...rest }) => ({
    ...rest,
    inPlace: false,
    happenings: bursts.flat().filter((it) => !('ask' in it) && !('masterStarts' in it)),
  }));
  fc.assert(
    fc.property(quiet, ({ outcomes, ...rest }) => {
      const outcome = (_: string, number: number): AttemptOutcome => outcomes[number] ?? 'proven';
      const { attempts } = simulate({ policy, outcome, until: 60 * minute, ...rest });
      let runs: string | undefined;
      for (const { hash, result } of attempts) {
        assert.notEqual(hash, runs);
        runs = result.runs;
      }
    }),
    { numRuns: 300 },
  );
});

test('a change of a volume alone is tried at once whenever nothing stands in its way', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1500, max: 20_000 }), { maxLength: 20 }), (gaps) => {
      const happenings = gaps.map((_, i) => ({
        at: gaps.slice(0, i + 1).reduce((sum, gap) => sum + gap, 0),
        volume: `v${i}`,
      }));
      const { attempts } = simulate({ policy, happenings, until: 10 * minute });
      assert.deepEqual(
        attempts.slice(1).map((attempt) => attempt.at - 1),
        happenings.map((happening) => happening.at),
      );
    }),
    { numRuns: 100 },
  );
});

test('an event every 50 ms for a minute never starves and never makes more reloads than the rules allow', () => {
  const streams = fc.record({
    kind: fc.constantFrom('volume' as const, 'loose' as const),
    attemptMs: fc.integer({ min: 1, max: 3000 }),
    minIntervalMs: fc.integer({ min: 0, max: 5000 }),
    lookMs: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(streams, ({ kind, attemptMs, minIntervalMs, lookMs }) => {
      const happenings = Array.from({ length: 1200 }, (_, i) => ({
        at: 5000 + i * 50,
        [kind]: `c${i}`,
      })) as unknown as Happening[];
      const own = { ...policy, minIntervalMs };
      const { attempts } = simulate({ policy: own, happenings, until: 10 * minute, attemptMs, lookMs });
      const settle = kind === 'loose' ? own.settleMaxMs : 0;
      const longest = Math.max(minIntervalMs, settle + own.lookGapMs + lookMs) + own.lookGapMs + lookMs;
      for (const [i, attempt] of attempts.entries()) {
        if (i < 2) continue;
        const pause = attempt.at - (attempts[i - 1]?.end ?? 0);
        assert.ok(pause >= minIntervalMs, `${pause} ms between reloads`);
        assert.ok(pause <= longest, `starved for ${pause} ms, ${longest} allowed`);
      }
      assert.match(attempts.at(-1)?.hash ?? '', /c1199/);
    }),
    { numRuns: 60 },
  );
});

test('one rejected content is tried at most five times unless somebody asks', () => {
  const asks = fc.array(fc.integer({ min: 5000, max: 10 * minute }), { maxLength: 4 });
  fc.assert(
    fc.property(asks, fc.double({ min: 0, max: 0.99, noNaN: true }), (times, random) => {
      const happenings = [
        { at: 5000, volume: 'bad' },
        ...times.map((at) => ({ at, ask: 'control' as const })),
      ];
      const outcome = (hash: string): AttemptOutcome => (hash === 'bad/0' ? 'rejected' : 'proven');
      const { attempts } = simulate({ policy, happenings, until: 60 * minute, outcome, random });
      const unasked = attempts.filter(({ hash, trigger }) => hash === 'bad/0' && trigger !== 'control');
      assert.ok(unasked.length <= policy.rejectedTries);
    }),
    { numRuns: 60 },
  );
});
