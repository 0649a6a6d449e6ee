import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servedState } from '../../../../src/nginx/certificates/served.ts';
import {
  type HandshakeTarget,
  handshakeTargets,
  type ListenAddress,
} from '../../../../src/nginx/certificates/targets.ts';

function listen(overrides: Partial<ListenAddress>): ListenAddress {
  const plain = {
    ssl: true,
    quic: false,
    proxyProtocol: false,
    rejectHandshake: false,
    defaultServer: false,
  };
  return { address: '*', port: 443, ...plain, ...overrides };
}

function hosts(address: string): readonly string[] {
  return handshakeTargets([listen({ address })], ['a.example'], 'rsa').map((target) =>
    'host' in target ? target.host : target.unreachable,
  );
}

test('a wildcard address is reached through loopback, any other as it is', () => {
  for (const [address, host] of [
    ['*', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['[::]', '::1'],
    ['::', '::1'],
    ['[::1]', '::1'],
    ['192.0.2.1', '192.0.2.1'],
    ['localhost', 'localhost'],
  ] as const)
    assert.deepEqual(hosts(address), [host]);
});

test('each address is asked for each name', () => {
  const listens = [
    listen({ port: 443 }),
    listen({ port: 8443, proxyProtocol: true }),
    listen({ ssl: false, port: 80 }),
  ];
  assert.deepEqual(handshakeTargets(listens, ['a.example', 'b.example'], 'ecdsa'), [
    { host: '127.0.0.1', port: 443, proxyProtocol: false, algorithm: 'ecdsa', serverName: 'a.example' },
    { host: '127.0.0.1', port: 443, proxyProtocol: false, algorithm: 'ecdsa', serverName: 'b.example' },
    { host: '127.0.0.1', port: 8443, proxyProtocol: true, algorithm: 'ecdsa', serverName: 'a.example' },
    { host: '127.0.0.1', port: 8443, proxyProtocol: true, algorithm: 'ecdsa', serverName: 'b.example' },
  ]);
});

test('what cannot be looked at says why', () => {
  const reasons = handshakeTargets(
    [
      listen({ address: 'unix:/run/a.sock', port: 0 }),
      listen({ quic: true }),
      listen({ rejectHandshake: true, port: 444 }),
    ],
    ['a.example'],
    'rsa',
  );
  assert.deepEqual(reasons, [
    { unreachable: 'unix:/run/a.sock is a Unix socket' },
    { unreachable: '*:443 speaks QUIC' },
    { unreachable: '*:444 rejects handshakes (ssl_reject_handshake)' },
  ]);
});

test('a server without a name that can be sent is asked only where it is the default', () => {
  for (const names of [[], ['_'], ['~^a'], ['*.a.example'], ['192.0.2.1'], ['']]) {
    assert.deepEqual(handshakeTargets([listen({ defaultServer: true })], names, 'rsa'), [
      { host: '127.0.0.1', port: 443, proxyProtocol: false, algorithm: 'rsa' },
    ]);
    assert.deepEqual(handshakeTargets([listen({})], names, 'rsa'), [
      { unreachable: 'the server at *:443 has no name that a client could ask for' },
    ]);
  }
});

test('a thousand names are not a thousand handshakes', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `n${index}.example`);
  assert.equal(handshakeTargets([listen({})], names, 'rsa').length, 8);
});

test('served is yes where it was seen and nothing else was, no where another was, else unknown', () => {
  const target: HandshakeTarget = {
    host: '::1',
    port: 443,
    proxyProtocol: false,
    algorithm: 'rsa',
    serverName: 'a',
  };
  const seen = (fingerprint: string) => ({ target, answer: { kind: 'served', fingerprint } as const });
  const unseen = { target, answer: { kind: 'unknown', reason: 'nobody listens there' } as const };
  const quic = { target: { unreachable: '*:443 speaks QUIC' } };
  assert.deepEqual(servedState('AB', [seen('AB'), unseen, quic]), { state: 'yes' });
  assert.deepEqual(servedState('AB', [seen('AB'), seen('CD')]), {
    state: 'no',
    reason: '[::1]:443 (a) serves the certificate with fingerprint CD',
  });
  assert.deepEqual(servedState('AB', [quic, unseen]), {
    state: 'unknown',
    reason: '*:443 speaks QUIC; nobody listens there',
  });
  assert.deepEqual(servedState('AB', []), { state: 'unknown', reason: 'no server listens with it' });
});
