import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestParameter, nginxQuote } from '../../../src/render/quote.ts';

const plain = { allowDollar: false };

/** What nginx's reader makes of a parameter in double quotes; undefined when it is not exactly one. */
function unquote(quoted: string): string | undefined {
  const match = /^"((?:[^"\\]|\\.)*)"$/s.exec(quoted);
  return match?.[1]?.replace(/\\(.)/gs, (whole, character: string) => {
    if ('"\'\\'.includes(character)) return character;
    return { t: '\t', r: '\r', n: '\n' }[character] ?? whole;
  });
}

test('a value that would end its directive stays one parameter', () => {
  assert.equal(nginxQuote('x; } evil {', plain), '"x; } evil {"');
  assert.equal(nginxQuote('a"b\\c\n', plain), '"a\\"b\\\\c\\n"');
  assert.equal(nginxQuote('', plain), '""');
  assert.equal(nginxQuote(8080, plain), '"8080"');
});

test('any string without `$` and NUL comes back whole, on one line', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: fc.constantFrom('"', "'", '\\', ';', '{', '}', '#', '\n', '\r', '\t', 'n', ' ') }),
  );
  fc.assert(
    fc.property(text, (value) => {
      fc.pre(!/[$\0]/.test(value));
      const quoted = nginxQuote(value, plain);
      assert.equal(unquote(quoted), value);
      assert.ok(!quoted.includes('\n'));
    }),
  );
});

test('`$` is refused unless it is wanted', () => {
  assert.throws(() => nginxQuote('cost: 5$', plain), /no escape for.*allow: "\$"/);
  assert.equal(nginxQuote('~\\.php$', { allowDollar: true }), '"~\\\\.php$"');
});

test('a list is one parameter per element', () => {
  assert.equal(nginxQuote(['a.example', 'b c', 3], plain), '"a.example" "b c" "3"');
});

test('what is no parameter is refused', () => {
  for (const value of [null, undefined, {}, [], [[]], [null], 'a\0b', 'x'.repeat(longestParameter + 1)])
    assert.throws(() => nginxQuote(value, plain), /^Error: nginx_quote: /);
  assert.equal(nginxQuote('x'.repeat(longestParameter), plain).length, longestParameter + 2);
});
