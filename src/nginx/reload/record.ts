/** What a reload has shown so far: many looks, folded into what the judgement needs. */
import type { Child, Look, MasterState, Role } from './look.ts';
import type { NginxLine, ProcessIdentity, Sight } from './verdict.ts';

/** A worker that ran, not draining, when the signal was sent. */
export interface NotedWorker {
  readonly identity: ProcessIdentity;
  readonly state: 'running' | 'draining' | 'gone';
  /** Whether it began to drain when this reload may have told it to. */
  readonly drained: boolean;
  /** Whether it began to drain sooner than that: somebody else (QUIT, a reload before ours) told it to. */
  readonly early: boolean;
}

/**
 * How a process came into being. A reload starts its whole generation and then pauses for 100 ms, with its signals still
 * blocked, before it tells the old workers to leave; a worker that takes a crashed one's place is started a moment before
 * the master is idle. `unclear` where the looks were too far apart to tell.
 */
type Birth = 'reload' | 'respawn' | 'unclear';

/** A process that was not there when the signal was sent, and no helper. */
export interface NewWorker {
  readonly identity: ProcessIdentity;
  readonly state: 'newborn' | 'running' | 'draining' | 'gone';
  /** Whether it ever got as far as bearing a worker's title. */
  readonly titled: boolean;
  readonly birth: Birth;
}

export interface Seen {
  readonly master: MasterState;
  readonly evidence: Sight['evidence'];
  /** Whether the master of a new binary is among the children. */
  readonly upgrade: boolean;
  /** Workers that were already leaving when the signal was sent. */
  readonly drainingBefore: number;
  readonly noted: readonly NotedWorker[];
  readonly born: readonly NewWorker[];
  /** The most new workers that were ever alive in one look together with a noted one that still ran. */
  readonly met: number;
  /** Milliseconds from the signal until the master was first idle. */
  readonly busyMs: number;
  /** Milliseconds since it has been idle, not counting the moments in which it reaps. */
  readonly idleMs: number;
  /** Milliseconds since any child changed or the master was seen running. */
  readonly unchangedMs: number;
  readonly lines: readonly NginxLine[];
  /** Whether `lines` is all that nginx wrote, not merely all that could be read. */
  readonly logRead: boolean;
}

/** nginx's own pause between the new workers' start and the old ones' end is 100 ms; less than this is not that pause. */
export const shortestPauseMs = 80;
/** Busy for so long after a birth, the master did pause. */
const clearPauseMs = 40;
/** Reaping and starting a few workers again takes less; more is a reload of its own. */
const longestReapMs = 50;

interface Birthday {
  readonly identity: ProcessIdentity;
  readonly seenAt: number;
  /** The last look at the children before it was seen. */
  readonly unseenAt: number;
  state: NewWorker['state'];
  titled: boolean;
  birth: Birth | undefined;
}

export class ReloadRecord {
  readonly #signalAt: number;
  readonly #before: ReadonlySet<string>;
  readonly #drainingBefore: number;
  readonly #noted = new Map<string, { -readonly [K in keyof NotedWorker]: NotedWorker[K] }>();
  readonly #born = new Map<string, Birthday>();
  #last: Look;
  #lastChildrenAt: number;
  #met = 0;
  #firstIdleAt: number | undefined;
  #idleSince: number | undefined;
  #busySince: number | undefined;
  #lastBusyAt: number | undefined;
  #changedAt: number;
  #pattern = '';

  /** `before`: the look that the signal followed; `signalAt`: the monotonic time just before the signal. */
  constructor(before: Look, signalAt: number) {
    const children = before.children ?? [];
    this.#last = before;
    this.#signalAt = signalAt;
    this.#lastChildrenAt = signalAt;
    this.#changedAt = signalAt;
    this.#before = new Set(children.map(keyOf));
    this.#drainingBefore = children.filter((child) => child.role === 'draining').length;
    for (const child of children)
      if (child.role === 'worker' || child.role === 'newborn')
        this.#noted.set(keyOf(child), {
          identity: identityOf(child),
          state: 'running',
          drained: false,
          early: false,
        });
  }

  /** When the children were last looked at, in monotonic milliseconds. */
  get lastChildrenAt(): number {
    return this.#lastChildrenAt;
  }

  add(look: Look): void {
    this.#last = look;
    if (look.children !== undefined) this.#addChildren(look, look.children);
    if (look.master === 'idle') {
      this.#addIdle(look.at);
    } else {
      this.#busySince ??= look.at;
      this.#lastBusyAt = look.at;
      this.#changedAt = look.at;
    }
  }

  /** `lines`: what nginx wrote since the signal; undefined when its log cannot be read. */
  seen(lines: readonly NginxLine[] | undefined): Seen {
    const { at, master, evidence, children = [] } = this.#last;
    return {
      master,
      evidence,
      upgrade: children.some((child) => child.role === 'upgrade'),
      drainingBefore: this.#drainingBefore,
      noted: [...this.#noted.values()].map((noted) => ({ ...noted })),
      born: [...this.#born.values()].map(({ identity, state, titled, birth }) => ({
        identity,
        state,
        titled,
        birth: birth ?? 'unclear',
      })),
      met: this.#met,
      busyMs: (this.#firstIdleAt ?? at) - this.#signalAt,
      idleMs: this.#idleSince === undefined ? 0 : at - this.#idleSince,
      unchangedMs: at - this.#changedAt,
      lines: lines ?? [],
      logRead: lines !== undefined,
    };
  }

  #addChildren(look: Look, children: readonly Child[]): void {
    const roles = new Map(children.map((child) => [keyOf(child), child.role]));
    for (const [key, noted] of this.#noted) {
      const role = roles.get(key);
      if (role === 'helper' || role === 'other') this.#noted.delete(key);
      noted.state = notedState(role);
      if (role !== 'draining' || noted.drained || noted.early) continue;
      if (look.at - this.#signalAt < shortestPauseMs) noted.early = true;
      else noted.drained = true;
    }
    for (const child of children) if (!this.#before.has(keyOf(child))) this.#addNew(look.at, child);
    for (const [key, born] of this.#born) {
      const role = roles.get(key);
      if (role === 'helper' || role === 'other' || role === 'upgrade') this.#born.delete(key);
      else born.state = newState(role);
    }
    this.#lastChildrenAt = look.at;
    this.#compare(look.at, children);
    const runs = [...this.#born.values()].filter((born) => born.state === 'running').length;
    if ([...this.#noted.values()].some((noted) => noted.state === 'running'))
      this.#met = Math.max(this.#met, runs);
  }

  #addNew(at: number, child: Child): void {
    if (child.role === 'helper' || child.role === 'other' || child.role === 'upgrade') return;
    const titled = child.role === 'worker' || child.role === 'draining';
    const known = this.#born.get(keyOf(child));
    if (known !== undefined) {
      known.titled ||= titled;
      return;
    }
    this.#born.set(keyOf(child), {
      identity: identityOf(child),
      seenAt: at,
      unseenAt: this.#lastChildrenAt,
      state: newState(child.role),
      titled,
      birth: undefined,
    });
  }

  #compare(at: number, children: readonly Child[]): void {
    const pattern = children.map((child) => `${keyOf(child)}${child.role}`).join(' ');
    if (pattern !== this.#pattern) this.#changedAt = at;
    this.#pattern = pattern;
  }

  #addIdle(at: number): void {
    this.#firstIdleAt ??= at;
    const spell = this.#busySince === undefined ? 0 : at - this.#busySince;
    if (this.#idleSince === undefined || spell >= longestReapMs) this.#idleSince = at;
    this.#busySince = undefined;
    for (const born of this.#born.values())
      born.birth ??=
        this.#last.evidence === 'children' ? 'unclear' : birthOf(born, this.#lastBusyAt ?? born.seenAt, at);
  }
}

/** `busyAt`: when the master was last seen busy; `idleAt`: when it was first seen idle after this birth. */
function birthOf(born: Birthday, busyAt: number, idleAt: number): Birth {
  if (busyAt - born.seenAt >= clearPauseMs) return 'reload';
  return idleAt - born.unseenAt < shortestPauseMs ? 'respawn' : 'unclear';
}

function notedState(role: Role | undefined): NotedWorker['state'] {
  if (role === 'draining') return 'draining';
  return role === undefined || role === 'ended' ? 'gone' : 'running';
}

function newState(role: Role | undefined): NewWorker['state'] {
  if (role === 'draining' || role === 'newborn') return role;
  return role === undefined || role === 'ended' ? 'gone' : 'running';
}

function keyOf(child: ProcessIdentity): string {
  return `${child.pid}:${child.startTime}`;
}

function identityOf({ pid, startTime }: ProcessIdentity): ProcessIdentity {
  return { pid, startTime };
}
