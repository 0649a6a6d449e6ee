import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createRenderer,
  type Rendered,
  type RenderResult,
  type SourceFile,
  sourcePosition,
} from '../../../src/render/render.ts';
import type { Values } from '../../../src/render/values.ts';

const renderer = createRenderer();

function source(path: string, content: string | Uint8Array, origin = `/source/${path}`): SourceFile {
  return { path, content: typeof content === 'string' ? Buffer.from(content) : content, mode: 0o644, origin };
}

async function render(files: readonly SourceFile[], values: Values = {}): Promise<RenderResult> {
  return renderer.render(files, values, { treeToken: '@tree@' });
}

async function renderOne(template: string, values: Values = {}): Promise<Rendered> {
  const result = await render([source('nginx.conf.liquid', template)], values);
  if (result.kind === 'refused') throw result.problems[0];
  const [file] = result.files;
  assert.ok(file);
  return file;
}

async function textOf(template: string, values: Values = {}): Promise<string> {
  return Buffer.from((await renderOne(template, values)).content).toString();
}

async function problemsOf(template: string, values: Values = {}): Promise<readonly string[]> {
  const result = await render([source('nginx.conf.liquid', template)], values);
  assert.equal(result.kind, 'refused');
  return result.kind === 'refused' ? result.problems.map((problem) => problem.message) : [];
}

test('a template loses its suffix and has its values filled in', async () => {
  const file = await renderOne('listen {{ port }};\n', { port: 8080 });
  assert.equal(file.path, 'nginx.conf');
  assert.equal(Buffer.from(file.content).toString(), 'listen 8080;\n');
  assert.equal(file.origin, '/source/nginx.conf.liquid');
});

test('what is no template passes byte for byte, whatever its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async (content) => {
      const result = await render([{ ...source('a.conf', content), mode: 0o600 }]);
      assert.deepEqual(result, {
        kind: 'rendered',
        files: [{ path: 'a.conf', content, mode: 0o600, origin: '/source/a.conf' }],
      });
    }),
  );
});

test("nginx's own syntax passes through a template untouched", async () => {
  const text =
    '\uFEFFmap $a $b { ~^x{2,3}$ "$\x7bc}%"; }\r\nlog_format j \'{"a":"$a"}\';\r\n# {# %} }} {2}\r\nend';
  assert.equal(await textOf(text), text);
});

test('`steward.tree` is the token that publishing replaces', async () => {
  assert.equal(
    await textOf('auth_basic_user_file {{ steward.tree }}/users;'),
    'auth_basic_user_file @tree@/users;',
  );
});

test('an undefined variable is an error with line, column and the names that are there', async () => {
  const result = await render([source('a.liquid', '\n  listen {{ tls.prot }};')], { tls: { port: 443 } });
  assert.equal(result.kind, 'refused');
  const [problem] = result.kind === 'refused' ? result.problems : [];
  assert.equal(problem?.code, 'STEWARD_TEMPLATE');
  assert.equal(problem?.message, '/source/a.liquid:2:13: undefined variable: tls.prot');
  assert.match(problem?.fix ?? '', /`tls` has: port\./);
});

test('columns count characters, not code units', async () => {
  assert.deepEqual(await problemsOf('# 🙂é {{ nope }}'), [
    '/source/nginx.conf.liquid:1:9: undefined variable: nope',
  ]);
});

test('all problems of all files are reported, one in a loop once', async () => {
  const result = await render([
    source('a.liquid', '{{ one }}{% for i in (1..5) %}{{ two }}{% endfor %}'),
    source('b.liquid', 'x {{ y | nosuch }}'),
    source('c.liquid', '{% if x %}'),
    source('d.liquid', Buffer.from([0x61, 0xff])),
  ]);
  assert.deepEqual(result.kind === 'refused' && result.problems.map((problem) => problem.message), [
    '/source/a.liquid:1:4: undefined variable: one',
    '/source/a.liquid:1:34: undefined variable: two',
    '/source/b.liquid:1:3: undefined filter: nosuch',
    '/source/c.liquid:1:1: tag {% if x %} not closed',
    '/source/d.liquid: a template must be UTF-8 text, and this file is not',
  ]);
});

test('`if` and `default` take an undefined variable for nothing, `assign` does not', async () => {
  assert.equal(await textOf('{% if a.b %}x{% else %}y{% endif %}{{ port | default: 80 }}'), 'y80');
  assert.deepEqual(await problemsOf('{% assign a = nope %}'), [
    '/source/nginx.conf.liquid:1:15: undefined variable: nope',
  ]);
});

test('no template reads another file', async () => {
  for (const tag of ['include', 'render', 'layout', 'block']) {
    const [problem] = await problemsOf(`{% ${tag} "package.json" %}`);
    assert.match(problem ?? '', new RegExp(`:1:1: tag "${tag}" is not available`));
  }
});

test('nothing comes from the clock or from chance', async () => {
  for (const filter of ['date: "%s"', 'date_to_rfc822', 'date_to_xmlschema', 'sample']) {
    const [problem] = await problemsOf(`{{ "now" | ${filter} }}`);
    assert.match(problem ?? '', /is not available/);
  }
});

test('what JavaScript objects inherit is not there', async () => {
  for (const name of ['constructor', 'toString', '__proto__', 'steward.constructor', 'a.length.constructor'])
    assert.match((await problemsOf(`{{ ${name} }}`, { a: 'text' }))[0] ?? '', /undefined variable/);
});

test('a template that wants too much time, memory or output is stopped', async () => {
  const hungry = [
    '{% for i in (1..1000000000) %}x{% endfor %}',
    '{% assign a = "aaaaaaaaaaaaaaaa" %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}',
    `{% for i in (1..4000) %}{{ a }}{% endfor %}`,
  ];
  for (const template of hungry) {
    const problems = await problemsOf(template, { a: 'x'.repeat(5000) });
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /limit exceeded|longer than/);
  }
});

test('one template does not see what another one counts', async () => {
  const result = await render([
    source('a.liquid', '{% increment n %}'),
    source('b.liquid', '{% increment n %}'),
  ]);
  assert.deepEqual(
    result.kind === 'rendered' && result.files.map((file) => Buffer.from(file.content).toString()),
    ['0', '0'],
  );
});

test('a mapping is not put out', async () => {
  assert.match((await problemsOf('{{ a }}', { a: { b: 1 } }))[0] ?? '', /:1:1: a mapping cannot be put out/);
});

test('a rendered line is known by the line of the template that made it', async () => {
  const file = await renderOne(
    [
      'events {}', // 1
      '{% for port in ports %}',
      'server {', // 3
      '  listen {{ port }};',
      '}',
      '{%- endfor %}', // 6
      '{% if more %}',
      'more',
      '{%- endif -%}', // 9
      '{% raw %}{{',
      'x', // 11
      '{% endraw %}end {{ lines }}', // 12
      'last',
    ].join('\n'),
    { ports: [80, 81], more: true, lines: 'a\nb' },
  );
  const text = Buffer.from(file.content).toString();
  const seen = text.split('\n').map((line, index) => `${line}=${sourcePosition(file, index + 1).line}`);
  assert.deepEqual(
    seen.filter((line) => !line.startsWith('=')),
    [
      'events {}=1',
      'server {=3',
      '  listen 80;=4',
      '}=5',
      'server {=3',
      '  listen 81;=4',
      '}=5',
      'more{{=8',
      'x=11',
      'end a=12',
      'b=12',
      'last=13',
    ],
  );
  assert.deepEqual(sourcePosition(file, 10_000), { origin: '/source/nginx.conf.liquid', line: 13 });
});

test('a template without tags has the same lines', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', '\n', ' ', '\r\n', 'b c')), async (parts) => {
      const text = parts.join('');
      const file = await renderOne(text);
      for (let line = 1; line < text.split('\n').length; line++)
        assert.equal(sourcePosition(file, line).line, line);
    }),
  );
});

test('bad names and conflicts are refused before anything is rendered', async () => {
  const result = await render([
    source('../a.liquid', '{{ nope }}'),
    source('b', ''),
    source('b.liquid', '{{'),
  ]);
  assert.deepEqual(result.kind === 'refused' && result.problems.map((problem) => problem.code), [
    'STEWARD_SOURCE_PATH',
    'STEWARD_SOURCE_CONFLICT',
  ]);
});
