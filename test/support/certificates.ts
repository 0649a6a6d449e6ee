/**
 * Certificates for tests, made here: any names, dates, kind of key and issuer, in a millisecond (an RSA key takes a
 * tenth of a second). Just enough of X.509's encoding (RFC 5280) for what OpenSSL and Node read.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export type KeyKind = 'rsa' | 'ecdsa' | 'ed25519';

export interface MadePair {
  readonly subject: string;
  readonly organizations: readonly string[];
  readonly certificate: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

export interface PairOptions {
  /** The first one is the subject's common name too. Addresses as `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  readonly kind?: KeyKind;
  /** Days from now; default -1 to 90. */
  readonly from?: number;
  readonly until?: number;
  /** Default: itself. */
  readonly issuer?: MadePair;
  readonly rsaBits?: number;
  /** In the subject; a Kubernetes API server takes them for the groups of a client. */
  readonly organizations?: readonly string[];
  /** May issue others. */
  readonly isAuthority?: boolean;
}

const day = 86_400_000;
const signatures = {
  rsa: sequence(oid(1, 2, 840, 113549, 1, 1, 11), Buffer.from([5, 0])),
  ecdsa: sequence(oid(1, 2, 840, 10045, 4, 3, 2)),
  ed25519: sequence(oid(1, 3, 101, 112)),
} as const;

export function makePair(options: PairOptions = {}): MadePair {
  const { names = ['a.example'], kind = 'ecdsa', from = -1, until = 90, rsaBits = 2048 } = options;
  const { organizations = [], issuer, isAuthority = false } = options;
  const { privateKey, publicKey } = makeKeys(kind, rsaBits);
  const subject = names[0] ?? '';
  const signer = issuer?.privateKey ?? privateKey;
  const signerKind = kindOf(signer);
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    signatures[signerKind],
    issuer === undefined ? nameOf(subject, organizations) : nameOf(issuer.subject, issuer.organizations),
    sequence(time(Date.now() + from * day), time(Date.now() + until * day)),
    nameOf(subject, organizations),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(alternativeNames(names), ...(isAuthority ? [mayIssue()] : []))),
  );
  const signature = sign(signerKind === 'ed25519' ? null : 'sha256', body, signer);
  const der = sequence(body, signatures[signerKind], tagged(3, Buffer.from([0]), signature));
  const certificate = pem('CERTIFICATE', der);
  return { subject, organizations, certificate, key: keyPem(privateKey), privateKey };
}

/** The same private key with a password. */
export function encrypted(pair: MadePair): string {
  return pair.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
}

function makeKeys(kind: KeyKind, rsaBits: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: rsaBits });
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function kindOf(key: KeyObject): KeyKind {
  if (key.asymmetricKeyType === 'rsa') return 'rsa';
  return key.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'ecdsa';
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const part = (kind: number, text: string): Buffer =>
    tagged(0x31, sequence(oid(2, 5, 4, kind), tagged(0x0c, Buffer.from(text))));
  const names = organizations.map((organization) => part(10, organization));
  return sequence(...names, ...(commonName === '' ? [] : [part(3, commonName)]));
}

/** Basic constraints, critical: CA. */
function mayIssue(): Buffer {
  const yes = tagged(1, Buffer.from([0xff]));
  return sequence(oid(2, 5, 29, 19), yes, tagged(4, sequence(yes)));
}

function alternativeNames(names: readonly string[]): Buffer {
  const encodedNames = names.map((name) => {
    if (!name.startsWith('IP:')) return tagged(0x82, Buffer.from(name));
    return tagged(0x87, Buffer.from(name.slice('IP:'.length).split('.').map(Number)));
  });
  return sequence(oid(2, 5, 29, 17), tagged(4, sequence(...encodedNames)));
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  return tagged(0x18, Buffer.from(`${digits}Z`));
}

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(6, Buffer.from(bytes));
}

function integer(bytes: Buffer): Buffer {
  return tagged(2, bytes);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
