import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { lineOfPrivateKey } from '../../../src/render/private-key.ts';

test('a private key is found wherever it stands', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const type of ['pkcs8', 'sec1'] as const) {
    const pem = privateKey.export({ type, format: 'pem' });
    assert.equal(lineOfPrivateKey(Buffer.from(`\xff\n set $key '${pem}';`, 'latin1')), 2);
  }
  assert.equal(lineOfPrivateKey(Buffer.from('-----BEGIN ENCRYPTED PRIVATE KEY-----')), 1);
  assert.equal(lineOfPrivateKey(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))), undefined);
  assert.equal(lineOfPrivateKey(Buffer.from('-----BEGIN CERTIFICATE-----\n# a PRIVATE KEY')), undefined);
});
