/** Tokens of service accounts that the API server of the tests believes, with a life of our choosing: its own have ten minutes at least. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';

/** Seconds since the epoch. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/** A token as the server would sign it (RFC 7519; the claims of Kubernetes' pkg/serviceaccount/claims.go), expiring when we say. */
export async function signedToken(
  plane: ControlPlane,
  namespace: string,
  name: string,
  expiresAt: number,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`;
  const account = (await plane.api.request({ method: 'GET', path })) as { metadata: { uid: string } };
  const issuer = 'https://kubernetes.default.svc';
  const claims = {
    iss: issuer,
    aud: [issuer],
    sub: `system:serviceaccount:${namespace}:${name}`,
    iat: expiresAt - 3600,
    nbf: expiresAt - 3600,
    exp: expiresAt,
    'kubernetes.io': { namespace, serviceaccount: { name, uid: account.metadata.uid } },
  };
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
  const key = createPrivateKey(readFileSync(join(plane.directory, 'accounts.key')));
  const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
  return `${body}.${signature.toString('base64url')}`;
}
