import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NginxInstance } from '../../../src/api/nginx-instance.ts';
import { mostAtOnce, type Plan, plan } from '../../../src/controller/plan.ts';
import type { RevisionView } from '../../../src/controller/views.ts';
import {
  type ConfigChanges,
  config,
  instance,
  minute,
  now,
  revision,
  verdict,
} from '../../support/controller-objects.ts';

interface Scene {
  readonly config?: ConfigChanges;
  /** Default: r7 applied, r8 new. */
  readonly revisions?: readonly RevisionView[];
  readonly latest?: string;
  readonly pods: readonly NginxInstance[];
}

interface Expected {
  readonly phase?: Plan['phase'];
  readonly target?: string | undefined;
  readonly stable?: string | undefined;
  readonly start?: string | undefined;
  /** `pod → revision`. */
  readonly moves: readonly string[];
  readonly refused?: string;
  readonly stuck?: readonly string[];
  readonly refusing?: readonly string[];
  readonly wakeInMs?: number | undefined;
}

const two = [revision('r7', 'Applied'), revision('r8', 'RollingOut')];
const rejected = [revision('r7', 'Applied'), revision('r8', 'Rejected')];

function decide({ config: changes, revisions = two, latest = 'r8', pods }: Scene): Plan {
  return plan({ config: config({ stable: 'r7', ...changes }), latest, revisions, instances: pods, now });
}

const table: readonly (readonly [string, Scene, Expected])[] = [
  [
    'a new revision goes to as many Pods as may be unproven, in the order of their names',
    {
      config: { maxConcurrent: 2 },
      pods: [instance('c', 'r7', 'r7'), instance('b', 'r7', 'r7'), instance('a', 'r7', 'r7')],
    },
    { phase: 'Progressing', target: 'r8', stable: 'r7', start: 'r7', moves: ['a → r8', 'b → r8'] },
  ],
  [
    'a Pod that serves something proven goes before one that does not',
    { pods: [instance('a', 'r7', 'r7', { ready: false }), instance('b', 'r7', 'r7')] },
    { moves: ['b → r8'] },
  ],
  [
    'nobody follows before the one under way is proven',
    { pods: [instance('a', 'r8', 'r7'), instance('b', 'r7', 'r7')] },
    { moves: [], wakeInMs: 10 * minute - 1000 },
  ],
  [
    'a proven Pod makes room for the next',
    { pods: [instance('a', 'r8', 'r8'), instance('b', 'r7', 'r7')] },
    { moves: ['b → r8'], wakeInMs: undefined },
  ],
  [
    'what is proven on all Pods is stable',
    { pods: [instance('a', 'r8', 'r8'), instance('b', 'r8', 'r8')] },
    { phase: 'RolledOut', target: 'r8', stable: 'r8', start: 'r8', moves: [] },
  ],
  [
    'a refusal sends back everybody who was moved; who still runs the stable one needs no room for that',
    {
      config: { maxConcurrent: 1 },
      pods: [
        instance('a', 'r8', 'r7', { verdict: verdict('Rejected', 'r8') }),
        instance('b', 'r8', 'r7'),
        instance('c', 'r8', 'r8'),
        instance('d', 'r8', 'r8'),
        instance('e', 'r7', 'r7'),
      ],
    },
    { phase: 'RollingBack', target: 'r7', refused: 'a', moves: ['a → r7', 'b → r7', 'c → r7'] },
  ],
  ...(['Rejected', 'Degraded', 'RefusedByLint', 'RefusedByProbe'] as const).map(
    (kind): readonly [string, Scene, Expected] => [
      `${kind} is a refusal`,
      { pods: [instance('a', 'r8', 'r7', { verdict: verdict(kind, 'r8') })] },
      { phase: 'RollingBack', refused: 'a', moves: ['a → r7'] },
    ],
  ),
  ...(['Stopping', 'Unproven', 'Failed', 'SomethingNew'] as const).map(
    (kind): readonly [string, Scene, Expected] => [
      `${kind} is none`,
      { pods: [instance('a', 'r8', 'r7', { verdict: verdict(kind, 'r8') }), instance('b', 'r7', 'r7')] },
      { phase: 'Progressing', moves: [] },
    ],
  ),
  [
    'a refusal counts although its Pod was told something else meanwhile',
    { pods: [instance('a', 'r7', 'r7', { verdict: verdict('Rejected', 'r8') }), instance('b', 'r7', 'r7')] },
    { phase: 'Rejected', target: 'r7', refused: 'a', moves: [] },
  ],
  [
    'the rejected revision is not tried again, whoever is there now',
    { revisions: rejected, pods: [instance('new', 'r7', 'r7')] },
    { phase: 'Rejected', target: 'r7', stable: 'r7', start: 'r7', moves: [] },
  ],
  [
    'a rejected revision that all Pods have come to run all the same is the stable one',
    { revisions: rejected, pods: [instance('a', 'r8', 'r8')] },
    { phase: 'RolledOut', stable: 'r8', moves: [] },
  ],
  [
    'with a new number it is tried again, and what was refused before does not count',
    {
      revisions: [revision('r7', 'Applied'), revision('r8', 'Pending', { number: 9 })],
      pods: [instance('a', 'r7', 'r7', { verdict: verdict('Rejected', 'r8') })],
    },
    { phase: 'Progressing', moves: ['a → r8'] },
  ],
  [
    'who still stands at what it refused is told anew',
    {
      revisions: [revision('r7', 'Applied'), revision('r8', 'Pending', { number: 9 })],
      pods: [instance('a', 'r8', 'r7', { verdict: verdict('Rejected', 'r8') })],
    },
    { phase: 'Progressing', moves: ['a → r8'] },
  ],
  [
    'content that comes back is no news to who runs it',
    {
      config: { stable: 'r7' },
      revisions: [revision('r7', 'Pending', { number: 9 }), revision('r8', 'RollingOut')],
      latest: 'r7',
      pods: [instance('a', 'r7', 'r7'), instance('b', 'r8', 'r8'), instance('c', 'r8', 'r7')],
    },
    { phase: 'Progressing', target: 'r7', stable: 'r7', moves: ['c → r7', 'b → r7'] },
  ],
  [
    'a newer edit first takes those that are under way with the older one, and they keep their room',
    {
      config: { maxConcurrent: 2 },
      revisions: [...two, revision('r9', 'Pending')],
      latest: 'r9',
      pods: [
        instance('a', 'r7', 'r7'),
        instance('b', 'r7', 'r7'),
        instance('c', 'r8', 'r8'),
        instance('d', 'r8', 'r7'),
        instance('e', 'r8', 'r7'),
      ],
    },
    { moves: ['d → r9', 'e → r9'] },
  ],
  [
    'then those that are proven at the older one, then the others',
    {
      config: { maxConcurrent: 2 },
      revisions: [...two, revision('r9', 'Pending')],
      latest: 'r9',
      pods: [instance('a', 'r7', 'r7'), instance('b', 'r7', 'r7'), instance('c', 'r8', 'r8')],
    },
    { moves: ['c → r9', 'a → r9'] },
  ],
  [
    'more under way than may be (the limit was lowered): no more of them go on at once than may',
    {
      config: { maxConcurrent: 1 },
      revisions: [...two, revision('r9', 'Pending')],
      latest: 'r9',
      pods: [instance('a', 'r8', 'r7'), instance('b', 'r8', 'r7'), instance('c', 'r7', 'r7')],
    },
    { moves: ['a → r9'] },
  ],
  [
    'a starting Pod gets the stable revision, also in the middle of a rollout',
    { pods: [instance('a', 'r8', 'r7'), instance('new', undefined, undefined)] },
    { moves: ['new → r7'] },
  ],
  [
    'it is left alone until it serves',
    { pods: [instance('a', 'r8', 'r8'), instance('new', 'r7', undefined)] },
    { phase: 'Progressing', stable: 'r7', moves: [] },
  ],
  [
    'then it follows',
    { pods: [instance('a', 'r8', 'r8'), instance('new', 'r7', 'r7')] },
    { moves: ['new → r8'] },
  ],
  [
    'it follows too when it has refused the stable one',
    {
      pods: [
        instance('a', 'r8', 'r8'),
        instance('new', 'r7', undefined, { verdict: verdict('Rejected', 'r7') }),
      ],
    },
    { phase: 'Progressing', moves: ['new → r8'] },
  ],
  [
    'and when it does not get up with it in time',
    { pods: [instance('a', 'r7', 'r7'), instance('new', 'r7', undefined, { toldMs: 10 * minute })] },
    { moves: ['a → r8'], stuck: ['new'] },
  ],
  [
    'when no Pod gets up with the stable one, the newer one may help: they try it one after the other',
    {
      pods: [
        instance('a', 'r7', undefined, { toldMs: 10 * minute }),
        instance('b', 'r7', undefined, { toldMs: 10 * minute }),
      ],
    },
    { stable: 'r7', moves: ['a → r8'] },
  ],
  [
    'a Pod that never served does not keep the others from what they all run',
    { pods: [instance('a', 'r8', 'r8'), instance('new', 'r8', undefined, { toldMs: 10 * minute })] },
    { phase: 'Progressing', stable: 'r8', start: 'r8', moves: [], stuck: ['new'] },
  ],
  [
    'a Pod that served and does not answer does',
    { pods: [instance('a', 'r8', 'r8'), instance('b', 'r8', 'r7', { toldMs: 10 * minute })] },
    { phase: 'Progressing', stable: 'r7', start: 'r7', moves: [], stuck: ['b'] },
  ],
  [
    'who does not answer keeps its room: nobody follows it',
    { pods: [instance('a', 'r7', 'r7'), instance('b', 'r8', 'r7', { toldMs: 10 * minute })] },
    { moves: [], stuck: ['b'], wakeInMs: undefined },
  ],
  [
    'but on the way back nobody waits for it longer than its time',
    {
      revisions: rejected,
      pods: [instance('a', 'r8', 'r8'), instance('b', 'r7', 'r8', { toldMs: 10 * minute })],
    },
    { phase: 'RollingBack', moves: ['a → r7'], stuck: ['b'] },
  ],
  [
    'within its time it is waited for, back too',
    { revisions: rejected, pods: [instance('a', 'r8', 'r8'), instance('b', 'r7', 'r8')] },
    { moves: [], stuck: [] },
  ],
  [
    'a Pod that refuses what all others run is named, and nothing is rejected by that',
    {
      revisions: [revision('r7', 'Applied')],
      latest: 'r7',
      pods: [
        instance('a', 'r7', 'r7'),
        instance('b', 'r7', undefined, { verdict: verdict('Rejected', 'r7'), toldMs: 11 * minute }),
      ],
    },
    { phase: 'Progressing', target: 'r7', stable: 'r7', moves: [], refusing: ['b'], stuck: [] },
  ],
  [
    'paused: no Pod moves, but a starting one starts',
    {
      config: { paused: true, maxConcurrent: '100%' },
      pods: [
        instance('a', 'r7', 'r7'),
        instance('b', 'r8', 'r7', { verdict: verdict('Unproven', 'r8') }),
        instance('new', undefined, undefined),
      ],
    },
    { phase: 'Paused', moves: ['new → r7'] },
  ],
  [
    'paused after a refusal: nobody goes back either',
    {
      config: { paused: true },
      pods: [instance('a', 'r8', 'r7', { verdict: verdict('Rejected', 'r8') }), instance('b', 'r8', 'r8')],
    },
    { phase: 'Rejected', moves: [] },
  ],
  [
    'paused, with all where they should be, is rolled out',
    { config: { paused: true }, pods: [instance('a', 'r8', 'r8')] },
    { phase: 'RolledOut', moves: [] },
  ],
  [
    'a pin goes before the latest, for starting Pods too',
    {
      config: { pin: 'r6' },
      revisions: [revision('r6', 'Applied'), ...two],
      pods: [instance('a', 'r7', 'r7'), instance('new', undefined, undefined)],
    },
    { target: 'r6', start: 'r6', moves: ['new → r6', 'a → r6'] },
  ],
  [
    'a pin to what was taken back is obeyed',
    {
      config: { pin: 'r6' },
      revisions: [revision('r6', 'Applied', { withdrawn: true }), ...two],
      pods: [instance('a', 'r7', 'r7')],
    },
    { phase: 'Progressing', target: 'r6', moves: ['a → r6'] },
  ],
  [
    'a pin to what does not exist moves nobody',
    {
      config: { pin: 'r5' },
      pods: [instance('a', 'r7', 'r7'), instance('new', undefined, undefined)],
    },
    { phase: 'Idle', target: undefined, start: 'r7', moves: ['new → r7'] },
  ],
  [
    'a pinned revision that is refused is no start any more',
    {
      config: { pin: 'r6' },
      revisions: [revision('r6', 'Superseded'), ...two],
      pods: [instance('a', 'r6', 'r7', { verdict: verdict('Rejected', 'r6') })],
    },
    { phase: 'RollingBack', start: 'r7', moves: ['a → r7'] },
  ],
  [
    'what was taken back gives way to the newest before it that was applied',
    {
      config: { stable: 'r8' },
      revisions: [
        revision('r5', 'Applied'),
        revision('r6', 'Rejected'),
        revision('r7', 'Superseded'),
        revision('r8', 'Applied', { withdrawn: true }),
      ],
      pods: [instance('a', 'r8', 'r8'), instance('b', 'r8', 'r8')],
    },
    { phase: 'Progressing', target: 'r5', stable: 'r5', start: 'r5', moves: ['a → r5'] },
  ],
  [
    'and with all there it says so',
    {
      config: { stable: 'r7' },
      revisions: [revision('r7', 'Applied'), revision('r8', 'Applied', { withdrawn: true })],
      pods: [instance('a', 'r7', 'r7')],
    },
    { phase: 'Withdrawn', target: 'r7', moves: [] },
  ],
  [
    'the next content after that is rolled out',
    {
      config: { stable: 'r7' },
      revisions: [
        revision('r7', 'Applied'),
        revision('r8', 'Applied', { withdrawn: true }),
        revision('r9', 'Pending'),
      ],
      latest: 'r9',
      pods: [instance('a', 'r7', 'r7')],
    },
    { phase: 'Progressing', moves: ['a → r9'] },
  ],
  [
    'no instances: nothing to do, and who comes starts with the stable one',
    { pods: [] },
    { phase: 'Idle', target: 'r8', stable: 'r7', start: 'r7', moves: [], wakeInMs: undefined },
  ],
  [
    'the first revision goes to all starting Pods at once',
    {
      config: { stable: 'none' },
      revisions: [revision('r1', 'Pending')],
      latest: 'r1',
      pods: ['a', 'b', 'c'].map((name) => instance(name, undefined, undefined)),
    },
    { start: 'r1', stable: undefined, moves: ['a → r1', 'b → r1', 'c → r1'] },
  ],
  [
    'one that no Pod could start with is replaced in all of them at once: they serve nobody',
    {
      config: { stable: 'none' },
      revisions: [revision('r1', 'Rejected'), revision('r2', 'Pending')],
      latest: 'r2',
      pods: ['a', 'b', 'c'].map((name) =>
        instance(name, 'r1', undefined, { verdict: verdict('Rejected', 'r1') }),
      ),
    },
    { moves: ['a → r2', 'b → r2', 'c → r2'] },
  ],
  [
    'rejected with nothing to go back to: all stay',
    {
      config: { stable: 'none' },
      revisions: [revision('r1', 'RollingOut')],
      latest: 'r1',
      pods: [
        instance('a', 'r1', 'r1'),
        instance('b', 'r1', undefined, { verdict: verdict('Rejected', 'r1') }),
        instance('new', undefined, undefined),
      ],
    },
    { phase: 'Rejected', target: undefined, start: 'r1', moves: ['new → r1'] },
  ],
  [
    'the stable revision was deleted: the newest that was applied takes its place',
    {
      config: { stable: 'r7' },
      revisions: [revision('r5', 'Applied'), revision('r6', 'Applied'), revision('r8', 'Rejected')],
      pods: [instance('a', 'r8', 'r8'), instance('b', 'r7', 'r7')],
    },
    { phase: 'RollingBack', target: 'r6', stable: 'r6', moves: ['a → r6'] },
  ],
  [
    'nothing rendered yet: nothing to run',
    { revisions: [], latest: 'r1', pods: [instance('a', undefined, undefined)] },
    { phase: 'Idle', target: undefined, start: undefined, moves: [] },
  ],
];

for (const [sentence, scene, expected] of table)
  test(sentence, () => {
    const decided = decide(scene);
    const actual = {
      phase: decided.phase,
      target: decided.target?.metadata.name,
      stable: decided.stable?.metadata.name,
      start: decided.start?.metadata.name,
      moves: decided.moves.map((one) => `${one.instance.metadata.name} → ${one.revision.metadata.name}`),
      refused: decided.refused?.instance,
      stuck: decided.stuck,
      refusing: decided.refusing,
      wakeInMs: decided.wakeInMs,
    };
    assert.deepEqual({ ...actual, ...expected }, actual);
  });

test('percentages are rounded up, and one Pod may always be moved', () => {
  const given = [
    mostAtOnce('25%', 4),
    mostAtOnce('25%', 5),
    mostAtOnce('1%', 3),
    mostAtOnce('100%', 7),
    mostAtOnce('25%', 0),
    mostAtOnce(3, 1),
  ];
  assert.deepEqual(given, [1, 2, 1, 7, 1, 3]);
});

test('five thousand Pods are decided about in no time', () => {
  const pods = Array.from({ length: 5000 }, (_, index) =>
    instance(`pod-${index}`, index % 3 === 0 ? 'r8' : 'r7', index % 6 === 0 ? 'r8' : 'r7'),
  );
  decide({ pods });
  const start = performance.now();
  decide({ config: { maxConcurrent: '50%' }, pods });
  // About 3 ms; whatever grows with the square takes seconds.
  assert.ok(performance.now() - start < 500, `${performance.now() - start} ms`);
});
