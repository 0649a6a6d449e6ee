import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StewardError } from '../../../src/base/errors.ts';
import { mergeValues, parseValues, valuesFromEnvironment } from '../../../src/render/values.ts';

async function refused(text: string): Promise<string> {
  try {
    await parseValues(text, 'values.yaml');
  } catch (error) {
    assert.ok(error instanceof StewardError);
    assert.equal(error.code, 'STEWARD_VALUES');
    return error.message;
  }
  return assert.fail('not refused');
}

test('YAML and JSON give the same values', async () => {
  const values = { port: 8080, tls: { on: true, names: ['a', 'b'] }, none: null };
  assert.deepEqual(await parseValues(JSON.stringify(values), 'v'), values);
  assert.deepEqual(await parseValues('port: 8080\ntls:\n  on: true\n  names: [a, b]\nnone:\n', 'v'), values);
  assert.deepEqual(await parseValues('', 'v'), {});
  assert.deepEqual(await parseValues('# nothing\n', 'v'), {});
});

test('YAML is 1.2: `on` and dates are text; merge keys work', async () => {
  assert.deepEqual(
    await parseValues('a: on\nb: 2024-01-01\nc: &c { x: 1 }\nd: { <<: *c, y: 2 }\n8: z', 'v'),
    {
      a: 'on',
      b: '2024-01-01',
      c: { x: 1 },
      d: { x: 1, y: 2 },
      8: 'z',
    },
  );
});

test('a mistake is named with line and column', async () => {
  assert.match(await refused('a: 1\nb: [1,\n'), /^values\.yaml:3:1: /);
  assert.match(await refused('a: 1\na: 2\n'), /^values\.yaml:2:1: .*unique/);
  assert.match(await refused('{"a": 1,, }'), /^values\.yaml:1:/);
});

test('what cannot be values is refused', async () => {
  assert.match(await refused('- a'), /mapping of names/);
  assert.match(await refused('text'), /mapping of names/);
  assert.match(await refused('steward: { tree: /etc }'), /reserved/);
  assert.match(await refused('{"a": {"__proto__": {"b": 1}}}'), /__proto__/);
  assert.match(await refused('a: { __proto__: 1 }'), /__proto__/);
  assert.match(await refused(`{"a": ${'['.repeat(100)}${']'.repeat(100)}}`), /deeper than 64/);
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef'])
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`);
  assert.match(await refused(bomb.join('\n')), /alias/i);
});

test('later values win, mappings by name, lists as a whole', () => {
  assert.deepEqual(
    mergeValues({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] } }, { d: { e: null }, f: 'x' }),
    { a: { b: 1, c: [3] }, d: { e: null }, f: 'x' },
  );
  assert.deepEqual(mergeValues(), {});
});

test('the environment gives values under a prefix', () => {
  const environment = { APP_UPSTREAM_PORT: '8080', APP_: 'x', APPLE: '1', PATH: '/bin' };
  assert.throws(() => valuesFromEnvironment('APP', environment), /APP_ gives no name/);
  assert.deepEqual(valuesFromEnvironment('APP', { ...environment, APP_: undefined }), {
    upstream_port: '8080',
  });
  assert.deepEqual(valuesFromEnvironment('APP_', { APP_A: '' }), { a: '' });
});

test('variables of the environment that collide, or a bad prefix, are refused', () => {
  assert.throws(
    () => valuesFromEnvironment('A', { A_B: '1', A_b: '2' }),
    /A_B and A_b are both the value `b`/,
  );
  assert.throws(() => valuesFromEnvironment('', { A: '1' }), /not a prefix/);
  assert.throws(() => valuesFromEnvironment('A', { A_STEWARD: '1' }), /reserved/);
});
