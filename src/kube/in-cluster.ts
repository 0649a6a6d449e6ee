/** The credentials of a Pod: its service account's token, read again whenever the kubelet has put a newer one in place. */
import { readFileSync, statSync } from 'node:fs';
import { StewardError } from '../base/errors.ts';
import { ApiError } from './api.ts';
import type { Credentials } from './http.ts';

export interface InClusterOptions {
  /** Where the token and the CA lie. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface InCluster {
  readonly server: string;
  /** Rejects with an ApiError as long as there was never a token. */
  credentials(): Promise<Credentials>;
}

/** @throws StewardError STEWARD_NO_CLUSTER: this is no Pod. */
export function inCluster({ directory, env }: InClusterOptions): InCluster {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined)
    throw new StewardError('STEWARD_NO_CLUSTER', 'no API server is named in the environment', {
      where: 'KUBERNETES_SERVICE_HOST',
      fix: 'The kubelet sets it in every Pod. Outside of one, run the agent from files: --source DIR.',
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
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    credentials: () => {
      try {
        return Promise.resolve(read());
      } catch (error) {
        // What cannot be read for a moment (a swap) was read before.
        if (known !== undefined) return Promise.resolve(known.credentials);
        const reason = error instanceof Error ? error.message : String(error);
        const message = `no credentials for the API server: ${reason}`;
        return Promise.reject(new ApiError(0, 'NoCredentials', message, undefined, error));
      }
    },
  };
}

function stampOf(path: string): string {
  const { ino, mtimeMs, ctimeMs, size } = statSync(path);
  return `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
}
