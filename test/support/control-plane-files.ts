/** Keys, certificates and kubeconfig files of the API server of the tests. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MadePair, makePair } from './certificates.ts';

/** The server's own, as paths. */
export interface Files {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly accountKey: string;
  readonly accountPublicKey: string;
}

/** Makes them. */
export function writeFiles(directory: string, authority: MadePair): Files {
  const names = ['kube-apiserver', 'localhost', 'kubernetes.default.svc', 'IP:127.0.0.1', 'IP:10.96.0.1'];
  const serving = makePair({ names, issuer: authority });
  const account = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const write = (name: string, content: string | Buffer): string => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  return {
    ca: write('ca.crt', authority.certificate),
    certificate: write('apiserver.crt', serving.certificate),
    key: write('apiserver.key', serving.key),
    accountKey: write('accounts.key', account.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    accountPublicKey: write('accounts.pub', account.publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

/** A user of the kubeconfig kind: who it is, is said by a client certificate. */
export function writeUser(
  { directory, authority, server }: { directory: string; authority: MadePair; server: string },
  name: string,
  groups: readonly string[],
): { kubeconfig: string; pair: { cert: string; key: string } } {
  const { certificate, key } = makePair({ names: [name], organizations: groups, issuer: authority });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority-data': base64(authority.certificate) } },
    ],
    users: [
      { name, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  };
  const users = join(directory, 'users');
  mkdirSync(users, { recursive: true });
  const kubeconfig = join(users, `${encodeURIComponent(name)}.kubeconfig`);
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return { kubeconfig, pair: { cert: certificate, key } };
}
