import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NginxConfig } from '../../../../src/api/nginx-config.ts';
import { type Goal, later, progressOf } from '../../../../src/cli/cluster/goal.ts';
import { conditionsOf, configOf } from '../../../support/cluster-scene.ts';

const ready = { type: 'Ready', status: 'True' };
const settled = conditionsOf({ Ready: ['True', 'RolledOut', 'on all'], Stalled: ['False', 'RolledOut', ''] });
const stalled = conditionsOf({
  Ready: ['False', 'RolloutRejected', 'refused'],
  Stalled: ['True', 'RolloutRejected', 'refused'],
});

function goal(sources: Readonly<Record<string, string>>, generation = 1, condition = ready): Goal {
  const all = Object.entries(sources).map(([name, resourceVersion]) => ({ name, resourceVersion }));
  return { generation, sources: all, condition };
}

function seen(
  sources: Readonly<Record<string, string>>,
  conditions: NonNullable<NginxConfig['status']>['conditions'],
  observedGeneration = 1,
): NginxConfig {
  const all = Object.entries(sources).map(([name, resourceVersion]) => ({ name, resourceVersion }));
  return configOf('web', { status: { observedGeneration, sources: all, conditions } });
}

const cases: readonly (readonly [string, NginxConfig, Goal, string])[] = [
  ['everything seen and proven is reached', seen({ a: '7' }, settled), goal({ a: '7' }), 'reached'],
  ['an older version of a ConfigMap is not seen', seen({ a: '6' }, settled), goal({ a: '7' }), 'unseen'],
  ['a newer version is as good', seen({ a: '12' }, settled), goal({ a: '7' }), 'reached'],
  ['versions are compared as numbers', seen({ a: '99' }, settled), goal({ a: '100' }), 'unseen'],
  ['what is no number is equal or not', seen({ a: 'b9' }, settled), goal({ a: 'b7' }), 'unseen'],
  ['an older generation is not seen', seen({ a: '7' }, settled, 1), goal({ a: '7' }, 2), 'unseen'],
  ['a refusal of older content is not this one', seen({ a: '6' }, stalled), goal({ a: '7' }), 'unseen'],
  ['a refusal of this content is one', seen({ a: '7' }, stalled), goal({ a: '7' }), 'refused'],
  ['one that is missing is seen as missing', seen({ a: '' }, settled), goal({ a: '' }), 'reached'],
  ['one deleted is seen when its version went', seen({ a: '6' }, settled), goal({ a: '' }), 'unseen'],
  [
    'one no longer chosen is seen when it went',
    seen({ a: '7', b: '1' }, settled),
    goal({ a: '7' }),
    'unseen',
  ],
  ['one that is new is seen when it is listed', seen({}, settled), goal({ a: '7' }), 'unseen'],
  ['no status at all is nothing seen', configOf('web'), goal({}), 'unseen'],
  ['a condition that is not there yet is under way', seen({ a: '7' }, []), goal({ a: '7' }), 'underWay'],
  [
    'waiting for Stalled is no refusal',
    seen({ a: '7' }, stalled),
    goal({ a: '7' }, 1, { type: 'Stalled', status: 'True' }),
    'reached',
  ],
];

for (const [name, config, wanted, kind] of cases)
  test(name, () => {
    assert.equal(progressOf(config, wanted).kind, kind);
  });

test('what is not seen is named with both versions', () => {
  const progress = progressOf(seen({ a: '6' }, settled), goal({ a: '7', b: '9' }, 3));
  assert.deepEqual(progress, {
    kind: 'unseen',
    missing: [
      'NginxConfig web (generation 3, seen: 1)',
      'ConfigMap a (version 7, seen: 6)',
      'ConfigMap b (version 9, seen: none)',
    ],
  });
});

test('the versions of the beginning stay, what came and went counts as it is now', () => {
  const before = goal({ kept: '7', gone: '8', back: '' });
  const now = [
    { name: 'kept', resourceVersion: '70' },
    { name: 'gone', resourceVersion: '' },
    { name: 'back', resourceVersion: '90' },
    { name: 'new', resourceVersion: '91' },
  ];
  assert.deepEqual(later(before, now).sources, [
    { name: 'kept', resourceVersion: '7' },
    { name: 'gone', resourceVersion: '' },
    { name: 'back', resourceVersion: '90' },
    { name: 'new', resourceVersion: '91' },
  ]);
});
