import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, parseGlobals } from '../../../../src/nginx/language/parse.ts';
import { type Directive, positionAt, positionOf } from '../../../../src/nginx/language/syntax-tree.ts';

const read = (text: string): ReturnType<typeof parse> => parse('/t/nginx.conf', Buffer.from(text));

/** Directives as plain lists: name, arguments, and the block's directives. */
type Shape = readonly (string | readonly Shape[])[];
const shapeOf = (directives: readonly Directive[]): Shape[] =>
  directives.map(({ name, args, block }) => [
    name,
    ...args,
    ...(block === undefined ? [] : [shapeOf(block)]),
  ]);

function problemOf(text: string): string | undefined {
  const file = read(text);
  if (file.problem === undefined) return undefined;
  const { line, column } = positionAt(file, file.problem.offset);
  return `${line}:${column} ${file.problem.message}`;
}

for (const [text, shape] of [
  ['', []],
  ['# only a comment', []],
  ['a;b  c\td\r\n;', [['a'], ['b', 'c', 'd']]],
  ['a { b; c { } } d;', [['a', [['b'], ['c', []]]], ['d']]],
  ['a"b"\'c\' d#e f}g;', [['a"b"\'c\'', 'd#e', 'f}g']]],
  ['a "b c" \'d;{}#\';', [['a', 'b c', 'd;{}#']]],
  ['a "b"{}', [['a', 'b', []]]],
  ['"a" "";', [['a', '']]],
  ['a # ;\n b;', [['a', 'b']]],
  [`a $\{b}c{d;}`, [['a', `$\{b}c`, [['d']]]]],
  ['a $${b;}', [['a', '$${b']]],
  [`a "$\{b}";`, [['a', `$\{b}`]]],
  ['if ($a = "b") { c; }', [['if', '($a', '=', 'b', ')', [['c']]]]],
  [
    String.raw`a \;b \{ \  "\"" '\'' \\ \t\r\n \q;`,
    [['a', '\\;b', '\\{', '\\ ', '"', "'", '\\', '\t\r\n', '\\q']],
  ],
  ['a é "日本";', [['a', 'é', '日本']]],
  ['x_by_lua_block { return { "}" } -- }\n } y;', [['x_by_lua_block', []], ['y']]],
] as const satisfies readonly (readonly [string, Shape[]])[]) {
  test(`reads ${JSON.stringify(text)}`, () => {
    const file = read(text);
    if (text === 'a $${b;}') {
      // The brace belongs to the word, so nothing opens that the last one could close.
      assert.match(file.problem?.message ?? '', /^unexpected "}"/);
    } else assert.equal(file.problem, undefined);
    assert.deepEqual(shapeOf(file.directives), shape);
  });
}

for (const [text, problem] of [
  ['a', /^1:2 unexpected end of file, expecting ";" or "}"/],
  ['a "b', /^1:5 unexpected end of file, expecting ";" or "}"/],
  ['a {\n b;\n', /^3:1 unexpected end of file, expecting "}": nothing closes the block "a" of line 1/],
  ['a;\n}', /^2:1 unexpected "}"/],
  ['a {\n  b c\n}', /^3:1 unexpected "}": the directive "b" before it has no ";"/],
  [';', /^1:1 unexpected ";"/],
  ['a;;', /^1:3 unexpected ";"/],
  ['{', /^1:1 unexpected "{"/],
  ['a "b"c;', /^1:6 unexpected "c": after a closing "/],
  ['é \'b\'"c";', /^1:6 unexpected """/],
  [
    'a;\nb ${c',
    /^2:6 unexpected end of file, expecting ";" or "}": what follows the directive "a" of line 1/,
  ],
  ['x_by_lua_block {\n "}" ', /^1:16 unexpected end of file, expecting terminating characters/],
  ['x_by_lua_block {\n [[ ', /^2:2 Lua code block missing the closing long bracket "]]"/],
  [`a ${'b'.repeat(5000)};`, /^1:3 too long parameter "bbbbbbbbbb..." started/],
  [`a\n "${'b'.repeat(5000)}`, /^2:3 too long parameter, probably missing terminating """/],
  [`a;\n#${'b'.repeat(5000)}\nc;`, /^2:1 too long parameter "#bbbbbbbbb..." started/],
  [`${'a {'.repeat(600)}${'}'.repeat(600)}`, /nested too deeply/],
] as const) {
  test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.match(problemOf(text) ?? 'nothing wrong', problem);
  });
}

test('a word may just fill the buffer where nothing follows but its end', () => {
  assert.equal(read(`a ${'b'.repeat(4095)};c;`).problem, undefined);
  assert.match(read(`a ${'b'.repeat(4096)};c;`).problem?.message ?? '', /too long/);
  // A blank behind the word has to be read together with the character after it.
  assert.match(read(`a ${'b'.repeat(4095)} ;c;`).problem?.message ?? '', /too long/);
});

test('what stands before a problem is kept', () => {
  assert.deepEqual(shapeOf(read('a; b { c; }}').directives), [['a'], ['b', [['c']]]]);
  assert.deepEqual(shapeOf(read('a { b; c').directives), [['a', [['b']]]]);
});

test('columns count characters, lines count line feeds', () => {
  const file = read('a;\r\n# é\n  ü "日本" x; y;\rz;');
  assert.deepEqual(
    file.directives.map((one) => positionOf(one)),
    [
      { file: '/t/nginx.conf', line: 1, column: 1 },
      { file: '/t/nginx.conf', line: 3, column: 3 },
      { file: '/t/nginx.conf', line: 3, column: 13 },
      { file: '/t/nginx.conf', line: 3, column: 16 },
    ],
  );
});

test('what stands after -g has no blocks and needs its semicolon', () => {
  assert.deepEqual(shapeOf(parseGlobals('daemon off; user "a b";').directives), [
    ['daemon', 'off'],
    ['user', 'a b'],
  ]);
  assert.match(parseGlobals('daemon off').problem?.message ?? '', /unexpected end of parameter/);
  assert.match(parseGlobals('events {}').problem?.message ?? '', /not supported in -g/);
});

const soup = fc
  .array(
    fc.constantFrom(
      ...[
        '{',
        '}',
        ';',
        '"',
        "'",
        '\\',
        '#',
        '$',
        '\n',
        ' ',
        '\t',
        ')',
        'a',
        'é',
        'include x;',
        'x_by_lua_block {',
      ],
      ...['[[', ']]', '--', '[=[', 'map a b {'],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

test('never throws, and every place lies in the file', () => {
  fc.assert(
    fc.property(fc.oneof(soup, fc.string()), (text) => {
      const file = read(text);
      const check = (directives: readonly Directive[]): void => {
        for (const one of directives) {
          assert.ok(one.start < one.headEnd && one.headEnd < file.text.length);
          assert.ok(';{'.includes(file.text.charAt(one.headEnd)));
          check(one.block ?? []);
        }
      };
      check(file.directives);
      if (file.problem !== undefined) assert.ok(file.problem.offset <= file.text.length);
      const lines = text.split('\n').length;
      const { line, column } = positionAt(file, file.problem?.offset ?? 0);
      assert.ok(line >= 1 && line <= lines && column >= 1);
    }),
  );
});

test('bytes that are no UTF-8 are read as well', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
      parse('/t', content);
    }),
  );
});

/** As a careful author would write it. */
const quoted = (word: string): string => `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
const tree = fc.letrec<{ directive: Shape }>((tie) => ({
  directive: fc
    .tuple(
      fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      fc.option(fc.array(tie('directive'), { maxLength: 3 }), { depthSize: 'small' }),
    )
    .map(([words, block]): Shape => (block === null ? words : [...words, block])),
}));
const write = (shape: Shape): string => {
  const words = shape.filter((part) => typeof part === 'string');
  const [block] = shape.filter((part) => typeof part !== 'string');
  return `${words.map(quoted).join(' ')}${block === undefined ? ';' : `{${block.map(write).join('\n')}}`}`;
};

test('what is written with quotes around every word is read back', () => {
  fc.assert(
    fc.property(fc.array(tree.directive, { maxLength: 4 }), (shapes) => {
      const file = read(shapes.map(write).join(' '));
      assert.equal(file.problem, undefined);
      assert.deepEqual(shapeOf(file.directives), shapes);
    }),
  );
});

test('what follows a whole file reads as it does alone', () => {
  fc.assert(
    fc.property(fc.array(tree.directive, { maxLength: 3 }), soup, (shapes, rest) => {
      const alone = read(rest);
      const both = read(`${shapes.map(write).join(' ')}\n${rest}`);
      assert.deepEqual(shapeOf(both.directives), [...shapes, ...shapeOf(alone.directives)]);
      assert.equal(both.problem === undefined, alone.problem === undefined);
    }),
  );
});
