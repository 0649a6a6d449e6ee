import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { containsPrivateKey } from '../../../src/render/private-key.ts';

test('a private key is found wherever it stands', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const type of ['pkcs8', 'sec1'] as const) {
    const pem = privateKey.export({ type, format: 'pem' });
    assert.ok(containsPrivateKey(Buffer.from(`\xff set $key '${pem}';`, 'latin1')));
  }
  assert.ok(containsPrivateKey(Buffer.from('-----BEGIN ENCRYPTED PRIVATE KEY-----')));
  assert.ok(!containsPrivateKey(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))));
  assert.ok(!containsPrivateKey(Buffer.from('-----BEGIN CERTIFICATE-----\n# a PRIVATE KEY')));
});
