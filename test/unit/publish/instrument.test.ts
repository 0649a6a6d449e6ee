import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Instrument, instrument, prefixOf } from '../../../src/publish/instrument.ts';
import type { Tree } from '../../../src/publish/tree.ts';

const options: Instrument = {
  entry: 'nginx.conf',
  emergLog: '/run/nginx/steward/emerg.log',
  level: 'alert',
  defaultErrorLog: undefined,
};
const own = 'error_log /run/nginx/steward/emerg.log alert; error_log stderr emerg; ';

function entryOf(content: string | Uint8Array, more: Partial<Instrument> = {}): Buffer {
  const tree: Tree = new Map([['nginx.conf', { content: Buffer.from(content), mode: 0o640 }]]);
  return Buffer.from(instrument(tree, { ...options, ...more }).get('nginx.conf')?.content ?? []);
}

test('the directives stand before the first byte and move no line', () => {
  assert.equal(String(entryOf('events {}\n')), `${own}events {}\n`);
  assert.equal(String(entryOf('')), own);
});

test('a byte order mark stays the first', () => {
  assert.equal(String(entryOf('\ufeffevents {}')), `\ufeff${own}events {}`);
});

test('the log of the build is named again where the configuration has none', () => {
  const prefix = String(entryOf('', { level: 'error', defaultErrorLog: '/var/log/nginx/error.log' }));
  assert.match(
    prefix,
    /emerg\.log error; error_log stderr emerg; error_log \/var\/log\/nginx\/error\.log; $/,
  );
});

test('a path with spaces, quotes, semicolons and backslashes is one parameter', () => {
  const prefix = prefixOf({ ...options, emergLog: '/run/a b";\\x/emerg.log' });
  assert.ok(prefix.startsWith('error_log "/run/a b\\";\\\\x/emerg.log" alert; '));
});

test('other files, modes and a tree without the entry are left as they are', () => {
  const tree: Tree = new Map([
    ['nginx.conf', { content: Buffer.from('x'), mode: 0o640 }],
    ['other', { content: Buffer.from('y'), mode: 0o600 }],
  ]);
  const result = instrument(tree, options);
  assert.equal(result.get('nginx.conf')?.mode, 0o640);
  assert.equal(result.get('other'), tree.get('other'));
  assert.equal(instrument(tree, { ...options, entry: 'missing.conf' }), tree);
});
