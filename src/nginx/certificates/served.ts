/** After a reload: is the certificate that was wanted the one that clients get? */
import { placeOf, type ServedCertificate } from './handshake.ts';
import type { HandshakeTarget, Unreachable } from './targets.ts';

/** What became of one place where a certificate should be served. */
export type Look =
  | { readonly target: HandshakeTarget; readonly answer: ServedCertificate }
  | { readonly target: Unreachable };

/** `unknown` is no failure: it says what could not be looked at, and never puts anything back. */
export type ServedState =
  | { readonly state: 'yes' }
  | { readonly state: 'no' | 'unknown'; readonly reason: string };

/**
 * `no` when any place serves another certificate than the one with this fingerprint; `yes` when at least one serves it
 * and none another; else `unknown`.
 */
export function servedState(fingerprint: string, looks: readonly Look[]): ServedState {
  const reasons: string[] = [];
  let isServed = false;
  for (const look of looks) {
    if (!('answer' in look)) {
      reasons.push(look.target.unreachable);
    } else if (look.answer.kind === 'unknown') {
      reasons.push(look.answer.reason);
    } else if (look.answer.fingerprint === fingerprint) {
      isServed = true;
    } else {
      const other = look.answer.fingerprint;
      return {
        state: 'no',
        reason: `${placeOf(look.target)} serves the certificate with fingerprint ${other}`,
      };
    }
  }
  if (isServed) return { state: 'yes' };
  return { state: 'unknown', reason: reasons.length > 0 ? reasons.join('; ') : 'no server listens with it' };
}
