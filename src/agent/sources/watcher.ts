/**
 * Tells that something may have changed in a set of paths. It watches directories only (see directory-watch.ts): those
 * that hold a path's last part and those that hold a link on the way, and, where a path is not there, the deepest one that
 * exists; the plan is made again whenever one of these changes. What has changed is for others to find out: content decides.
 *
 * Three things can be missed by inotify: events beyond the kernel's queue, a directory that moves because one above it is
 * renamed, and file systems that other machines write. So everything is looked at again every 30 to 60 s, and every 2 s
 * where the kernel gives no watches (EMFILE, ENOSPC).
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../ports.ts';
import type { NoticeKind } from '../schedule/state.ts';
import { type DirectoryWatch, type OpenDirectoryWatch, watchDirectory } from './directory-watch.ts';
import { directoriesOf } from './resolve.ts';
import { volumeVersion } from './volume.ts';

export interface WatcherOptions {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Something may have changed. `swap`: a kubelet volume shows a new version; `loose`: anything else; `rescan`: nothing
   * is known to have changed, look all the same.
   */
  readonly changed: (kind: NoticeKind) => void;
  readonly modeChanged?: (mode: WatchMode) => void;
  /** The time between rescans at most; at least three quarters of it. */
  readonly rescanMs?: number;
  /** The time between rescans while inotify is not to be had. */
  readonly pollMs?: number;
  /** How long polling goes on before inotify is asked for again. */
  readonly retryInotifyMs?: number;
  /** In [0, 1): so that the Pods of one node do not rescan in step. */
  readonly random?: () => number;
  readonly open?: OpenDirectoryWatch;
}

export type WatchMode = 'inotify' | 'poll';

interface Watched {
  watch: DirectoryWatch | undefined;
  /** Which directory it is: another one may come to the same path without any event, when one above it is renamed. */
  readonly identity: string;
  /** What `..data` named when it was last looked at; undefined where there is none. */
  version: string | undefined;
}

/** Whoever wakes anyway may do a rescan that is due; the watcher's own timer comes this much later. */
const slackMs = 15_000;
/** The plan of what to watch is made at once, but not again for each event of a burst. */
const planGapMs = 100;
/** No watch is to be had: per user (instances, watches) or per process and system (open files). */
const exhausted = new Set(['EMFILE', 'ENFILE', 'ENOSPC', 'ENOMEM']);

export class Watcher {
  readonly #options: Required<WatcherOptions>;
  readonly #watched = new Map<string, Watched>();
  /** Directories that cannot be watched, with the reason. */
  readonly #failed = new Map<string, string>();
  #paths: readonly string[] = [];
  #mode: WatchMode = 'inotify';
  #nextInotify = 0;
  #rescanDue = 0;
  #cancelTimer: () => void = () => {};
  #replanning = false;
  #planned = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: WatcherOptions) {
    this.#options = {
      rescanMs: 45_000,
      pollMs: 2000,
      retryInotifyMs: 60_000,
      random: Math.random,
      open: watchDirectory,
      modeChanged: () => {},
      ...options,
    };
    this.#arm();
  }

  get mode(): WatchMode {
    return this.#mode;
  }

  /** How many directories are watched. */
  get directories(): number {
    return this.#watched.size;
  }

  /** Directories that cannot be watched although inotify is there: rescans alone notice what changes in them. */
  get unwatched(): readonly { readonly path: string; readonly reason: string }[] {
    return [...this.#failed].map(([path, reason]) => ({ path, reason }));
  }

  /**
   * Makes `paths` (absolute; files or directories, there or not) what is watched. Resolves when every change from now on
   * is told. For a directory that was not watched before, `changed` is called once more when its watch stands, since
   * nobody knows what happened until then.
   */
  async watch(paths: readonly string[]): Promise<void> {
    this.#paths = [...new Set(paths)];
    await this.#plan();
  }

  /** Does a rescan that is due, so that whoever wakes the process by a timer of its own saves it another wake. */
  rescanIfDue(): void {
    if (this.#options.clock.monotonic() >= this.#rescanDue) this.#rescan();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    const watches = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(watches.flatMap(({ watch }) => (watch === undefined ? [] : [watch.close()])));
  }

  /** Watches exactly the directories that the paths need now. */
  async #plan(): Promise<void> {
    this.#planned = this.#options.clock.monotonic();
    const wanted = new Set(this.#paths.flatMap(directoriesOf));
    for (const [directory, { identity }] of [...this.#watched])
      if (!wanted.has(directory) || identity !== identityOf(directory)) this.#drop(directory);
    for (const directory of [...this.#failed.keys()])
      if (!wanted.has(directory)) this.#failed.delete(directory);
    const opened = [...wanted].filter((directory) => !this.#watched.has(directory));
    await Promise.all(opened.map((directory) => this.#open(directory)));
  }

  async #open(directory: string): Promise<void> {
    const { open, changed } = this.#options;
    if (this.#closed || (this.#mode === 'poll' && this.#options.clock.monotonic() < this.#nextInotify))
      return;
    const version = volumeVersion(directory);
    const watched: Watched = { watch: undefined, identity: identityOf(directory), version };
    this.#watched.set(directory, watched);
    watched.watch = open(directory, {
      changed: (name) => this.#happened(directory, watched, name),
      failed: (code) => this.#lost(directory, watched, code),
    });
    await watched.watch.ready;
    if (this.#watched.get(directory) !== watched) return;
    this.#failed.delete(directory);
    // It may have been replaced, or have gained what was waited for, while the watch was being made.
    this.#replan();
    changed('rescan');
  }

  #happened(directory: string, watched: Watched, name: string | undefined): void {
    if (this.#watched.get(directory) !== watched) return;
    // The event may be the directory's own end, which its successor's inode number need not show.
    if (name === undefined || name === basename(directory)) this.#drop(directory);
    const version = volumeVersion(directory);
    // In a volume all but `..data` is the kubelet's housekeeping.
    if (version === undefined || version !== watched.version)
      this.#options.changed(version === undefined ? 'loose' : 'swap');
    watched.version = version;
    this.#replan();
  }

  /** Whether links, missing directories or deleted ones ask for other watches now. */
  #replan(): void {
    if (this.#replanning) return;
    this.#replanning = true;
    const { clock } = this.#options;
    const run = (): void => {
      this.#replanning = false;
      if (!this.#closed) void this.#plan();
    };
    const wait = this.#planned + planGapMs - clock.monotonic();
    if (wait > 0) clock.after(wait, run);
    else setImmediate(run);
  }

  #drop(directory: string): void {
    const watched = this.#watched.get(directory);
    this.#watched.delete(directory);
    void watched?.watch?.close();
  }

  #lost(directory: string, watched: Watched, code: string): void {
    if (this.#closed || this.#watched.get(directory) !== watched) return;
    this.#drop(directory);
    if (!exhausted.has(code)) {
      if (this.#failed.get(directory) === code) return;
      this.#failed.set(directory, code);
      this.#options.log.warn({ directory, code }, 'directory cannot be watched, only rescanned');
      return;
    }
    this.#nextInotify = this.#options.clock.monotonic() + this.#options.retryInotifyMs;
    if (this.#mode === 'inotify') this.#setMode('poll', code);
  }

  #setMode(mode: WatchMode, code?: string): void {
    this.#mode = mode;
    const { log } = this.#options;
    if (mode === 'poll') log.warn({ code }, 'inotify is exhausted: polling instead');
    else log.info({}, 'inotify works again');
    this.#options.modeChanged(mode);
    this.#arm();
  }

  #rescan(): void {
    this.#arm();
    void this.#renew();
    this.#options.changed('rescan');
  }

  /** Follows what no event told of, and leaves polling when inotify is there again. */
  async #renew(): Promise<void> {
    const due = this.#options.clock.monotonic() >= this.#nextInotify;
    await this.#plan();
    if (this.#closed || this.#mode === 'inotify' || !due) return;
    if (this.#options.clock.monotonic() >= this.#nextInotify) this.#setMode('inotify');
  }

  #arm(): void {
    const { clock, random, rescanMs, pollMs } = this.#options;
    this.#cancelTimer();
    if (this.#closed) return;
    const polling = this.#mode === 'poll';
    const wait = polling ? pollMs : rescanMs * (0.75 + 0.25 * random());
    this.#rescanDue = clock.monotonic() + wait;
    this.#cancelTimer = clock.after(polling ? wait : wait + slackMs, () => this.#rescan());
  }
}

function identityOf(directory: string): string {
  try {
    const { dev, ino, birthtimeNs } = statSync(directory, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch {
    return '';
  }
}
