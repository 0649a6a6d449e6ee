/** Certificates as sources and as mounted files: halves wait, what is served is looked at, expiry is told. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { makePair } from '../../support/certificates.ts';
import { type KubeletVolume, kubeletVolume, type VolumeFiles } from '../../support/kubelet-volume.ts';
import { nginxBuilds, until } from '../../support/nginx.ts';
import { isProven, openScene, type Scene, siteConfiguration } from '../../support/scene.ts';

const secret = (certificate: string, key: string): VolumeFiles => ({
  'tls.crt': certificate,
  'tls.key': { content: key, mode: 0o600 },
});

function servedName(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(
      { port: 8443, host: '127.0.0.1', rejectUnauthorized: false, servername: 'old.example' },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on('error', (error) => resolve(error.message));
  });
}

const tls = (directory: string) =>
  `listen 127.0.0.1:8443 ssl; server_name old.example; ssl_certificate ${directory}/tls.crt; ssl_certificate_key ${directory}/tls.key;`;
const old = makePair({ names: ['old.example'] });
const renewed = makePair({ names: ['new.example'] });
const expired = makePair({ names: ['old.example'], from: -30, until: -1 });

for (const build of nginxBuilds) {
  async function withCertificates(
    taken: boolean,
    work: (scene: Scene, secrets: KubeletVolume, second: number) => Promise<void>,
  ): Promise<void> {
    const second = Math.floor(Date.now() / 1000);
    const secrets = kubeletVolume(mkdtempSync('/tmp/steward-test-secret-'), secret(old.certificate, old.key));
    spawnSync('chmod', ['0755', secrets.directory]);
    const server = tls(taken ? 'certs' : secrets.directory);
    const flags = taken ? ['--source', `${secrets.directory}=certs`] : [];
    const scene = await openScene({ build, files: { 'nginx.conf': siteConfiguration({ server }) }, flags });
    try {
      await work(scene, secrets, second);
    } finally {
      await scene.close();
    }
  }

  test(`${build.name}: half a pair, taken as a source, never reaches the published tree; the whole one is served`, async () => {
    await withCertificates(true, async (scene, secrets) => {
      secrets.swap(secret(renewed.certificate, old.key));
      const status = await scene.agent.when(
        'it waits for the other half',
        (one) => one.pending?.reason === 'certificate-pair',
      );
      assert.match(status.pending?.message ?? '', /tls\.crt.*tls\.key/);
      assert.equal(readFileSync(join(scene.published, 'current/certs/tls.crt'), 'utf8'), old.certificate);
      assert.equal(await servedName(), 'old.example');
      secrets.swap(secret(renewed.certificate, renewed.key));
      await until('the new one is served', async () => (await servedName()) === 'new.example');
      const after = await scene.agent.when(
        'it is looked at',
        (one) => isProven(one) && one.certificates[0]?.served === 'yes',
      );
      assert.ok((after.certificates[0]?.daysLeft ?? 0) > 80);
      assert.ok(!after.conditions.some((condition) => condition.type === 'ColdStartAtRisk'));
      assert.equal(statSync(join(scene.published, 'current/certs/tls.key')).mode & 0o777, 0o600);
      assert.ok(
        (await scene.agent.metric('nginx_steward_certificate_not_after_timestamp_seconds')) >
          Date.now() / 1000,
      );
    });
  });

  test(`${build.name}: a mounted certificate that changes is reloaded by itself, and half a pair is a danger for the next start`, async () => {
    await withCertificates(false, async (scene, secrets, second) => {
      secrets.swap(secret(renewed.certificate, old.key));
      const status = await scene.agent.when(
        'the half is noticed',
        (one) => one.pending?.reason === 'certificate-pair',
      );
      assert.ok(status.conditions.some((condition) => condition.type === 'ColdStartAtRisk'));
      // nginx 1.27.4 and later take a file for unchanged whose inode and mtime, in whole seconds, are: a file system may
      // give the inode of the removed version to the new one, so the renewal must not come in the first one's second.
      await until('a second has passed', () => Math.floor(Date.now() / 1000) > second);
      assert.equal(await servedName(), 'old.example');
      secrets.swap(secret(renewed.certificate, renewed.key));
      await until('the new one is served', async () => (await servedName()) === 'new.example');
      const after = await scene.agent.when(
        'proven',
        (one) => isProven(one) && one.certificates[0]?.served === 'yes',
      );
      assert.equal(after.attempts[0]?.trigger, 'certificate');
      assert.ok(!after.conditions.some((condition) => condition.type === 'ColdStartAtRisk'));
    });
  });

  test(`${build.name}: an expired certificate is served as asked and told of with both paths`, async () => {
    await withCertificates(true, async (scene, secrets) => {
      secrets.swap(secret(expired.certificate, expired.key));
      const status = await scene.agent.when(
        'proven',
        (one) => isProven(one) && (one.certificates[0]?.daysLeft ?? 1) <= 0,
      );
      assert.match(status.certificates[0]?.problem ?? '', /expired/);
      assert.match(status.certificates[0]?.problem ?? '', /tls\.crt/);
    });
  });
}
