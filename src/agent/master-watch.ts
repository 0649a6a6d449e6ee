import type { Clock } from '../base/clock.ts';
import type { MasterView, Nginx } from './nginx.ts';

/** Follows the master from look to look: who it is, since when there is none. */
export class MasterWatch {
  readonly #nginx: Nginx;
  readonly #clock: Clock;
  #view: MasterView = { kind: 'none', message: 'the process table was not looked at yet' };
  /** The master that `observe` told of last. */
  #known: string | undefined;
  #absentSince: number | undefined;
  #observedAt = Number.NEGATIVE_INFINITY;

  constructor(nginx: Nginx, clock: Clock) {
    this.#nginx = nginx;
    this.#clock = clock;
  }

  get view(): MasterView {
    return this.#view;
  }

  /** Monotonic milliseconds since which no master was there; undefined while there is one. */
  get absentSince(): number | undefined {
    return this.#absentSince;
  }

  /** Looks again, without taking note of who came or went: tells whether `observe` would. */
  refresh(): 'changed' | 'same' {
    const kind = this.#view.kind;
    this.#view = this.#nginx.look();
    return this.#view.kind !== kind || identityOf(this.#view) !== this.#known ? 'changed' : 'same';
  }

  /**
   * Whether the master that was observed less than `ms` milliseconds ago still lives: then nothing else need be known
   * before an attempt, which looks for itself.
   */
  isSettled(ms: number): boolean {
    if (this.#view.kind !== 'master' || identityOf(this.#view) !== this.#known) return false;
    return this.#clock.monotonic() - this.#observedAt < ms && this.#nginx.isAlive(this.#view.identity);
  }

  /** Looks again; a master that is another one than before has `appeared`. */
  observe(): 'appeared' | 'ended' | 'same' {
    this.#view = this.#nginx.look();
    this.#observedAt = this.#clock.monotonic();
    if (this.#view.kind !== 'none') this.#absentSince = undefined;
    else this.#absentSince ??= this.#clock.monotonic();
    const identity = identityOf(this.#view);
    // One that may not be signalled for the moment (an upgrade under way) is still there.
    if (identity === this.#known || this.#view.kind === 'blocked') return 'same';
    this.#known = identity;
    return identity === undefined ? 'ended' : 'appeared';
  }
}

function identityOf(view: MasterView): string | undefined {
  return view.kind === 'master' ? `${view.identity.pid}/${view.identity.startTime}` : undefined;
}
