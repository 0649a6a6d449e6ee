/** What a certificate says of itself, in our words. */
import type { X509Certificate } from 'node:crypto';

/** The kind of a certificate's key: nginx serves one certificate of each kind for one name. */
export type KeyAlgorithm = 'rsa' | 'ecdsa' | 'ed25519' | 'other';

/** The certificate that is served itself: the first one of its file. */
export interface Leaf {
  /** `CN=a.example, O=Example`; empty where only alternative names are given. */
  readonly subject: string;
  /** DNS names and addresses of the alternative names; where there are none, the common name. */
  readonly names: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whole days until `notAfter`; negative once it has passed. */
  readonly daysLeft: number;
  /** SHA-256 over the certificate, as `openssl x509 -fingerprint -sha256` prints it. */
  readonly fingerprint: string;
  readonly algorithm: KeyAlgorithm;
}

const day = 86_400_000;

export function describeLeaf(certificate: X509Certificate, now: number): Leaf {
  const subject = certificate.subject ?? '';
  const names = alternativeNames(certificate.subjectAltName ?? '');
  const notAfter = certificate.validToDate.getTime();
  return {
    subject: subject.split('\n').filter(Boolean).join(', '),
    names: names.length > 0 ? names : commonNames(subject),
    notBefore: certificate.validFromDate.getTime(),
    notAfter,
    daysLeft: Math.floor((notAfter - now) / day),
    fingerprint: certificate.fingerprint256,
    algorithm: algorithmOf(certificate),
  };
}

/** Node prints `DNS:a.example, IP Address:192.0.2.1`, with names in JSON's quotes where they hold something odd. */
function alternativeNames(text: string): string[] {
  const names: string[] = [];
  for (const [, kind, value = ''] of text.matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    if (kind !== 'DNS' && kind !== 'IP Address') continue;
    names.push(value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
  return names;
}

function commonNames(subject: string): string[] {
  return subject
    .split('\n')
    .filter((line) => line.startsWith('CN='))
    .map((line) => line.slice('CN='.length));
}

function algorithmOf(certificate: X509Certificate): KeyAlgorithm {
  switch (certificate.publicKey.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return 'rsa';
    case 'ec':
      return 'ecdsa';
    case 'ed25519':
      return 'ed25519';
    default:
      return 'other';
  }
}
