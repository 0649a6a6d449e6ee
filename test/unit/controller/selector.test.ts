import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LabelSelector } from '../../../src/api/nginx-config.ts';
import { matchesSelector, selectorProblem } from '../../../src/controller/selector.ts';

const labels = { tier: 'edge', 'example.com/team': 'shop', empty: '' };

const cases: readonly (readonly [what: string, selector: LabelSelector, matches: boolean])[] = [
  ['nothing asked for matches everything', {}, true],
  ['a label with its value', { matchLabels: { tier: 'edge' } }, true],
  ['a label with another value', { matchLabels: { tier: 'core' } }, false],
  ['a label that is not there', { matchLabels: { zone: 'a' } }, false],
  ['a label without a value', { matchLabels: { empty: '' } }, true],
  ['no label is not an empty one', { matchLabels: { zone: '' } }, false],
  ['all labels must match', { matchLabels: { tier: 'edge', 'example.com/team': 'bank' } }, false],
  ['In with the value', expression('tier', 'In', ['core', 'edge']), true],
  ['In without the value', expression('tier', 'In', ['core']), false],
  ['In of a label that is not there', expression('zone', 'In', ['a', '']), false],
  ['NotIn without the value', expression('tier', 'NotIn', ['core']), true],
  ['NotIn with the value', expression('tier', 'NotIn', ['edge']), false],
  ['NotIn of a label that is not there', expression('zone', 'NotIn', ['a']), true],
  ['Exists', expression('example.com/team', 'Exists'), true],
  ['Exists of an empty value', expression('empty', 'Exists'), true],
  ['Exists of a label that is not there', expression('zone', 'Exists'), false],
  ['DoesNotExist', expression('zone', 'DoesNotExist'), true],
  ['DoesNotExist of an empty value', expression('empty', 'DoesNotExist'), false],
  ['names that every object knows are no labels', expression('constructor', 'Exists'), false],
  [
    'labels and expressions must all hold',
    { matchLabels: { tier: 'edge' }, ...expression('zone', 'Exists') },
    false,
  ],
];

for (const [what, selector, matches] of cases)
  test(`selector: ${what}`, () => {
    assert.equal(selectorProblem(selector), undefined);
    assert.equal(matchesSelector(selector, labels), matches);
  });

const refused: readonly (readonly [what: string, selector: LabelSelector, message: RegExp])[] = [
  ['In without values', expression('tier', 'In'), /In needs values, such as/],
  ['NotIn with an empty list', expression('tier', 'NotIn', []), /NotIn needs values/],
  ['Exists with values', expression('tier', 'Exists', ['a']), /Exists takes no values/],
  ['DoesNotExist with values', expression('tier', 'DoesNotExist', ['a']), /DoesNotExist takes no values/],
  ['a key with a space', expression('a b', 'Exists'), /"a b" is no label's key/],
  ['a key with two slashes', { matchLabels: { 'a/b/c': 'x' } }, /no label's key/],
  ['a prefix in capitals', { matchLabels: { 'Example.com/a': 'x' } }, /no label's key/],
  ['a key of 64 characters', { matchLabels: { ['k'.repeat(64)]: 'x' } }, /no label's key/],
  ['a value with a slash', { matchLabels: { a: 'b/c' } }, /"b\/c" is no label's value/],
  ['a value of 64 characters', expression('a', 'In', ['v'.repeat(64)]), /no label's value/],
];

for (const [what, selector, message] of refused)
  test(`selector: ${what} is refused, and matches nothing`, () => {
    assert.match(selectorProblem(selector) ?? '', message);
    assert.equal(matchesSelector(selector, labels), false);
    assert.equal(matchesSelector(selector, {}), false);
  });

test('NotIn is what In is not, and DoesNotExist what Exists is not', () => {
  const key = fc.constantFrom('tier', 'zone', 'empty', 'toString');
  const values = fc.array(fc.constantFrom('', 'edge', 'a'), { minLength: 1, maxLength: 3 });
  const some = fc.dictionary(key, fc.constantFrom('', 'edge', 'a', 'b'));
  fc.assert(
    fc.property(key, values, some, (key, values, labels) => {
      const matches = (selector: LabelSelector): boolean => matchesSelector(selector, labels);
      assert.notEqual(matches(expression(key, 'In', values)), matches(expression(key, 'NotIn', values)));
      assert.notEqual(matches(expression(key, 'Exists')), matches(expression(key, 'DoesNotExist')));
    }),
  );
});

function expression(
  key: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
  values?: string[],
): LabelSelector {
  return { matchExpressions: [{ key, operator, ...(values !== undefined && { values }) }] };
}
