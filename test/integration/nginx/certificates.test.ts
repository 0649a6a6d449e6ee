import assert from 'node:assert/strict';
import { readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { type ServedCertificate, servedCertificate } from '../../../src/nginx/certificates/handshake.ts';
import { inspectPair, type PairState } from '../../../src/nginx/certificates/pair.ts';
import type { HandshakeTarget } from '../../../src/nginx/certificates/targets.ts';
import { encrypted, type MadePair, makePair } from '../../support/certificates.ts';
import {
  type NginxBuild,
  newerNginx,
  nginxBuilds,
  type RunningNginx,
  startNginx,
  testConfiguration,
  testDirectory,
  until,
} from '../../support/nginx.ts';

const ecdsa = makePair({ names: ['a.example'] });
const nextEcdsa = makePair({ names: ['a.example'] });
const rsa = makePair({ names: ['a.example'], kind: 'rsa' });
const ed25519 = makePair({ names: ['a.example'], kind: 'ed25519' });
const second = makePair({ names: ['b.example'] });
const expired = makePair({ names: ['old.example'], from: -10, until: -1 });

function fingerprintOf(pair: MadePair): string {
  const content = Buffer.from(pair.certificate);
  const { leaf } = inspectPair({
    certificate: { path: 'c', content },
    key: { path: 'k', content: 'unseen' },
    now: Date.now(),
  });
  return leaf?.fingerprint ?? '';
}

function look(
  port: number,
  overrides: Partial<HandshakeTarget> = {},
  signal?: AbortSignal,
): Promise<ServedCertificate> {
  const target = { host: '127.0.0.1', port, proxyProtocol: false, algorithm: 'ecdsa', ...overrides } as const;
  const options = { clock: systemClock, timeoutMs: 2000, ...(signal === undefined ? {} : { signal }) };
  return servedCertificate(target, options);
}

function served(pair: MadePair): ServedCertificate {
  return { kind: 'served', fingerprint: fingerprintOf(pair) };
}

async function serves(
  port: number,
  pair: MadePair,
  overrides: Partial<HandshakeTarget> = {},
): Promise<boolean> {
  const answer = await look(port, overrides);
  return answer.kind === 'served' && answer.fingerprint === fingerprintOf(pair);
}

/** Puts a pair in place as NAME.crt and NAME.key, in new files as the kubelet does. */
function put(directory: string, name: string, pair: MadePair): void {
  for (const [suffix, content] of Object.entries({ crt: pair.certificate, key: pair.key })) {
    writeFileSync(join(directory, 'new'), content);
    renameSync(join(directory, 'new'), join(directory, `${name}.${suffix}`));
  }
}

function configurationOf(directory: string, body: string): string {
  const path = join(directory, 'nginx.conf');
  writeFileSync(
    path,
    `user www-data; error_log ${directory}/error.log info; pid ${directory}/pid; events {} http { access_log off; ${body} }`,
  );
  return path;
}

async function serving(
  build: NginxBuild,
  directory: string,
  body: string,
  run: (nginx: RunningNginx) => Promise<void>,
): Promise<void> {
  const nginx = startNginx({ build, configuration: configurationOf(directory, body) });
  try {
    await until('nginx listens', async () => (await look(443)).kind === 'served');
    await run(nginx);
  } finally {
    await nginx.stop();
  }
}

for (const build of nginxBuilds) {
  const pair = (directory: string, name: string): string =>
    `ssl_certificate ${directory}/${name}.crt; ssl_certificate_key ${directory}/${name}.key;`;

  test(`${build.name}: the certificate served changes with the reload`, async () => {
    const directory = testDirectory();
    put(directory.path, 'a', ecdsa);
    const body = `server { listen 443 ssl; listen [::]:443 ssl; ${pair(directory.path, 'a')} }`;
    await serving(build, directory.path, body, async (nginx) => {
      assert.deepEqual(await look(443, { serverName: 'a.example' }), served(ecdsa));
      put(directory.path, 'a', nextEcdsa);
      assert.deepEqual(await look(443), served(ecdsa));
      process.kill(nginx.pid, 'SIGHUP');
      // The old workers accept for some milliseconds more.
      for (const host of ['127.0.0.1', '::1'])
        await until(`the new one is served at ${host}`, () => serves(443, nextEcdsa, { host }));
    });
    directory.remove();
  });

  test(`${build.name}: each name and each kind of key has its certificate, under TLS 1.3 and 1.2`, async () => {
    const directory = testDirectory();
    for (const [name, made] of Object.entries({ a: ecdsa, r: rsa, e: ed25519, b: second, o: expired }))
      put(directory.path, name, made);
    const both = `${pair(directory.path, 'a')} ${pair(directory.path, 'r')} ${pair(directory.path, 'e')}`;
    const body = [
      `server { listen 443 ssl; ${both} }`,
      `server { listen 443 ssl; server_name b.example; ${pair(directory.path, 'b')} }`,
      `server { listen 443 ssl; server_name old.example; ${pair(directory.path, 'o')} }`,
      `server { listen 444 ssl; ssl_protocols TLSv1.2; ${both} }`,
      `server { listen 445 ssl; ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA; ${pair(directory.path, 'r')} }`,
      `server { listen 446 ssl; ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; ${both} }`,
    ].join(' ');
    await serving(build, directory.path, body, async () => {
      for (const port of [443, 444]) {
        for (const [algorithm, made] of Object.entries({ ecdsa, rsa, ed25519 })) {
          const answer = await look(port, { algorithm: algorithm as 'rsa' });
          assert.deepEqual(answer, served(made), `${algorithm} at ${port}`);
        }
      }
      assert.deepEqual(await look(443, { serverName: 'b.example' }), served(second));
      assert.deepEqual(await look(443, { serverName: 'old.example' }), served(expired));
      // A name whose server has no RSA certificate answers with what it serves to everybody.
      assert.deepEqual(await look(443, { serverName: 'b.example', algorithm: 'rsa' }), served(second));
      assert.deepEqual(await look(446, { algorithm: 'ecdsa' }), served(ecdsa));
      assert.deepEqual(await look(446, { algorithm: 'rsa' }), served(rsa));
      assert.deepEqual(await look(445, { algorithm: 'rsa' }), served(rsa));
      assert.deepEqual(await look(445, { algorithm: 'ecdsa' }), served(rsa));
    });
    directory.remove();
  });

  test(`${build.name}: a PROXY header is sent where the listener wants one`, async () => {
    const directory = testDirectory();
    put(directory.path, 'a', ecdsa);
    const body = `server { listen 443 ssl; listen 444 ssl proxy_protocol; listen [::]:444 ssl proxy_protocol; ${pair(directory.path, 'a')} }`;
    await serving(build, directory.path, body, async () => {
      assert.deepEqual(await look(444, { proxyProtocol: true }), served(ecdsa));
      assert.deepEqual(await look(444, { proxyProtocol: true, host: '::1' }), served(ecdsa));
      const without = await look(444);
      assert.equal(without.kind, 'unknown');
    });
    directory.remove();
  });

  test(`${build.name}: the certificate is seen where clients need one of their own`, async () => {
    const directory = testDirectory();
    put(directory.path, 'a', ecdsa);
    const verify = `ssl_verify_client on; ssl_client_certificate ${directory.path}/a.crt;`;
    const body = [
      `server { listen 443 ssl; ${verify} ${pair(directory.path, 'a')} }`,
      `server { listen 444 ssl; ssl_protocols TLSv1.2; ${verify} ${pair(directory.path, 'a')} }`,
    ].join(' ');
    await serving(build, directory.path, body, async () => {
      assert.deepEqual(await look(443), served(ecdsa));
      assert.deepEqual(await look(444), served(ecdsa));
    });
    directory.remove();
  });

  test(`${build.name}: what cannot be learnt is unknown, with the reason, and in time`, async () => {
    const directory = testDirectory();
    put(directory.path, 'a', ecdsa);
    const body = [
      `server { listen 443 ssl; ${pair(directory.path, 'a')} }`,
      'server { listen 444 ssl; ssl_reject_handshake on; }',
      'server { listen 445; }',
    ].join(' ');
    await serving(build, directory.path, body, async () => {
      assert.deepEqual(await look(444, { serverName: 'a.example' }), {
        kind: 'unknown',
        reason: '127.0.0.1:444 (a.example): the server rejects handshakes for this name',
      });
      assert.equal((await look(445)).kind, 'unknown');
      assert.deepEqual(await look(446), { kind: 'unknown', reason: '127.0.0.1:446: nobody listens there' });
      assert.deepEqual(await look(443, {}, AbortSignal.abort()), {
        kind: 'unknown',
        reason: '127.0.0.1:443: the look was called off',
      });
    });
    directory.remove();
  });

  test(`${build.name}: nginx agrees on what is whole, and refuses what is half or broken`, () => {
    const directory = testDirectory();
    const chained = makePair({ names: ['a.example'], issuer: second });
    const mark = '\uFEFF';
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    const pairs: readonly (readonly [string, string, string, PairState])[] = [
      ['a pair', ecdsa.certificate, ecdsa.key, 'whole'],
      [
        'one file for both, the key first',
        ecdsa.key + ecdsa.certificate,
        ecdsa.key + ecdsa.certificate,
        'whole',
      ],
      ['CRLF and text around', `text\r\n${crlf(ecdsa.certificate)}`, `text\r\n${crlf(ecdsa.key)}`, 'whole'],
      ['byte order marks', mark + ecdsa.certificate, mark + ecdsa.key, 'whole'],
      ['a byte order mark, and a key behind text', mark + ecdsa.certificate, `text\n${ecdsa.key}`, 'whole'],
      ['blanks behind lines', ecdsa.certificate.replaceAll('\n', ' \t\n'), ecdsa.key, 'whole'],
      ['an expired pair', expired.certificate, expired.key, 'whole'],
      ['a chain', chained.certificate + second.certificate, chained.key, 'whole'],
      ['a chain with a gap', ecdsa.certificate + second.certificate, ecdsa.key, 'whole'],
      ['Ed25519', ed25519.certificate, ed25519.key, 'whole'],
      ['the key of another pair', ecdsa.certificate, nextEcdsa.key, 'half'],
      ['a certificate cut off', ecdsa.certificate.slice(0, 200), ecdsa.key, 'half'],
      ['a chain cut off', ecdsa.certificate + second.certificate.slice(0, 200), ecdsa.key, 'half'],
      ['an empty key', ecdsa.certificate, '', 'half'],
      ['a chain the wrong way round', second.certificate + chained.certificate, chained.key, 'broken'],
      [
        'garbage in the chain',
        ecdsa.certificate + second.certificate.replace(/\n\w/, '\nA'),
        ecdsa.key,
        'broken',
      ],
      ['the two files exchanged', ecdsa.key, ecdsa.certificate, 'broken'],
    ];
    const configuration = configurationOf(
      directory.path,
      `server { listen 443 ssl; ssl_certificate ${directory.path}/t.crt; ssl_certificate_key ${directory.path}/t.key; }`,
    );
    for (const [what, certificate, key, state] of pairs) {
      writeFileSync(join(directory.path, 't.crt'), certificate);
      writeFileSync(join(directory.path, 't.key'), key);
      const ours = inspectPair({
        certificate: { path: 't.crt', content: Buffer.from(certificate) },
        key: { path: 't.key', content: Buffer.from(key) },
        now: Date.now(),
      });
      assert.equal(ours.state, state, what);
      const { ok, output } = testConfiguration(build, configuration);
      assert.equal(ok, state === 'whole', `${what}: ${output}`);
    }
    writeFileSync(join(directory.path, 't.crt'), ecdsa.certificate);
    writeFileSync(join(directory.path, 't.key'), encrypted(ecdsa));
    assert.match(testConfiguration(build, configuration).output, /pass/i);
    directory.remove();
  });

  test(`${build.name}: a key of another kind passes nginx -t and serves nobody, and is half a pair here`, async () => {
    const directory = testDirectory();
    put(directory.path, 'a', ecdsa);
    put(directory.path, 'mixed', { ...ecdsa, key: rsa.key });
    const { state, problems } = inspectPair({
      certificate: { path: 'mixed.crt', content: Buffer.from(ecdsa.certificate) },
      key: { path: 'mixed.key', content: Buffer.from(rsa.key) },
      now: Date.now(),
    });
    assert.equal(state, 'half');
    assert.match(problems[0]?.message ?? '', /one ec and the other rsa, which `nginx -t` does not notice/);
    const body = ['a', 'mixed']
      .map((name, index) => `server { listen ${443 + index} ssl; ${pair(directory.path, name)} }`)
      .join(' ');
    assert.ok(testConfiguration(build, configurationOf(directory.path, body)).ok);
    await serving(build, directory.path, body, async () => {
      for (const algorithm of ['ecdsa', 'rsa'] as const) {
        const answer = await look(444, { algorithm });
        assert.match(answer.kind === 'unknown' ? answer.reason : '', /refuses every handshake/);
      }
    });
    directory.remove();
  });
}

// nginx since 1.27.4 inherits certificates over a reload when inode and modification time (in seconds) are the same:
// the reload is proven, and the old certificate is served (ssl_object_cache_inheritable).
test('newer nginx: a certificate written over within the same second is seen not to be served', async () => {
  const directory = testDirectory();
  put(directory.path, 'a', ecdsa);
  const [certificate, key] = [join(directory.path, 'a.crt'), join(directory.path, 'a.key')];
  const mtime = new Date('2026-01-01T00:00:00Z');
  utimesSync(certificate, mtime, mtime);
  utimesSync(key, mtime, mtime);
  const body = `server { listen 443 ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; }`;
  await serving(newerNginx, directory.path, body, async (nginx) => {
    writeFileSync(certificate, nextEcdsa.certificate);
    writeFileSync(key, nextEcdsa.key);
    utimesSync(certificate, mtime, mtime);
    utimesSync(key, mtime, mtime);
    const before = workersOf(nginx.pid);
    process.kill(nginx.pid, 'SIGHUP');
    await until(
      'the old workers are gone',
      () => !workersOf(nginx.pid).some((worker) => before.includes(worker)),
    );
    assert.deepEqual(await look(443), served(ecdsa));
    utimesSync(certificate, new Date(), new Date());
    process.kill(nginx.pid, 'SIGHUP');
    await until('the new one is served', () => serves(443, nextEcdsa));
  });
  directory.remove();
});

function workersOf(master: number): readonly string[] {
  return readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean);
}
