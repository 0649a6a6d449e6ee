import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  inspectPair,
  type PairFile,
  type PairInspection,
  pairError,
} from '../../../../src/nginx/certificates/pair.ts';
import { encrypted, makePair } from '../../../support/certificates.ts';

const day = 86_400_000;
const now = Date.now();
const ecdsa = makePair({ names: ['a.example', '*.a.example', 'IP:192.0.2.1'] });
const other = makePair({ names: ['a.example'] });
const rsa = makePair({ kind: 'rsa' });
const ed25519 = makePair({ kind: 'ed25519' });

/** `missing` and `unseen` stand for themselves. */
function inspect(certificate: string, key: string, at = now): PairInspection {
  return inspectPair({
    certificate: file('/tls/tls.crt', certificate),
    key: file('/tls/tls.key', key),
    now: at,
  });
}

function file(path: string, content: string): PairFile {
  return {
    path,
    content: content === 'missing' || content === 'unseen' ? content : Buffer.from(content, 'latin1'),
  };
}

function kinds(inspection: PairInspection): readonly string[] {
  return inspection.problems.map((problem) => `${problem.severity} ${problem.kind}`);
}

test('a whole pair says whose it is and how long it lasts, for every kind of key', () => {
  for (const [pair, algorithm] of [
    [ecdsa, 'ecdsa'],
    [rsa, 'rsa'],
    [ed25519, 'ed25519'],
  ] as const) {
    const { state, leaf, problems } = inspect(pair.certificate, pair.key);
    assert.equal(state, 'whole');
    assert.deepEqual(problems, []);
    assert.equal(leaf?.algorithm, algorithm);
    assert.equal(leaf?.subject, 'CN=a.example');
    assert.equal(leaf?.daysLeft, 89);
    assert.equal(leaf?.fingerprint, new X509Certificate(pair.certificate).fingerprint256);
  }
  assert.deepEqual(inspect(ecdsa.certificate, ecdsa.key).leaf?.names, [
    'a.example',
    '*.a.example',
    '192.0.2.1',
  ]);
});

test('names with commas and quotes in them are taken apart rightly', () => {
  const odd = makePair({ names: ['a, DNS:evil.example', 'b.example'] });
  assert.deepEqual(inspect(odd.certificate, odd.key).leaf?.names, ['a, DNS:evil.example', 'b.example']);
});

test('a key of another pair is half a change', () => {
  const inspection = inspect(ecdsa.certificate, other.key);
  assert.equal(inspection.state, 'half');
  assert.deepEqual(kinds(inspection), ['error mismatch']);
  assert.equal(
    inspection.problems[0]?.message,
    'certificate /tls/tls.crt with key /tls/tls.key: the key does not belong to the certificate: one of the two is of another pair',
  );
  assert.equal(pairError(inspection)?.code, 'STEWARD_CERTIFICATE_PAIR');
  assert.equal(inspect(ecdsa.certificate, rsa.key).state, 'half');
});

test('one file for both, CRLF, a byte order mark, text around the blocks and blanks behind lines do not matter', () => {
  const both = `Bag Attributes\n  friendlyName: a\n${ecdsa.key}some text\n${ecdsa.certificate}`;
  assert.equal(inspect(both, both).state, 'whole');
  assert.equal(inspect(both.replaceAll('\n', '\r\n'), both.replaceAll('\n', '  \r\n')).state, 'whole');
  assert.equal(inspect(`\xef\xbb\xbf${ecdsa.certificate}`, `\xef\xbb\xbf${ecdsa.key}`).state, 'whole');
  assert.equal(inspect(ecdsa.certificate.trimEnd(), ecdsa.key.trimEnd()).state, 'whole');
});

test('the older formats of keys are read, parameters before them skipped', () => {
  const sec1 = ecdsa.privateKey.export({ type: 'sec1', format: 'pem' });
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  assert.equal(inspect(ecdsa.certificate, parameters + sec1).state, 'whole');
  const pkcs1 = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' });
  assert.equal(inspect(rsa.certificate, pkcs1).state, 'whole');
});

test('an encrypted key is unknown, not wrong', () => {
  const old = rsa.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' });
  for (const [pair, key] of [
    [ecdsa, encrypted(ecdsa)],
    [rsa, old],
  ] as const) {
    const inspection = inspect(pair.certificate, key);
    assert.equal(inspection.state, 'unknown');
    assert.deepEqual(kinds(inspection), ['info encrypted-key']);
    assert.ok(inspection.leaf);
    assert.equal(pairError(inspection), undefined);
  }
});

test('a half that is missing, empty or cut off is likely on its way', () => {
  const { certificate, key } = ecdsa;
  for (const [c, k] of [
    ['missing', key],
    [certificate, 'missing'],
    ['', key],
    [certificate, ''],
    [certificate.slice(0, 100), key],
    [certificate, key.slice(0, -10)],
    [certificate + other.certificate.slice(0, 200), key],
  ] as const)
    assert.equal(inspect(c, k).state, 'half', JSON.stringify([c, k]));
  const both = certificate + key;
  assert.equal(inspect(both.slice(0, -30), both.slice(0, -30)).state, 'half');
});

test('what nothing will mend by itself is broken', () => {
  const { certificate, key } = ecdsa;
  const garbage = certificate.replace(/\n\w/, '\nA');
  for (const [c, k] of [
    ['missing', 'missing'],
    [key, certificate],
    [garbage, key],
    [certificate + garbage, key],
    [certificate, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
  ] as const) {
    const inspection = inspect(c, k);
    assert.equal(inspection.state, 'broken');
    assert.equal(pairError(inspection)?.code, 'STEWARD_CERTIFICATE');
  }
});

test('what cannot be read from here is unknown', () => {
  assert.equal(inspect('unseen', ecdsa.key).state, 'unknown');
  const inspection = inspect(ecdsa.certificate, 'unseen');
  assert.equal(inspection.state, 'unknown');
  assert.equal(inspection.leaf?.daysLeft, 89);
});

test('expired and not yet valid certificates are errors, and whole: nginx takes them', () => {
  const late = inspect(ecdsa.certificate, ecdsa.key, now + 90.5 * day);
  assert.equal(late.state, 'whole');
  assert.deepEqual(kinds(late), ['error expired']);
  assert.equal(late.leaf?.daysLeft, -1);
  assert.match(late.problems[0]?.message ?? '', /tls\.crt with key \/tls\/tls\.key: it expired on \d{4}-/);
  assert.equal(pairError(late), undefined);
  assert.deepEqual(kinds(inspect(ecdsa.certificate, ecdsa.key, now - 2 * day)), ['error not-yet-valid']);
});

test('a chain is in order, or the first gap is named', () => {
  const root = makePair({ names: ['Root'] });
  const middle = makePair({ names: ['Middle'], issuer: root });
  const leaf = makePair({ names: ['a.example'], issuer: middle });
  const chain = (...pairs: readonly { certificate: string }[]): string =>
    pairs.map((pair) => pair.certificate).join('');
  assert.deepEqual(kinds(inspect(chain(leaf, middle, root), leaf.key)), []);
  assert.deepEqual(kinds(inspect(chain(leaf, middle), leaf.key)), []);
  const gap = inspect(chain(leaf, root), leaf.key);
  assert.deepEqual(kinds(gap), ['warning chain-order']);
  assert.equal(gap.state, 'whole');
  assert.match(gap.problems[0]?.message ?? '', /certificate 2 in the file did not issue certificate 1/);
});

test('a chain with its own certificate last is named as such, and is not waited for', () => {
  const root = makePair({ names: ['Root'] });
  const leaf = makePair({ names: ['a.example'], issuer: root });
  const inspection = inspect(root.certificate + leaf.certificate, leaf.key);
  assert.equal(inspection.state, 'broken');
  assert.match(inspection.problems.at(-1)?.message ?? '', /belongs to certificate 2 .* put .* first/);
});

test('a short RSA key is warned of', () => {
  const short = makePair({ kind: 'rsa', rsaBits: 1024 });
  assert.deepEqual(kinds(inspect(short.certificate, short.key)), ['warning weak-key']);
});

test('no message holds anything of a key', () => {
  const secrets = [ecdsa, other].flatMap((pair) =>
    pair.key.split('\n').filter((line) => /^[\w+/=]+$/.test(line)),
  );
  const messages = [
    inspect(ecdsa.certificate, other.key),
    inspect(ecdsa.key, ecdsa.certificate),
    inspect(ecdsa.certificate, ecdsa.key.replace('MIG', 'AAA')),
    inspect(ecdsa.certificate, ecdsa.key.slice(0, 90)),
  ].map((inspection) => JSON.stringify([inspection, pairError(inspection)]));
  for (const message of messages)
    for (const secret of secrets) assert.ok(!message.includes(secret.slice(0, 16)));
});
