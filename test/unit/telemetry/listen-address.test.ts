import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListen } from '../../../src/telemetry/listen-address.ts';

for (const [text, host, port] of [
  [':9477', undefined, 9477],
  ['*:9477', undefined, 9477],
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['localhost:65535', 'localhost', 65_535],
  ['[::1]:9477', '::1', 9477],
  ['[fe80::1%eth0]:9477', 'fe80::1%eth0', 9477],
] as const)
  test(`--listen ${text} is understood`, () => {
    assert.deepEqual(parseListen(text), { host, port });
  });

for (const text of [
  '9477',
  '',
  ':',
  ':65536',
  '::1:9477',
  'http://host:1',
  'host:port',
  '[::1]',
  '/run/a.sock',
])
  test(`--listen "${text}" is refused with right ones`, () => {
    assert.throws(() => parseListen(text), {
      code: 'STEWARD_USAGE',
      message: /--listen/,
      fix: /127\.0\.0\.1:9477/,
    });
  });
