import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { readConfiguration } from '../../../../src/nginx/language/read-configuration.ts';
import { walk } from '../../../../src/nginx/language/walk.ts';

const nothing = { read: () => undefined, list: () => undefined };
function configuration(files: Readonly<Record<string, string>>): ReturnType<typeof readConfiguration> {
  const inMemory = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  return readConfiguration(overlayFiles(inMemory, nothing), '/e/nginx.conf');
}

function seen(read: ReturnType<typeof configuration>): string[] {
  const found: string[] = [];
  walk(read, {
    directive: ({ name, args }, { context }) => found.push(`${context}: ${[name, ...args].join(' ')}`),
  });
  return found;
}

test('included files stand in the block that includes them, sorted, and relative to the entry file', () => {
  const read = configuration({
    '/e/nginx.conf': 'http { include conf.d/*.conf; } include /abs.conf;',
    '/e/conf.d/b.conf': 'server { include snippets/tls; }',
    '/e/conf.d/a.conf': 'gzip on;',
    '/e/snippets/tls': 'ssl_protocols TLSv1.3;',
    '/abs.conf': 'user nobody;',
  });
  assert.deepEqual(seen(read), [
    'main: http',
    'http: include conf.d/*.conf',
    'http: gzip on',
    'http: server',
    'server: include snippets/tls',
    'server: ssl_protocols TLSv1.3',
    'main: include /abs.conf',
    'main: user nobody',
  ]);
  assert.deepEqual(read.problems, []);
  assert.equal(read.files.size, 5);
});

test('a missing plain file is a problem, a pattern that matches nothing is none', () => {
  const read = configuration({ '/e/nginx.conf': 'include none/*;\n  include gone;' });
  assert.deepEqual(
    read.problems.map(({ kind, path, position }) => [kind, path, position.line, position.column]),
    [['missing', '/e/gone', 2, 3]],
  );
});

test('a missing entry file is a problem without a directive', () => {
  const { problems } = readConfiguration(nothing, '/e/nginx.conf');
  assert.deepEqual(
    problems.map(({ kind, directive }) => [kind, directive]),
    [['missing', undefined]],
  );
});

test('a file that includes itself is not followed for ever', () => {
  const read = configuration({
    '/e/nginx.conf': 'a; include one;',
    '/e/one': 'b; include two;',
    '/e/two': 'c; include one; include nginx.conf;',
  });
  assert.deepEqual(
    read.problems.map(({ kind, path }) => [kind, path]),
    [
      ['cycle', '/e/one'],
      ['cycle', '/e/nginx.conf'],
    ],
  );
  assert.deepEqual(
    seen(read).filter((one) => !one.includes('include')),
    ['main: a', 'main: b', 'main: c'],
  );
});

test('includes that double with every level are cut off', () => {
  const files: Record<string, string> = { '/e/nginx.conf': 'include f0; include f0;' };
  for (let level = 0; level < 60; level++)
    files[`/e/f${level}`] = `include f${level + 1}; include f${level + 1};`;
  files['/e/f60'] = 'a b;';
  const read = configuration(files);
  assert.ok(read.problems.some(({ kind }) => kind === 'too-large'));
});

test('a chain of includes that nginx could not hold open is cut off', () => {
  const files: Record<string, string> = { '/e/nginx.conf': 'include f0;' };
  for (let level = 0; level < 5000; level++) files[`/e/f${level}`] = `include f${level + 1};`;
  files['/e/f5000'] = 'a;';
  const read = configuration(files);
  assert.ok(read.problems.some(({ kind }) => kind === 'too-large'));
  assert.ok(seen(read).length < 300);
});

test('a file is parsed once, however often it is included', () => {
  const server = 'server { include s; }';
  const read = configuration({ '/e/nginx.conf': `http { ${server.repeat(100)} }`, '/e/s': 'gzip on;' });
  assert.equal(read.files.size, 2);
  assert.equal(seen(read).filter((one) => one === 'server: gzip on').length, 100);
});
