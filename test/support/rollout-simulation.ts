/**
 * A cluster in memory in which a rollout happens: Pods with agents that are slow or silent, statuses that arrive late, a
 * controller that is killed between two of its writes. The controller's decisions are the real ones; after each plan it is
 * checked that it keeps what is promised.
 */
import assert from 'node:assert/strict';
import { withdrawnAnnotation } from '../../src/api/names.ts';
import type { NginxConfig } from '../../src/api/nginx-config.ts';
import type { NginxInstance } from '../../src/api/nginx-instance.ts';
import { changedSpec, compareInstances, newInstance } from '../../src/controller/instances.ts';
import { mostAtOnce, type Plan, plan } from '../../src/controller/plan.ts';
import type { PodView } from '../../src/controller/pods.ts';
import { collectable, outcomes, takenUp } from '../../src/controller/revisions.ts';
import type { RevisionView } from '../../src/controller/views.ts';
import { config, pod, revision, now as startTime } from './controller-objects.ts';

export type Happening =
  | { readonly kind: 'edit'; readonly content: number }
  | { readonly kind: 'reconcile'; readonly killedAfter?: number }
  /** The agent looks at its instance and does what it is told; `unproven`: it cannot say what became of it. */
  | { readonly kind: 'agent'; readonly pod: number; readonly how?: 'Unproven' | 'Stopping' }
  /** What the agent has to say arrives. */
  | { readonly kind: 'status'; readonly pod: number }
  | { readonly kind: 'hang'; readonly pod: number; readonly hangs: boolean }
  | { readonly kind: 'die'; readonly pod: number; readonly isReplaced: boolean }
  | { readonly kind: 'start'; readonly pod: number }
  | { readonly kind: 'pause'; readonly paused: boolean }
  | { readonly kind: 'pin'; readonly content: number | undefined }
  | { readonly kind: 'withdraw'; readonly withdrawn: boolean }
  | { readonly kind: 'ask'; readonly token: string }
  | { readonly kind: 'wait'; readonly minutes: number };

export interface World {
  readonly maxConcurrent: number | string;
  readonly pods: number;
  /** Of each content: the Pods that refuse it, as every so many-th; 0: none, 1: all. */
  readonly refusedBy: readonly number[];
}

interface SimulatedPod {
  readonly view: PodView;
  readonly index: number;
  /** The content that its nginx runs. */
  runs: string | undefined;
  /** What its agent has done last: the revision's name and number. */
  done: string | undefined;
  hangs: boolean;
  /** Not arrived yet. */
  saying: NginxInstance['status'] | undefined;
}

export class Simulation {
  readonly world: World;
  readonly revisions = new Map<string, RevisionView>();
  readonly instances = new Map<string, NginxInstance>();
  readonly pods = new Map<number, SimulatedPod>();
  config: NginxConfig;
  /** Since the last change of anything but Pods' answers. */
  moves = 0;
  #now = startTime;
  #content = 'c0';
  #uids = 0;
  #nothingChanged = false;

  constructor(world: World) {
    this.world = world;
    this.config = config({ maxConcurrent: world.maxConcurrent });
    for (let index = 0; index < world.pods; index += 1) this.#start(index);
  }

  happen(one: Happening): void {
    switch (one.kind) {
      case 'edit':
        this.#content = nameOf(one.content);
        return;
      case 'reconcile':
        this.reconcile(one.killedAfter);
        return;
      case 'agent':
        this.#act(this.pods.get(one.pod), one.how);
        return;
      case 'status':
        this.#report(this.pods.get(one.pod));
        return;
      case 'hang': {
        const hanging = this.pods.get(one.pod);
        if (hanging !== undefined) hanging.hangs = one.hangs;
        return;
      }
      case 'die':
        this.pods.delete(one.pod);
        if (one.isReplaced) this.#start(one.pod);
        return;
      case 'start':
        if (!this.pods.has(one.pod)) this.#start(one.pod);
        return;
      case 'pause':
        this.#spec({ paused: one.paused });
        return;
      case 'pin':
        this.#spec({ revision: one.content === undefined ? undefined : nameOf(one.content) });
        return;
      case 'withdraw':
        this.#withdraw(one.withdrawn);
        return;
      case 'ask':
        this.config = {
          ...this.config,
          metadata: { ...this.config.metadata, annotations: { 'nginx-steward.io/reload': one.token } },
        };
        return;
      case 'wait':
        this.#now += one.minutes * 60_000;
        return;
    }
  }

  /** As reconcile.ts does it, each write for itself; dies before the write that comes after `killedAfter` of them. */
  reconcile(killedAfter = Number.POSITIVE_INFINITY): Plan | undefined {
    let left = killedAfter;
    const write = (effect: () => void): void => {
      if (left <= 0) throw new Killed();
      left -= 1;
      this.#nothingChanged = false;
      effect();
    };
    this.#nothingChanged = true;
    try {
      return this.#reconcile(write);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return undefined;
    }
  }

  /** Nothing more comes from outside; everybody does what is theirs until nothing changes. Returns the rounds that it took. */
  comeToRest(most: number): { readonly rounds: number; readonly plan: Plan } {
    for (const one of this.pods.values()) one.hangs = false;
    for (let rounds = 1; rounds <= most; rounds += 1) {
      const decided = this.reconcile();
      let isQuiet = this.#nothingChanged;
      for (const one of this.pods.values()) {
        if (this.#act(one)) isQuiet = false;
        if (this.#report(one)) isQuiet = false;
      }
      if (decided !== undefined && isQuiet) return { rounds, plan: decided };
    }
    return assert.fail(`not at rest after ${most} rounds`);
  }

  /** Whether a Pod takes this content. */
  takes(index: number, content: string): boolean {
    const every = this.world.refusedBy[Number(content.slice(1))] ?? 0;
    return every === 0 || index % every !== 0;
  }

  #reconcile(write: (effect: () => void) => void): Plan {
    const latest = this.#content;
    const token = this.config.metadata.annotations?.['nginx-steward.io/reload'];
    if (!this.revisions.has(latest))
      write(() => this.revisions.set(latest, revision(latest, undefined, { number: null })));
    const status = takenUp(this.#revision(latest), [...this.revisions.values()], {
      token,
      told: this.config.status?.latestNumber,
    });
    if (status !== undefined) write(() => this.#setStatus(latest, status));

    const { missing, orphaned, living } = compareInstances({
      config: 'web',
      pods: [...this.pods.values()].map(({ view }) => view),
      instances: [...this.instances.values()],
      podNamed: (name) => this.#podNamed(name),
      instanceNamed: (name) => this.instances.get(name),
    });
    const observed = {
      config: this.config,
      latest,
      revisions: [...this.revisions.values()],
      instances: living.map(({ instance }) => instance),
      now: this.#now,
    };
    const decided = plan(observed);
    this.#check(
      decided,
      observed.instances,
      plan({ ...observed, instances: observed.instances.toReversed() }),
    );

    const changed = [
      ...outcomes(decided, observed.revisions, {
        ...{ now: this.#now, token, refusal: 'refused', sinceEditMs: 1 },
      }),
    ];
    const isRejection = (one: (typeof changed)[number]): boolean => one[1].outcome === 'Rejected';
    for (const [name, to] of changed.filter(isRejection)) write(() => this.#setStatus(name, to));
    for (const one of orphaned) write(() => this.instances.delete(one.metadata.name));
    for (const one of missing) {
      const { name } = one.metadata;
      if (!this.instances.has(name))
        write(() => this.instances.set(name, newInstance(this.config, one, decided.start, this.#now)));
    }
    const moves = new Map(decided.moves.map((one) => [one.instance.metadata.name, one.revision]));
    for (const one of living) {
      const { name } = one.instance.metadata;
      const spec = changedSpec(this.config, one, moves.get(name), this.#now);
      if (spec === undefined) continue;
      write(() => this.instances.set(name, { ...one.instance, spec }));
    }
    for (const [name, to] of changed.filter((one) => !isRejection(one)))
      write(() => this.#setStatus(name, to));
    const keep = { limit: 1, latest, pin: this.config.spec.revision };
    for (const { metadata } of collectable(decided, observed.revisions, [...this.instances.values()], keep))
      write(() => this.revisions.delete(metadata.name));
    const stableRevision = decided.stable?.metadata.name;
    const latestNumber = decided.latest?.status?.number;
    const before = this.config.status;
    if (before?.stableRevision !== stableRevision || before?.latestNumber !== latestNumber)
      write(() => {
        this.config = {
          ...this.config,
          status: {
            ...(stableRevision !== undefined && { stableRevision }),
            ...(latestNumber !== undefined && { latestNumber }),
          },
        };
      });
    return decided;
  }

  #check(decided: Plan, instances: readonly NginxInstance[], again: Plan): void {
    const shown = (one: Plan): unknown => ({
      ...one,
      moves: one.moves.map((move) => `${move.instance.metadata.name} ${move.revision.metadata.name}`).sort(),
    });
    assert.deepEqual(shown(again), shown(decided), 'the same observation gives the same plan');

    const { spec, status } = this.config;
    const moved = decided.moves.filter(({ instance }) => instance.spec.revision !== undefined);
    if (spec.paused === true) assert.equal(moved.length, 0, 'nothing moves while paused');

    const start = decided.start?.metadata.name;
    const isUnproven = (one: NginxInstance, told: string | undefined): boolean =>
      told !== undefined &&
      one.status?.revision?.name !== told &&
      !(one.status?.revision === undefined && told === start);
    const before = instances.filter((one) => isUnproven(one, one.spec.revision?.name)).length;
    const targets = new Map(decided.moves.map((move) => [move.instance, move.revision.metadata.name]));
    const after = instances.filter((one) => isUnproven(one, targets.get(one) ?? one.spec.revision?.name));
    const most = mostAtOnce(spec.rollout.maxConcurrent, instances.length);
    const isBack = decided.phase === 'RollingBack' || decided.wanted !== decided.latest;
    const released = isBack ? decided.stuck.length : 0;
    assert.ok(
      after.length <= Math.max(most + released, before),
      `${before} were unproven, now ${after.length}, and ${most} may be`,
    );

    const { wanted } = decided;
    const refused = instances.find(
      ({ status: said }) =>
        said?.verdict?.kind === 'Rejected' &&
        said.verdict.hash === wanted?.spec.hash &&
        said.verdict.number === wanted.status?.number,
    );
    const isRefused = refused !== undefined || wanted?.status?.outcome === 'Rejected';
    const isGood = status?.stableRevision === wanted?.metadata.name;
    if (isRefused && !isGood && decided.phase !== 'RolledOut')
      for (const { instance, revision: to } of moved)
        assert.ok(
          to !== wanted || decided.start === wanted,
          `${instance.metadata.name} goes to what was refused`,
        );
    for (const { revision: to } of moved)
      assert.ok(
        [decided.target, decided.start].includes(to),
        'whoever moves goes to the target, or to what it can start with',
      );
    const numbers = [...this.revisions.values()].flatMap(({ status: it }) => it?.number ?? []);
    assert.equal(new Set(numbers).size, numbers.length, 'each number is given once');
  }

  #act(one: SimulatedPod | undefined, how?: 'Unproven' | 'Stopping'): boolean {
    if (one === undefined || one.hangs) return false;
    const found = this.instances.get(one.view.metadata.name);
    const told = found?.spec.revision;
    if (found === undefined || told === undefined) return false;
    if (found.metadata.ownerReferences?.[0]?.uid !== one.view.metadata.uid) return false;
    const key = `${told.name} ${told.number}`;
    if (one.done === key) return false;
    const at = new Date(this.#now).toISOString();
    const tried = { revision: told.name, hash: told.hash, number: told.number, message: '', at };
    const said = one.saying ?? found.status ?? {};
    if (how !== undefined) {
      one.saying = { ...said, verdict: { ...tried, kind: how } };
      return true;
    }
    one.done = key;
    if (one.runs === told.hash) one.saying = { ...said, revision: told, ready: true };
    else if (this.takes(one.index, told.hash)) {
      one.runs = told.hash;
      one.saying = { ready: true, revision: told, verdict: { ...tried, kind: 'Applied' } };
    } else one.saying = { ...said, verdict: { ...tried, kind: 'Rejected' } };
    return true;
  }

  #report(one: SimulatedPod | undefined): boolean {
    if (one?.saying === undefined) return false;
    const { name } = one.view.metadata;
    const found = this.instances.get(name);
    if (found === undefined) return false;
    this.instances.set(name, { ...found, status: one.saying });
    one.saying = undefined;
    return true;
  }

  #start(index: number): void {
    this.#uids += 1;
    const view = pod(`web-${String(index).padStart(2, '0')}`, { uid: `uid-${this.#uids}` });
    this.pods.set(index, {
      ...{ view, index, runs: undefined, done: undefined, hangs: false, saying: undefined },
    });
  }

  #withdraw(isWithdrawn: boolean): void {
    const found = this.revisions.get(this.#content);
    if (found === undefined) return;
    const annotations = isWithdrawn ? { [withdrawnAnnotation]: 'by hand' } : {};
    this.revisions.set(this.#content, { ...found, metadata: { ...found.metadata, annotations } });
  }

  #spec(changes: { readonly paused?: boolean; readonly revision?: string | undefined }): void {
    this.config = { ...this.config, spec: { ...this.config.spec, ...changes } };
  }

  #setStatus(name: string, status: NonNullable<RevisionView['status']>): void {
    this.revisions.set(name, { ...this.#revision(name), status });
  }

  #revision(name: string): RevisionView {
    const found = this.revisions.get(name);
    return found ?? assert.fail(`no revision ${name}`);
  }

  #podNamed(name: string): PodView | undefined {
    return [...this.pods.values()].find(({ view }) => view.metadata.name === name)?.view;
  }
}

class Killed extends Error {}

function nameOf(content: number): string {
  return `c${content}`;
}
