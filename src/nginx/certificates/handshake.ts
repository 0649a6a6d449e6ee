/** Looks at the certificate that a listening nginx serves: one TLS handshake, no request. */
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import type { KeyAlgorithm } from './leaf.ts';
import type { HandshakeTarget } from './targets.ts';

export type ServedCertificate =
  /** `fingerprint`: SHA-256, as in `Leaf`. */
  | { readonly kind: 'served'; readonly fingerprint: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface HandshakeOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

type Tls = typeof import('node:tls');
type Outcome = ServedCertificate | { readonly kind: 'no-shared-algorithm' };

/**
 * What makes nginx choose its certificate of one kind: the signature algorithms that we accept. OpenSSL then offers only
 * cipher suites that go with them, which decides under TLS 1.1 and below too.
 */
const signatureAlgorithms: Readonly<Record<KeyAlgorithm, string | undefined>> = {
  rsa: [
    'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512',
    'rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512',
    'rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512:rsa_pkcs1_sha1',
  ].join(':'),
  ecdsa: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ecdsa_sha1',
  ed25519: 'ed25519',
  other: undefined,
};

/**
 * The certificate served at a target. A server without a certificate of the wanted kind answers with the one that it has
 * for everybody: then that is what is served. Never rejects: what cannot be learnt is `unknown` with the reason.
 */
export async function servedCertificate(
  target: HandshakeTarget,
  options: HandshakeOptions,
): Promise<ServedCertificate> {
  // Loaded with the first certificate that changes: it costs more than a megabyte.
  const tls = await import('node:tls');
  const outcome = await shakeHands(tls, target, signatureAlgorithms[target.algorithm], options);
  if (outcome.kind !== 'no-shared-algorithm') return outcome;
  const anyOutcome = await shakeHands(tls, target, undefined, options);
  return anyOutcome.kind === 'no-shared-algorithm'
    ? {
        kind: 'unknown',
        reason: `${placeOf(target)}: the server refuses every handshake: it has no certificate with a key of its own, or shares no algorithm with us`,
      }
    : anyOutcome;
}

/** `127.0.0.1:443 (a.example)`, for people. */
export function placeOf(target: HandshakeTarget): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const name = target.serverName === undefined ? '' : ` (${target.serverName})`;
  return `${host}:${target.port}${name}`;
}

async function shakeHands(
  tls: Tls,
  target: HandshakeTarget,
  sigalgs: string | undefined,
  { clock, timeoutMs, signal }: HandshakeOptions,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const unknown = (reason: string): void =>
    resolve({ kind: 'unknown', reason: `${placeOf(target)}: ${reason}` });
  const onAbort = (): void => unknown('the look was called off');
  const cancelTimeout = clock.after(timeoutMs, () => unknown(`no handshake within ${timeoutMs} ms`));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();

  const socket = connect({ host: target.host, port: target.port });
  let secured: TLSSocket | undefined;
  socket.on('error', (error) => unknown(reasonOf(error)));
  socket.once('close', () => unknown('the connection was closed before the handshake was done'));
  socket.once('connect', () => {
    const start = (): void => {
      secured = tls.connect({
        socket,
        ...(sigalgs === undefined ? {} : { sigalgs }),
        ...(target.serverName === undefined ? {} : { servername: target.serverName }),
        // We look at what is served and trust nothing: whatever it is signed by, and however old the protocol.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        minVersion: 'TLSv1',
        ciphers: 'ALL:@SECLEVEL=0',
      });
      watch(secured, resolve, unknown);
    };
    // The header stands in the clear before the first byte of TLS.
    if (target.proxyProtocol) socket.write(proxyHeader(socket), start);
    else start();
  });

  try {
    return await promise;
  } finally {
    cancelTimeout();
    signal?.removeEventListener('abort', onAbort);
    secured?.destroy();
    socket.destroy();
  }
}

function watch(
  secured: TLSSocket,
  resolve: (outcome: Outcome) => void,
  unknown: (reason: string) => void,
): void {
  const look = (): boolean => {
    const fingerprint = secured.getPeerX509Certificate()?.fingerprint256;
    if (fingerprint !== undefined) resolve({ kind: 'served', fingerprint });
    return fingerprint !== undefined;
  };
  secured.once('secureConnect', () => {
    if (!look()) unknown('the server showed no certificate');
  });
  secured.on('error', (error) => {
    // A server that asks for a client certificate may refuse us after it has shown its own.
    if (look()) return;
    if (codeOf(error).endsWith('HANDSHAKE_FAILURE')) resolve({ kind: 'no-shared-algorithm' });
    else unknown(reasonOf(error));
  });
}

/**
 * Version 1 of the PROXY protocol, with the addresses of this very connection: nginx takes both versions wherever it
 * takes one (https://nginx.org/en/docs/http/ngx_http_core_module.html#listen).
 */
function proxyHeader(socket: Socket): string {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
  const family = localAddress.includes(':') ? 'TCP6' : 'TCP4';
  return `PROXY ${family} ${localAddress} ${remoteAddress} ${localPort} ${remotePort}\r\n`;
}

function reasonOf(error: Error): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code.endsWith('UNRECOGNIZED_NAME')) return 'the server rejects handshakes for this name';
  return code === '' ? error.message : `the handshake failed (${code})`;
}

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : '';
}
