import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { structuralSchema } from '../../../src/api/structural.ts';

test('a number or a string becomes int-or-string, without types of its own', () => {
  const schema = z
    .union([z.number().int(), z.string()])
    .default('25%')
    .meta({ 'x-kubernetes-int-or-string': true });
  assert.deepEqual(structuralSchema(schema), { default: '25%', 'x-kubernetes-int-or-string': true });
});

test('an object of any content keeps unknown fields', () => {
  const expected = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  assert.deepEqual(structuralSchema(z.record(z.string(), z.unknown())), expected);
  assert.deepEqual(structuralSchema(z.unknown()), { 'x-kubernetes-preserve-unknown-fields': true });
});

test('a map says what its values are, and never has properties beside them', () => {
  assert.deepEqual(structuralSchema(z.record(z.string(), z.string().max(63))), {
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 63 },
  });
});

test('whole numbers and times are said by their format', () => {
  const schema = z.object({ count: z.number().int(), some: z.number().int().min(1), at: z.iso.datetime() });
  assert.deepEqual(structuralSchema(schema).properties, {
    count: { type: 'integer', format: 'int64' },
    some: { type: 'integer', format: 'int64', minimum: 1 },
    at: { type: 'string', format: 'date-time' },
  });
});

test('what no structural schema can say is an error that names the place', () => {
  const cases: readonly (readonly [z.ZodType, RegExp])[] = [
    [z.object({ a: z.object({ b: z.union([z.string(), z.boolean()]) }) }), /^TypeError: \.a\.b: /],
    [z.object({ a: z.array(z.tuple([z.string(), z.number()])) }), /^TypeError: \.a\[\]/],
    [z.object({ a: z.string().nullable() }), /^TypeError: \.a: /],
  ];
  for (const [schema, message] of cases) assert.throws(() => structuralSchema(schema), message);
});
