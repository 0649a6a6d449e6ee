import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '../../../src/controller/plan.ts';
import { type Happening, Simulation, type World } from '../../support/rollout-simulation.ts';

const podIndex = fc.integer({ min: 0, max: 49 });
const content = fc.integer({ min: 0, max: 3 });

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Happening>({ kind: 'reconcile' }) },
  {
    weight: 4,
    arbitrary: fc
      .integer({ min: 0, max: 12 })
      .map((killedAfter): Happening => ({ kind: 'reconcile', killedAfter })),
  },
  { weight: 10, arbitrary: podIndex.map((pod): Happening => ({ kind: 'agent', pod })) },
  { weight: 10, arbitrary: podIndex.map((pod): Happening => ({ kind: 'status', pod })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(podIndex, fc.constantFrom('Unproven' as const, 'Stopping' as const))
      .map(([pod, how]): Happening => ({ kind: 'agent', pod, how })),
  },
  { weight: 4, arbitrary: content.map((one): Happening => ({ kind: 'edit', content: one })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(podIndex, fc.boolean())
      .map(([pod, hangs]): Happening => ({ kind: 'hang', pod, hangs })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(podIndex, fc.boolean())
      .map(([pod, isReplaced]): Happening => ({ kind: 'die', pod, isReplaced })),
  },
  { weight: 2, arbitrary: podIndex.map((pod): Happening => ({ kind: 'start', pod })) },
  { weight: 1, arbitrary: fc.boolean().map((paused): Happening => ({ kind: 'pause', paused })) },
  {
    weight: 1,
    arbitrary: fc
      .option(content, { nil: undefined })
      .map((one): Happening => ({ kind: 'pin', content: one })),
  },
  { weight: 1, arbitrary: fc.boolean().map((withdrawn): Happening => ({ kind: 'withdraw', withdrawn })) },
  { weight: 1, arbitrary: fc.constantFrom('1', '2').map((token): Happening => ({ kind: 'ask', token })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 11 }).map((minutes): Happening => ({ kind: 'wait', minutes })),
  },
);

/** All Pods do what they are told, and say so. */
function everybody(pods: number): readonly Happening[] {
  return Array.from({ length: pods }, (_, pod): Happening[] => [
    { kind: 'agent', pod },
    { kind: 'status', pod },
  ]).flat();
}

const world: fc.Arbitrary<World> = fc.record({
  pods: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 50 })),
  maxConcurrent: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom('10%', '25%', '100%')),
  refusedBy: fc.tuple(...Array.from({ length: 4 }, () => fc.constantFrom<number>(0, 0, 0, 1, 2, 3))),
});

const scenario = fc.record({
  world,
  /** Whether all Pods are up with the first content before anything happens. */
  isUp: fc.boolean(),
  happenings: fc.array(happening, { maxLength: 80 }),
});

/** Contents that no happening brings: one that every Pod takes, and one that every Pod refuses. */
const takenByAll = 9;
const refusedByAll = 8;

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function play({ world: given, isUp, happenings }: Scenario): Simulation {
  const [first, ...others] = given.refusedBy;
  const refusedBy = [isUp ? 0 : (first ?? 0), ...others];
  refusedBy[refusedByAll] = 1;
  const simulation = new Simulation({ ...given, refusedBy });
  if (isUp) simulation.comeToRest(100);
  // Pods are named modulo their number, so that most happenings hit one.
  for (const one of happenings)
    simulation.happen('pod' in one ? { ...one, pod: one.pod % (given.pods + 2) } : one);
  return simulation;
}

function holds(check: (simulation: Simulation) => void): void {
  const numRuns = Number(process.env['STEWARD_TEST_RUNS'] ?? 250);
  fc.assert(
    fc.property(scenario, (it) => check(play(it))),
    { numRuns, seed: 7 },
  );
}

/** Far more than any rollout takes: each Pod for itself, there and back. */
const mostRounds = 400;

test('whatever happens, every plan keeps its promises, and once it ends everybody comes to rest where they should be', () => {
  holds((simulation) => {
    simulation.happen({ kind: 'pause', paused: false });
    simulation.happen({ kind: 'wait', minutes: 11 });
    const { plan, rounds } = simulation.comeToRest(mostRounds);
    assert.ok(rounds <= 4 * simulation.pods.size + 10, `${rounds} rounds for ${simulation.pods.size} Pods`);
    const allowed = [plan.wanted, plan.stable, plan.start].map((one) => one?.metadata.name);
    for (const { spec } of simulation.instances.values())
      assert.ok(
        plan.target === undefined || allowed.includes(spec.revision?.name),
        `at ${spec.revision?.name}`,
      );
    assert.deepEqual(
      [...simulation.instances.keys()].sort(),
      [...simulation.pods.values()].map(({ view }) => view.metadata.name).sort(),
    );
  });
});

/** Nothing holds the rollout of this content up. */
function endWith(simulation: Simulation, last: number): Plan {
  simulation.happen({ kind: 'pause', paused: false });
  simulation.happen({ kind: 'pin', content: undefined });
  simulation.happen({ kind: 'edit', content: last });
  simulation.happen({ kind: 'wait', minutes: 11 });
  return simulation.comeToRest(mostRounds).plan;
}

test('once it ends, what every Pod takes runs on every Pod', () => {
  holds((simulation) => {
    const { phase, stable } = endWith(simulation, takenByAll);
    assert.equal(phase, simulation.pods.size === 0 ? 'Idle' : 'RolledOut');
    if (simulation.pods.size > 0) assert.equal(stable?.metadata.name, 'c9');
    for (const { runs } of simulation.pods.values()) assert.equal(runs, 'c9');
  });
});

test('once it ends, what every Pod refuses runs on none, and all are back', () => {
  holds((simulation) => {
    const { phase, stable, wanted } = endWith(simulation, refusedByAll);
    if (simulation.pods.size === 0) return;
    if (stable === undefined) return;
    const told = [...simulation.instances.values()].map(({ spec }) => spec.revision?.name);
    assert.equal(wanted?.metadata.name, 'c8');
    for (const { runs } of simulation.pods.values()) assert.notEqual(runs, 'c8');
    // Where no Pod ever got up with the stable one, nothing else is left to try.
    if (phase === 'Rejected') assert.deepEqual([...new Set(told)], [stable.metadata.name]);
    else assert.notEqual(phase, 'RolledOut');
  });
});

test('a rollout in which all goes well tells each Pod once, and takes as many steps as there are batches', () => {
  const simulation = new Simulation({ pods: 20, maxConcurrent: '25%', refusedBy: [] });
  simulation.comeToRest(mostRounds);
  simulation.happen({ kind: 'edit', content: 1 });
  for (let step = 1; step <= 4; step += 1) {
    simulation.happen({ kind: 'reconcile' });
    for (const one of everybody(20)) simulation.happen(one);
    const updated = [...simulation.pods.values()].filter(({ runs }) => runs === 'c1');
    assert.equal(updated.length, 5 * step);
  }
});
