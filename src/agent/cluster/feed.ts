/**
 * What the API wants of this Pod, as the agent's loop reads it: the wanted revision, whole and verified; the policy; the
 * instance itself. One watch on the agent's own NginxInstance, one get for each revision that it names.
 *
 * - What cannot be had changes nothing: the agent goes on with what it has, and asks again with growing, jittered pauses.
 * - An instance that is not this Pod's is as good as none. One that goes away leaves everything as it is.
 * - With neither a tree on disk nor a revision from an instance, the `startRevision` of the NginxConfig is taken, and asked
 *   for until there is a tree: a Pod starts without a controller. An agent with a tree never does that.
 */
import { isDeepStrictEqual } from 'node:util';
import type { InstancePolicy } from '../../api/nginx-instance.ts';
import type { Clock } from '../../base/clock.ts';
import { type Api, ApiError, isApiError } from '../../kube/api.ts';
import { backoffMs } from '../../kube/backoff.ts';
import { Reflector } from '../../kube/reflector.ts';
import { own, pathOf } from '../../kube/resource.ts';
import type { Log } from '../ports.ts';
import type { AgentStatus, Revision } from '../status.ts';
import { Waker } from '../waker.ts';
import { type OwnInstance, type OwnPod, objectionTo, readInstance } from './instance.ts';
import type { Keeper } from './keeper.ts';
import { contentOf, numberOf, startRevisionOf, takeRevision, type Wanted } from './revision.ts';

export interface FeedOptions {
  readonly api: Api;
  readonly pod: OwnPod;
  /** The NginxConfig's name. */
  readonly config: string;
  readonly keeper: Keeper;
  /** A tree is on disk, with which nginx can start. */
  readonly hasTree: () => boolean;
  /** The revision that was proven last. */
  readonly proven: () => Revision | undefined;
  readonly clock: Clock;
  /** In [0, 1): jitter. */
  readonly random: () => number;
  readonly log: Log;
}

/** `revision`: another content is wanted. `instance`: its policy, its requests or its status are others. */
export type FeedChange = 'revision' | 'instance';

/** What to get next. */
type Errand =
  | { readonly kind: 'revision'; readonly revision: Revision }
  | { readonly kind: 'start' }
  | { readonly kind: 'none'; readonly untilMs?: number };

const retry = { firstMs: 200, mostMs: 30_000 };
/** While there is no tree, nginx cannot start: ask more often. */
const startRetry = { firstMs: 200, mostMs: 5000 };
/** A revision that is not what it should be may be made anew under its name. */
const refusedRetry = { firstMs: 15_000, mostMs: 120_000 };
/** How long the first list of instances is waited for before the start revision is asked for all the same. */
const firstListMs = 1000;
/** How often it is asked meanwhile whether the list has failed. */
const firstLookMs = 50;

export class Feed {
  readonly #options: FeedOptions;
  readonly #waker: Waker;
  readonly #reflector: Reflector<OwnInstance>;
  readonly #startedAt: number;
  #listener: (change: FeedChange) => void = () => {};
  /** Of this Pod. */
  #instance: OwnInstance | undefined;
  #objection: string | undefined;
  #wanted: Wanted;
  #policy: InstancePolicy | undefined;
  #keptRevision: string | undefined;
  #trouble: string | undefined;
  #failures = 0;
  #nextTry = 0;
  #errand = '';

  constructor(options: FeedOptions) {
    const { api, pod, clock, random, log, keeper, proven } = options;
    this.#options = options;
    this.#waker = new Waker(clock);
    this.#startedAt = clock.monotonic();
    const kept = keeper.revision(proven());
    this.#wanted = kept ?? { kind: 'nothing', message: 'the API server was not asked yet' };
    this.#keptRevision = kept?.revision.hash;
    this.#policy = keeper.policy();
    this.#reflector = new Reflector<OwnInstance>({
      api,
      resource: own('NginxInstance'),
      namespace: pod.namespace,
      fieldSelector: `metadata.name=${pod.name}`,
      reduce: readInstance,
      changed: (_key, object) => this.#observed(object),
      clock,
      random,
      log,
    });
  }

  /** The instance of this very Pod. */
  get instance(): OwnInstance | undefined {
    return this.#instance;
  }

  /** Of the instance; before there is one, what was kept of an earlier one. */
  get policy(): InstancePolicy | undefined {
    return this.#policy;
  }

  wanted(): Wanted {
    if (this.#wanted.kind !== 'nothing') return this.#wanted;
    const reason = this.#trouble ?? this.#objection ?? this.#reflector.failure?.message;
    if (reason !== undefined) return { kind: 'nothing', message: reason };
    if (!this.#reflector.synced) return this.#wanted;
    const { pod } = this.#options;
    return { kind: 'nothing', message: `there is no NginxInstance ${pod.name} that names a revision yet` };
  }

  /** What people should know. */
  conditions(): AgentStatus['conditions'] {
    const conditions: { type: string; reason: string; message: string }[] = [];
    const { failure } = this.#reflector;
    if (failure !== undefined)
      conditions.push({ type: 'ApiUnavailable', reason: failure.reason, message: failure.message });
    if (this.#objection !== undefined)
      conditions.push({ type: 'InstanceIgnored', reason: 'NotThisPod', message: this.#objection });
    if (this.#trouble !== undefined)
      conditions.push({ type: 'RevisionUnavailable', reason: 'NotRead', message: this.#trouble });
    return conditions;
  }

  /** Told of every change; one listener. */
  listen(listener: (change: FeedChange) => void): void {
    this.#listener = listener;
  }

  /** Keeps what is wanted for a start without the API, once it is proven. Call it whenever something may be proven. */
  keep(): void {
    const proven = this.#options.proven();
    const wanted = this.#wanted;
    if (wanted.kind !== 'revision' || this.#keptRevision === wanted.revision.hash) return;
    if (proven !== undefined && proven.hash !== wanted.revision.hash) return;
    this.#keptRevision = wanted.revision.hash;
    this.#options.keeper.keepRevision(wanted);
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#reflector.run(signal), this.#wakeWhenSynced(signal), this.#runErrands(signal)]);
  }

  #observed(object: OwnInstance | undefined): void {
    const { pod, config, log, keeper } = this.#options;
    const before = this.#instance;
    const objection = object === undefined ? undefined : objectionTo(object, pod, config);
    if (objection !== undefined && objection !== this.#objection)
      log.warn({ reason: objection }, 'an instance is ignored');
    this.#objection = objection;
    this.#instance = objection === undefined ? object : undefined;
    const { spec } = this.#instance ?? {};
    if (spec !== undefined && !isDeepStrictEqual(spec.policy, this.#policy)) {
      this.#policy = spec.policy;
      keeper.keepPolicy(spec.policy);
    }
    // What the agent itself wrote into the status is no news.
    if (!isDeepStrictEqual(before?.spec, spec) || before?.metadata.uid !== this.#instance?.metadata.uid) {
      this.#waker.wake();
      this.#listener('instance');
    }
  }

  /** The list may be empty, which tells nothing. */
  async #wakeWhenSynced(signal: AbortSignal): Promise<void> {
    try {
      await this.#reflector.whenSynced(signal);
      this.#waker.wake();
    } catch {
      // It is aborted.
    }
  }

  async #runErrands(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const errand = this.#nextErrand();
      const id = idOf(errand);
      if (id !== this.#errand) {
        this.#errand = id;
        this.#failures = 0;
        this.#nextTry = 0;
      }
      if (errand.kind === 'none') {
        this.#trouble = undefined;
        await this.#waker.sleep(errand.untilMs, signal);
      } else if (clock.monotonic() < this.#nextTry) {
        await this.#waker.sleep(this.#nextTry - clock.monotonic(), signal);
      } else {
        await this.#run(errand, signal);
      }
    }
  }

  #nextErrand(): Errand {
    const { hasTree, clock } = this.#options;
    const wanted = this.#wanted;
    const revision = this.#instance?.spec.revision;
    if (revision !== undefined) {
      const isHad = wanted.kind === 'revision' && isSame(wanted.revision, revision);
      return isHad ? { kind: 'none' } : { kind: 'revision', revision };
    }
    if (hasTree()) return { kind: 'none' };
    // Whether there is an instance is known only after the first list, or when none is to be had.
    const waited = clock.monotonic() - this.#startedAt;
    const isKnown = this.#reflector.synced || this.#reflector.failure !== undefined || waited >= firstListMs;
    return isKnown ? { kind: 'start' } : { kind: 'none', untilMs: firstLookMs };
  }

  async #run(errand: Exclude<Errand, { kind: 'none' }>, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const again = (pause: typeof retry): void => {
      this.#nextTry = clock.monotonic() + backoffMs(pause, this.#failures, random());
      this.#failures += 1;
    };
    try {
      const wanted =
        errand.kind === 'start'
          ? await this.#getStartRevision(signal)
          : await this.#getRevision(errand.revision, signal);
      // Something else may have become wanted meanwhile.
      if (idOf(this.#nextErrand()) !== idOf(errand)) return;
      this.#trouble = undefined;
      this.#take(wanted);
      if (errand.kind === 'start') again(startRetry);
      else if (wanted.kind === 'refused') again(refusedRetry);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#complain(error.message);
      again(errand.kind === 'start' ? startRetry : retry);
    }
  }

  async #getRevision(revision: Revision, signal: AbortSignal): Promise<Wanted> {
    const wanted = this.#wanted;
    // The same content is handed out under another number.
    if (wanted.kind === 'revision' && isSameContent(wanted.revision, revision))
      return { ...wanted, revision };
    return takeRevision(contentOf(await this.#get('NginxRevision', revision.name, signal)), revision);
  }

  async #getStartRevision(signal: AbortSignal): Promise<Wanted> {
    const { config } = this.#options;
    const name = startRevisionOf(await this.#get('NginxConfig', config, signal));
    if (name === undefined)
      throw new ApiError(
        0,
        'NoRevision',
        `NginxConfig ${config} has no startRevision yet: nothing was rendered for it; look at its conditions`,
      );
    if (this.#wanted.kind !== 'nothing' && this.#wanted.revision.name === name) return this.#wanted;
    const object = await this.#get('NginxRevision', name, signal);
    return takeRevision(contentOf(object), { name, number: numberOf(object) });
  }

  async #get(kind: 'NginxConfig' | 'NginxRevision', name: string, signal: AbortSignal): Promise<unknown> {
    const { api, pod } = this.#options;
    try {
      return await api.request({ method: 'GET', path: pathOf(own(kind), pod.namespace, name), signal });
    } catch (error) {
      if (!isApiError(error, 404)) throw error;
      const message = `there is no ${kind} ${name} in the namespace ${pod.namespace}; it is taken as soon as it is there`;
      throw new ApiError(404, error.reason, message, undefined, error);
    }
  }

  #take(wanted: Wanted): void {
    const { log, proven } = this.#options;
    if (isSameWanted(wanted, this.#wanted)) return;
    this.#wanted = wanted;
    if (wanted.kind === 'revision') log.info({ revision: wanted.revision.name }, 'revision wanted');
    else log.error({ reason: wanted.message }, 'a revision is refused');
    this.#listener('revision');
    // Without anything proven, a start without the API has nothing else.
    if (proven() === undefined) this.keep();
  }

  #complain(message: string): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    this.#options.log.warn({ reason: message }, 'a revision cannot be had from the API');
    this.#listener('instance');
  }
}

function idOf(errand: Errand): string {
  if (errand.kind !== 'revision') return errand.kind;
  const { name, hash, number } = errand.revision;
  return `${name} ${hash} ${number ?? ''}`;
}

function isSameContent(a: Revision, b: Revision): boolean {
  return a.name === b.name && a.hash === b.hash;
}

function isSame(a: Revision, b: Revision): boolean {
  return isSameContent(a, b) && a.number === b.number;
}

function isSameWanted(a: Wanted, b: Wanted): boolean {
  if (a.kind === 'nothing' || b.kind === 'nothing') return a === b;
  return a.kind === b.kind && isSame(a.revision, b.revision);
}
