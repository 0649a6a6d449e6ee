/** The credentials of a Pod: its service account's token, read again whenever the kubelet has put a newer one in place. */
import { readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { StewardError } from '../base/errors.ts';
import type { Credentials } from './http.ts';

export interface InClusterOptions {
  /** Where the token and the CA lie; default: where the kubelet mounts them. */
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const defaultDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws StewardError STEWARD_NO_CLUSTER: this is no Pod, or its token is not mounted. */
export function inCluster(options: InClusterOptions = {}): {
  readonly server: string;
  credentials(): Promise<Credentials>;
} {
  const { directory = defaultDirectory, env = process.env } = options;
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined)
    throw new StewardError('STEWARD_NO_CLUSTER', 'no API server is named in the environment', {
      where: 'KUBERNETES_SERVICE_HOST',
    });
  const files = { token: `${directory}/token`, ca: `${directory}/ca.crt` };
  let known: { readonly stamp: string; readonly credentials: Credentials } | undefined;
  const read = (): Credentials => {
    const stamp = [files.token, files.ca].map(stampOf).join(' ');
    if (known?.stamp === stamp) return known.credentials;
    const token = readFileSync(files.token, 'utf8').trim();
    const ca = readFileSync(files.ca);
    known = { stamp, credentials: { tls: { ca }, headers: { authorization: `Bearer ${token}` } } };
    return known.credentials;
  };
  try {
    read();
  } catch (error) {
    throw new StewardError('STEWARD_NO_CLUSTER', error instanceof Error ? error.message : String(error), {
      where: directory,
    });
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    // What cannot be read for a moment (a swap) was read before.
    credentials: async () => {
      try {
        return read();
      } catch (error) {
        if (known === undefined) throw error;
        return known.credentials;
      }
    },
  };
}

function stampOf(path: string): string {
  const { ino, mtimeMs, ctimeMs, size } = statSync(path);
  return `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
}
