/** The certificates of what is wanted and of what runs: halves, dates, and whether nginx serves them. */
import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { servedCertificate } from '../nginx/certificates/handshake.ts';
import { inspectPair, type PairFile, type PairInspection, pairError } from '../nginx/certificates/pair.ts';
import { type Look, type ServedState, servedState } from '../nginx/certificates/served.ts';
import { handshakeTargets } from '../nginx/certificates/targets.ts';
import type { ServedAt } from '../nginx/language/certificate-pairs.ts';
import type { Log } from './ports.ts';
import type { CertificateStatus } from './status.ts';

export interface InspectedPair {
  readonly inspection: PairInspection;
  /** Where it is served; empty for what nginx shows to others as a client. */
  readonly served: readonly ServedAt[];
}

export interface Checked {
  /** The first pair whose halves do not belong together. */
  readonly half: { readonly certificate: string; readonly key: string } | undefined;
  /** Path of a certificate → seconds since the epoch. */
  readonly notAfter: ReadonlyMap<string, number>;
  /** What was wanted before is about to expire or has. */
  readonly urgent: boolean;
}

const handshakeTimeoutMs = 3000;
/** A renewal of a certificate with less than this left waits for no other rule. */
const urgentMs = 72 * 3_600_000;
/** Of more certificates, those that expire first are in the status. */
const mostReported = 20;

export class Certificates {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, PairInspection>();
  #pairs: readonly InspectedPair[] = [];
  /** By fingerprint. */
  readonly #served = new Map<string, ServedState>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Reads a pair; the same bytes are parsed once. Keeps no key. */
  inspect(certificate: PairFile, key: PairFile): PairInspection {
    const digest = createHash('sha256');
    for (const { path, content } of [certificate, key]) digest.update(`${path}\0`).update(content);
    const id = digest.digest('base64');
    const inspection = this.#known.get(id) ?? inspectPair({ certificate, key, now: this.#clock.now() });
    this.#known.set(id, inspection);
    return inspection;
  }

  /** Takes over what a look found. */
  seen(pairs: readonly InspectedPair[]): Checked {
    const now = this.#clock.now();
    const urgent = this.#pairs.some(
      ({ inspection }) => (inspection.leaf?.notAfter ?? Infinity) - now < urgentMs,
    );
    this.#pairs = pairs;
    const wanted = new Set(pairs.map(({ inspection }) => inspection));
    for (const [id, inspection] of this.#known) if (!wanted.has(inspection)) this.#known.delete(id);
    const half = pairs.find(({ inspection }) => inspection.state === 'half')?.inspection;
    return {
      half: half === undefined ? undefined : { certificate: half.certificatePath, key: half.keyPath },
      notAfter: new Map(
        pairs.flatMap(({ inspection: { certificatePath, leaf } }) =>
          leaf === undefined ? [] : [[certificatePath, leaf.notAfter / 1000] as const],
        ),
      ),
      urgent,
    };
  }

  /** After a proof: asks every listening server for its certificate. What cannot be learnt is `unknown`. */
  async lookAtServed(pairs: readonly InspectedPair[], signal: AbortSignal): Promise<void> {
    for (const { inspection, served } of pairs) {
      const { leaf } = inspection;
      if (leaf === undefined) continue;
      const looks: Look[] = [];
      const targets = served.flatMap(({ listens, names }) =>
        handshakeTargets(listens, names, leaf.algorithm),
      );
      for (const target of targets) {
        if ('unreachable' in target) looks.push({ target });
        else
          looks.push({
            target,
            answer: await servedCertificate(target, {
              clock: this.#clock,
              timeoutMs: handshakeTimeoutMs,
              signal,
            }),
          });
        if (signal.aborted) return;
      }
      const state = servedState(leaf.fingerprint, looks);
      this.#served.set(leaf.fingerprint, state);
      if (state.state === 'no')
        this.#log.error(
          { certificate: inspection.certificatePath, reason: state.reason },
          'another certificate is served',
        );
    }
    const current = new Set(pairs.map(({ inspection }) => inspection.leaf?.fingerprint));
    for (const fingerprint of this.#served.keys())
      if (!current.has(fingerprint)) this.#served.delete(fingerprint);
  }

  /** All pairs of what is wanted. */
  get count(): number {
    return this.#pairs.length;
  }

  /** Those that expire first. */
  report(now: number): readonly CertificateStatus[] {
    const byExpiry = this.#pairs.toSorted(
      (a, b) => (a.inspection.leaf?.notAfter ?? 0) - (b.inspection.leaf?.notAfter ?? 0),
    );
    return byExpiry.slice(0, mostReported).map(({ inspection }) => this.#statusOf(inspection, now));
  }

  #statusOf(inspection: PairInspection, now: number): CertificateStatus {
    const { leaf } = inspection;
    const served = (leaf && this.#served.get(leaf.fingerprint)) ?? {
      state: 'unknown' as const,
      reason: 'not looked at yet',
    };
    const problem =
      pairError(inspection)?.message ??
      expiry(inspection, now) ??
      inspection.problems.find((one) => one.severity !== 'info')?.message;
    return {
      path: inspection.certificatePath,
      keyPath: inspection.keyPath,
      subject: leaf?.subject ?? '',
      names: leaf?.names ?? [],
      notAfter: leaf === undefined ? '' : new Date(leaf.notAfter).toISOString(),
      daysLeft: leaf === undefined ? 0 : Math.floor((leaf.notAfter - now) / 86_400_000),
      fingerprint: leaf?.fingerprint ?? '',
      served: served.state,
      ...(served.state === 'yes' ? {} : { reason: served.reason }),
      ...(problem === undefined ? {} : { problem }),
    };
  }
}

/** Dates are judged when they are shown: a cached inspection is as old as its bytes. */
function expiry({ leaf, certificatePath, keyPath }: PairInspection, now: number): string | undefined {
  if (leaf === undefined || leaf.notAfter > now) return undefined;
  return `certificate ${certificatePath} with key ${keyPath}: it expired on ${new Date(leaf.notAfter).toISOString()}`;
}
