/**
 * `spec.requests` of the instance as requests: each token acts once, across restarts of everything.
 *
 * A token is noted in state.json before it is acted upon, so an agent that is killed in between does not act upon it again;
 * it then says `Interrupted`, since nobody knows how far that went. Which tokens of an instance that this agent never saw
 * before are old follows from the instance: an agent that had its state would find it in state.json, and one that lost it
 * finds what was acknowledged in the status, where it has written before. Where neither is there, no agent has ever acted
 * for this instance: what is asked for then was there before anything could be asked of it, and is acknowledged as
 * `Existing` without acting. nginx has just been started, or is about to be, so nothing is lost by it.
 */
import type { InstanceRequest } from '../../api/nginx-instance.ts';
import type { Clock } from '../../base/clock.ts';
import type { NotedRequest } from '../../publish/state.ts';
import type { Store } from '../store.ts';
import type { TokenRequest, Tokens } from '../tokens.ts';
import type { InstanceStatus, OwnInstance } from './instance.ts';

type Acknowledged = NonNullable<InstanceStatus['acknowledged']>;
type Key = Pick<InstanceRequest, 'action' | 'origin' | 'token'>;

export interface InstanceRequestsOptions {
  readonly instance: () => OwnInstance | undefined;
  readonly store: Store;
  readonly clock: Clock;
}

const actions: Readonly<Record<string, TokenRequest['action']>> = {
  Reload: 'reload',
  ReopenLogs: 'reopen-logs',
};

export class InstanceRequests implements Tokens {
  readonly paths = [];
  readonly #options: InstanceRequestsOptions;
  /** Acted upon by this very process, and not answered yet. */
  readonly #underWay = new Set<string>();

  constructor(options: InstanceRequestsOptions) {
    this.#options = options;
  }

  fresh(): readonly TokenRequest[] {
    const { clock, store } = this.#options;
    const instance = this.#options.instance();
    if (instance === undefined) return [];
    const { uid } = instance.metadata;
    const { requests: known } = store.get();
    const isFirst = known?.instance !== uid;
    const noted = isFirst ? fromStatus(instance.status) : known.noted;
    const wanted = instance.spec.requests ?? [];
    const unknown = wanted.filter((request) => !noted.some((one) => isSame(one, request)));
    if (!isFirst && unknown.length === 0) return [];
    const at = clock.now();
    const areOld = isFirst && wasNeverServed(instance.status);
    const added = unknown.map(
      ({ action, origin, token }): NotedRequest => ({
        ...{ action, origin, token, at },
        ...verdictBefore(areOld, action),
      }),
    );
    // Of what is asked for no longer, the newest of each action and origin stays: it is what the status tells.
    const kept = noted.filter(
      (one) => wanted.some((request) => isSame(one, request)) || !added.some((other) => isAlike(one, other)),
    );
    store.update({ requests: { instance: uid, noted: [...added, ...kept].slice(0, mostNoted) } });
    return added.flatMap((request) => this.#act(uid, request));
  }

  /** What is told of them, the newest first. */
  acknowledged(): Acknowledged {
    const { requests } = this.#options.store.get();
    const instance = this.#options.instance();
    if (requests === undefined || requests.instance !== instance?.metadata.uid) return [];
    const told = requests.noted.flatMap((request) => {
      const { action, origin, token, at } = request;
      if (request.verdict === undefined && this.#underWay.has(idOf(request))) return [];
      const verdict = request.verdict ?? 'Interrupted';
      return [{ action, origin, token, verdict, at: new Date(at).toISOString() }];
    });
    return told.slice(0, mostTold);
  }

  #act(instance: string, request: NotedRequest): readonly TokenRequest[] {
    const action = actions[request.action];
    if (action === undefined || request.verdict !== undefined) return [];
    const id = idOf(request);
    this.#underWay.add(id);
    return [
      {
        action,
        value: request.token,
        on: request.origin === 'Pod' ? 'Pod' : 'Config',
        answered: (verdict) => {
          this.#underWay.delete(id);
          this.#answered(instance, request, verdict);
        },
      },
    ];
  }

  #answered(instance: string, request: NotedRequest, verdict: string): void {
    const { clock, store } = this.#options;
    const { requests } = store.get();
    if (requests?.instance !== instance) return;
    const noted = requests.noted.map((one) =>
      isSame(one, request) ? { ...one, verdict, at: clock.now() } : one,
    );
    store.update({ requests: { instance, noted } });
  }
}

/** As many as the schemas of spec and status hold. */
const mostTold = 8;
const mostNoted = 16;

function verdictBefore(areOld: boolean, action: string): { readonly verdict?: string } {
  if (areOld) return { verdict: 'Existing' };
  // Of a newer controller: it must be told so.
  return actions[action] === undefined ? { verdict: 'Unknown' } : {};
}

/** No agent has ever told anything about it. */
function wasNeverServed(status: InstanceStatus | undefined): boolean {
  return status?.state === undefined && (status?.acknowledged ?? []).length === 0;
}

function fromStatus(status: InstanceStatus | undefined): readonly NotedRequest[] {
  return (status?.acknowledged ?? []).map(({ action, origin, token, verdict, at }) => ({
    ...{ action, origin, token, verdict },
    at: Date.parse(at),
  }));
}

function isAlike(a: Key, b: Key): boolean {
  return a.action === b.action && a.origin === b.origin;
}

function isSame(a: Key, b: Key): boolean {
  return isAlike(a, b) && a.token === b.token;
}

function idOf({ action, origin, token }: Key): string {
  return JSON.stringify([action, origin, token]);
}
