/** A certificate and its key, before nginx sees them: do they belong together, and is anything wrong with them? */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { StewardError } from '../../base/errors.ts';
import { describeLeaf, type Leaf } from './leaf.ts';
import { certificatesOf, isEncrypted, type Pem, privateKeyOf, readPem } from './pem.ts';

/** One half of a pair; certificate and key may be one file. */
export interface PairFile {
  readonly path: string;
  /** `missing`: nothing is there. `unseen`: it may be there, and the agent cannot read it. */
  readonly content: Uint8Array | 'missing' | 'unseen';
}

/**
 * - `whole`: the key belongs to the certificate, and nginx will load them (also when they have expired).
 * - `half`: one of the two is missing, cut off, or belongs to another pair: the other half is likely on its way. nginx
 *   refuses it, or worse: a key of another kind than its certificate loads and serves nobody.
 * - `broken`: nginx will refuse them, and nothing says that this will pass by itself.
 * - `unknown`: it cannot be told, because a half cannot be read or the key has a password.
 */
export type PairState = 'whole' | 'half' | 'broken' | 'unknown';

interface PairProblem {
  readonly kind:
    | 'missing'
    | 'unseen'
    | 'unreadable'
    | 'mismatch'
    | 'encrypted-key'
    | 'expired'
    | 'not-yet-valid'
    | 'chain-order'
    | 'weak-key';
  /** `error`: nginx or every client refuses it. */
  readonly severity: 'error' | 'warning' | 'info';
  /** A sentence with both paths in it; never a byte of a key. */
  readonly message: string;
}

export interface PairInspection {
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly state: PairState;
  /** Known as soon as the certificate alone can be read. */
  readonly leaf?: Leaf;
  readonly problems: readonly PairProblem[];
}

/** Shorter RSA keys are refused by OpenSSL at its security level 2, which Debian and others set. */
const shortestRsaKey = 2048;

/** One half, read. A file that is absent (or empty) or cut off may be on its way; one that is wrong stays so. */
type Half<T> =
  | { readonly kind: 'read'; readonly value: T }
  | {
      readonly kind: 'bad';
      readonly problem: Omit<PairProblem, 'severity'>;
      readonly sign: 'absent' | 'cut-off' | 'wrong';
    }
  | { readonly kind: 'unknown'; readonly problem: Omit<PairProblem, 'severity'> };

/** Looks at a pair as it stands now; `now` in milliseconds since the Unix epoch. Never throws. */
export function inspectPair(pair: {
  readonly certificate: PairFile;
  readonly key: PairFile;
  readonly now: number;
}): PairInspection {
  const { certificate, key, now } = pair;
  const chain = readChain(certificate);
  const privateKey = readKey(key);
  const problems: PairProblem[] = [];
  const add = (severity: PairProblem['severity'], kind: PairProblem['kind'], what: string): void => {
    problems.push({
      kind,
      severity,
      message: `certificate ${certificate.path} with key ${key.path}: ${what}`,
    });
  };
  for (const half of [chain, privateKey]) {
    if (half.kind !== 'read')
      add(half.kind === 'bad' ? 'error' : 'info', half.problem.kind, half.problem.message);
  }
  const found = { certificatePath: certificate.path, keyPath: key.path, problems };
  if (chain.kind !== 'read') return { ...found, state: stateOf(chain, privateKey) };

  const leaf = describeLeaf(chain.value[0], now);
  judgeDates(leaf, now, add);
  judgeChain(chain.value, add);
  if (privateKey.kind !== 'read') return { ...found, leaf, state: stateOf(chain, privateKey) };

  const owner = chain.value.findIndex((candidate) => candidate.checkPrivateKey(privateKey.value));
  if (owner === 0) return { ...found, leaf, state: 'whole' };
  if (owner > 0) {
    // Its certificate is there already, in the wrong place: waiting will not help.
    add(
      'error',
      'mismatch',
      `the key belongs to certificate ${owner + 1} in the file, and nginx uses it with the first: put the server's own certificate first`,
    );
    return { ...found, leaf, state: 'broken' };
  }
  add(
    'error',
    'mismatch',
    `the key does not belong to the certificate: one of the two is of another pair${unnoticed(chain.value[0], privateKey.value)}`,
  );
  return { ...found, leaf, state: 'half' };
}

/**
 * The error of a pair that nginx would refuse, or undefined for `whole` and `unknown`. For `half` it is to be shown once
 * the other half has been waited for in vain.
 */
export function pairError(inspection: PairInspection): StewardError | undefined {
  if (inspection.state === 'whole' || inspection.state === 'unknown') return undefined;
  const what = inspection.problems
    .filter(
      (problem) =>
        problem.severity === 'error' && problem.kind !== 'expired' && problem.kind !== 'not-yet-valid',
    )
    .map((problem) => problem.message)
    .join('; ');
  return new StewardError(
    inspection.state === 'half' ? 'STEWARD_CERTIFICATE_PAIR' : 'STEWARD_CERTIFICATE',
    what,
  );
}

function stateOf(chain: Half<unknown>, key: Half<unknown>): PairState {
  const signs = [chain, key].flatMap((half) => (half.kind === 'bad' ? [half.sign] : []));
  if (signs.length === 0) return 'unknown';
  if (signs.includes('wrong')) return 'broken';
  // Where both are absent, nothing says that anything is on its way.
  return signs.length === 1 || signs.includes('cut-off') ? 'half' : 'broken';
}

function readChain(file: PairFile): Half<readonly [X509Certificate, ...X509Certificate[]]> {
  const pem = open(file, 'certificate');
  if (pem.kind !== 'read') return pem;
  const chain: X509Certificate[] = [];
  for (const [index, block] of certificatesOf(pem.value).entries()) {
    try {
      chain.push(new X509Certificate(block.text));
    } catch (error) {
      return unreadable(
        `certificate ${index + 1} in ${file.path} cannot be read (${codeOf(error)})`,
        pem.value,
      );
    }
  }
  const [first, ...others] = chain;
  if (first === undefined)
    return unreadable(`there is no PEM certificate in ${file.path}${hint(pem.value)}`, pem.value);
  if (pem.value.isCutOff) return unreadable(`${file.path} ends in the middle of a PEM block`, pem.value);
  return { kind: 'read', value: [first, ...others] };
}

function readKey(file: PairFile): Half<KeyObject> {
  const pem = open(file, 'key');
  if (pem.kind !== 'read') return pem;
  const block = privateKeyOf(pem.value);
  if (block === undefined)
    return unreadable(`there is no PEM private key in ${file.path}${hint(pem.value)}`, pem.value);
  if (isEncrypted(block)) {
    const message = `the key in ${file.path} has a password, so whether it belongs to the certificate is not known`;
    return { kind: 'unknown', problem: { kind: 'encrypted-key', message } };
  }
  try {
    return { kind: 'read', value: createPrivateKey(block.text) };
  } catch (error) {
    return unreadable(`the private key in ${file.path} cannot be read (${codeOf(error)})`, pem.value);
  }
}

function open(file: PairFile, what: 'certificate' | 'key'): Half<Pem> {
  if (file.content === 'missing')
    return {
      kind: 'bad',
      sign: 'absent',
      problem: { kind: 'missing', message: `the ${what} file is not there` },
    };
  if (file.content === 'unseen') {
    const message = `the ${what} file cannot be read from here`;
    return { kind: 'unknown', problem: { kind: 'unseen', message } };
  }
  return { kind: 'read', value: readPem(file.content) };
}

function unreadable(message: string, pem: Pem): Half<never> {
  const isEmpty = pem.blocks.length === 0;
  const sign = pem.isCutOff ? 'cut-off' : isEmpty ? 'absent' : 'wrong';
  return { kind: 'bad', sign, problem: { kind: 'unreadable', message } };
}

function hint(pem: Pem): string {
  return pem.isCutOff ? ': it ends in the middle of a PEM block' : '';
}

function judgeDates(
  leaf: Leaf,
  now: number,
  add: (severity: 'error', kind: PairProblem['kind'], what: string) => void,
): void {
  if (leaf.notAfter <= now) add('error', 'expired', `it expired on ${new Date(leaf.notAfter).toISOString()}`);
  if (leaf.notBefore > now)
    add('error', 'not-yet-valid', `it is not valid before ${new Date(leaf.notBefore).toISOString()}`);
}

function judgeChain(
  chain: readonly X509Certificate[],
  add: (severity: 'warning', kind: PairProblem['kind'], what: string) => void,
): void {
  const [leaf] = chain;
  const bits = leaf?.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < shortestRsaKey)
    add(
      'warning',
      'weak-key',
      `its RSA key has ${bits} bits, and most builds of nginx refuse less than ${shortestRsaKey}`,
    );
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (next === undefined || certificate.checkIssued(next)) continue;
    add(
      'warning',
      'chain-order',
      `certificate ${index + 2} in the file did not issue certificate ${index + 1}: clients that lack the one between refuse it`,
    );
    return;
  }
}

/** OpenSSL keeps a key of another kind beside the certificate: `nginx -t` passes, and every handshake fails (seen on 1.22 and 1.30). */
function unnoticed(certificate: X509Certificate, key: KeyObject): string {
  const { asymmetricKeyType: kind } = certificate.publicKey;
  return kind === key.asymmetricKeyType
    ? ''
    : `, one ${kind} and the other ${key.asymmetricKeyType}, which \`nginx -t\` does not notice and no client can connect to`;
}

/** OpenSSL's and Node's codes name the failure and hold nothing of the input. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'not a known format';
}
