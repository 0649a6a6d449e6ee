/**
 * One leader among several, by a Lease. Time is measured by our own clock that never goes back, from when we last saw the
 * Lease change: the clocks of two machines are never compared. A leader that could not renew in time has lost, and its
 * process should end: whatever it was about to write is refused anyway, since each write carries the version it was decided
 * on.
 */
import type { Clock } from '../base/clock.ts';
import { type Api, ApiError, isApiError } from './api.ts';
import { leases, pathOf } from './resource.ts';
import { trusted } from './trusted.ts';

interface LeaderLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface LeaderOptions {
  readonly api: Api;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly clock: Clock;
  readonly log: LeaderLog;
  /** Milliseconds after which a Lease that nobody renewed may be taken. */
  readonly leaseMs?: number;
  /** Milliseconds within which the leader must renew, less than `leaseMs`. */
  readonly renewWithinMs?: number;
  /** Milliseconds between two tries. */
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

interface Lease {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
    readonly acquireTime?: string;
    readonly leaseTransitions?: number;
  };
}

export interface Leadership {
  /** Resolves with the reason when it is lost; when `signal` ends it, the Lease was given back. */
  readonly lost: Promise<string>;
}

const nothing: Lease = { metadata: { name: '', namespace: '' } };
const defaults = { leaseMs: 15_000, renewWithinMs: 10_000, everyMs: 2000 };

/** Waits until this process leads. Rejects when `signal` is aborted before. */
export async function lead(options: LeaderOptions): Promise<Leadership> {
  const { clock, log, signal, identity, leaseMs = defaults.leaseMs, everyMs = defaults.everyMs } = options;
  let seen: { readonly version: string; readonly at: number } | undefined;
  let complained = '';
  for (;;) {
    try {
      const lease = await read(options);
      const version = lease?.metadata.resourceVersion ?? '';
      if (seen?.version !== version) seen = { version, at: clock.monotonic() };
      const holder = lease?.spec?.holderIdentity ?? '';
      const theirs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000 || leaseMs;
      const isFree = holder === '' || holder === identity || clock.monotonic() - seen.at >= theirs;
      if (lease === undefined || isFree) {
        const at = clock.monotonic();
        const mine = await write(options, lease);
        log.info({ identity, before: holder }, 'leading');
        return { lost: keep(options, mine, at) };
      }
      complained = '';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 409 && error.message !== complained) {
        log.warn({ reason: error.message }, 'the lease cannot be had');
        complained = error.message;
      }
    }
    await clock.sleep(everyMs, signal);
  }
}

/** Renews until that fails for too long or `signal` is aborted. */
async function keep(options: LeaderOptions, first: Lease, acquiredAt: number): Promise<string> {
  const { clock, signal, log, everyMs = defaults.everyMs, renewWithinMs = defaults.renewWithinMs } = options;
  let lease = first;
  let renewedAt = acquiredAt;
  for (;;) {
    try {
      await clock.sleep(everyMs, signal);
    } catch {
      await giveBack(options, lease);
      return 'ended';
    }
    // Frozen for longer than the lease: somebody else may lead, and finding out must not wait for a write.
    if (clock.monotonic() - renewedAt > renewWithinMs + everyMs) return 'it was not renewed in time';
    const startedAt = clock.monotonic();
    try {
      lease = await write(options, lease);
      renewedAt = startedAt;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 409) {
        const now = await read(options).catch(() => undefined);
        if (now?.spec?.holderIdentity !== options.identity) return 'another one holds the lease';
        lease = now;
      }
      if (clock.monotonic() - renewedAt > renewWithinMs) return `it could not be renewed: ${error.message}`;
      log.warn({ reason: error.message }, 'the lease could not be renewed yet');
    }
  }
}

async function read({ api, namespace, name, renewWithinMs }: LeaderOptions): Promise<Lease | undefined> {
  try {
    const answer = await api.request({
      method: 'GET',
      path: pathOf(leases, namespace, name),
      signal: AbortSignal.timeout(renewWithinMs ?? defaults.renewWithinMs),
    });
    return trusted<Lease>(answer, nothing);
  } catch (error) {
    if (isApiError(error, 404)) return undefined;
    throw timedOut(error);
  }
}

async function write(options: LeaderOptions, before: Lease | undefined): Promise<Lease> {
  const { api, namespace, name, identity, clock, leaseMs = defaults.leaseMs } = options;
  const isMine = before?.spec?.holderIdentity === identity;
  const now = new Date(clock.now()).toISOString().replace('Z', '000Z');
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(leaseMs / 1000)),
    renewTime: now,
    acquireTime: isMine ? (before?.spec?.acquireTime ?? now) : now,
    leaseTransitions: (before?.spec?.leaseTransitions ?? 0) + (isMine || before === undefined ? 0 : 1),
  };
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...before?.metadata, name, namespace },
    spec,
  };
  try {
    const answer = await api.request({
      method: before === undefined ? 'POST' : 'PUT',
      path: before === undefined ? pathOf(leases, namespace) : pathOf(leases, namespace, name),
      body,
      signal: AbortSignal.timeout(options.renewWithinMs ?? defaults.renewWithinMs),
    });
    return trusted<Lease>(answer, nothing);
  } catch (error) {
    throw timedOut(error);
  }
}

/** So that the next one need not wait for the lease to run out. */
async function giveBack(options: LeaderOptions, lease: Lease): Promise<void> {
  const { api, namespace, name } = options;
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    ...lease,
    spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 },
  };
  try {
    const path = pathOf(leases, namespace, name);
    await api.request({ method: 'PUT', path, body, signal: AbortSignal.timeout(1000) });
  } catch {
    // It runs out by itself.
  }
}

/** A request that was given up because it took too long is no end of the process. */
function timedOut(error: unknown): unknown {
  return error instanceof Error && error.name === 'TimeoutError'
    ? new ApiError(0, 'Unreachable', 'the API server did not answer in time')
    : error;
}
