/**
 * A process table with an nginx in it that does what a test's script says, and a clock that moves only while somebody
 * sleeps: a reload of a minute takes no time, and every race can be written down.
 */
import type { Clock } from '../../src/base/clock.ts';
import type { MasterProcess } from '../../src/nginx/processes/find-master.ts';
import type { ProcessTable, SignalName } from '../../src/nginx/processes/process-table.ts';
import type { ProcessIdentity } from '../../src/nginx/reload/verdict.ts';

export interface FakeProcess extends ProcessIdentity {
  parent: number;
  comm: string;
  state: string;
  args: readonly string[];
  blocked: number;
  pending: number;
  switches: number;
}

export const titles = {
  master: 'nginx: master process nginx -g daemon off;',
  worker: 'nginx: worker process',
  draining: 'nginx: worker process is shutting down',
  cacheManager: 'nginx: cache manager process',
  privilegedAgent: 'nginx: privileged agent process',
} as const;

/** What nginx blocks while it works. */
const nginxMask = 0x18016a07;

export interface ScriptedNginx {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly master: MasterProcess;
  readonly processes: Map<number, FakeProcess>;
  /** The signals that arrived, in order. */
  readonly signals: SignalName[];
  /** Runs `change` `ms` milliseconds from now. */
  after(ms: number, change: () => void): void;
  /** What the next signal sets off; by default the master takes no notice. */
  onSignal: (signal: SignalName) => void;
  /** How long a sleep of so many milliseconds takes: a busy machine oversleeps. */
  oversleep: (ms: number) => number;
  /** Whether the table shows signal masks. */
  masks: boolean;
  permitted: boolean;
  busy(): void;
  idle(): void;
  end(pid: number): void;
  retitle: (pid: number, title: string) => void;
  spawn(title: string, more?: Partial<FakeProcess>): FakeProcess;
  workers(title?: string): readonly FakeProcess[];
}

/** An idle master (pid 10) with `workers` workers. */
export function scriptedNginx(workers = 2): ScriptedNginx {
  let time = 1000;
  let nextPid = 11;
  const events: { readonly at: number; readonly change: () => void }[] = [];
  const processes = new Map<number, FakeProcess>();
  const uids = { real: 0, effective: 0, saved: 0 };

  const put = (process: FakeProcess): FakeProcess => {
    processes.set(process.pid, process);
    return process;
  };
  const plain = { startTime: 100, comm: 'nginx', state: 'S', blocked: 0, pending: 0, switches: 1 };
  const master = put({ ...plain, pid: 10, parent: 1, args: [titles.master] });
  const wake = (): void => {
    master.switches += 1;
  };

  const passTo = (end: number): void => {
    for (;;) {
      const next = events.filter(({ at }) => at <= end).sort((one, two) => one.at - two.at)[0];
      if (next === undefined) break;
      events.splice(events.indexOf(next), 1);
      time = Math.max(time, next.at);
      next.change();
    }
    time = end;
  };

  const nginx: ScriptedNginx = {
    processes,
    signals: [],
    master: { pid: 10, startTime: 100, commandLine: 'nginx -g daemon off;', uids },
    masks: true,
    permitted: true,
    onSignal: () => {},
    oversleep: (ms) => ms,
    after: (ms, change) => events.push({ at: time + ms, change }),
    busy: () => {
      wake();
      master.blocked = nginxMask;
    },
    idle: () => {
      wake();
      master.blocked = 0;
    },
    end: (pid) => {
      processes.delete(pid);
      if (pid !== master.pid) wake();
    },
    retitle: (pid, title) => {
      const process = processes.get(pid);
      if (process !== undefined) process.args = [title];
    },
    spawn: (title, more) => {
      wake();
      const pid = nextPid;
      nextPid += 1;
      const startTime = Math.floor(time / 10);
      return put({ ...plain, pid, startTime, parent: master.pid, args: [title], ...more });
    },
    workers: (title = titles.worker) =>
      [...processes.values()].filter(({ args, parent }) => parent === master.pid && args[0] === title),
    clock: {
      now: () => time,
      monotonic: () => time,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        passTo(time + nginx.oversleep(ms));
        await Promise.resolve();
        signal?.throwIfAborted();
      },
      after: () => {
        throw new Error('scriptedNginx has no timers');
      },
    },
    table: {
      pids: () => [...processes.keys()],
      stat: (pid) => processes.get(pid),
      status: (pid) => {
        const process = processes.get(pid);
        if (process === undefined) return undefined;
        const { state, blocked, pending, switches } = process;
        return {
          state,
          uids,
          gids: uids,
          signals: nginx.masks ? { blocked, pending } : undefined,
          innermostPid: pid,
          allowedCpus: 2,
          switches,
        };
      },
      commandLine: (pid) => processes.get(pid)?.args,
      children: (pid) =>
        processes.has(pid)
          ? [...processes.values()].filter(({ parent }) => parent === pid).map((child) => child.pid)
          : undefined,
      signal: (pid, signal) => {
        if (!processes.has(pid)) return 'gone';
        if (!nginx.permitted) return 'not-permitted';
        nginx.signals.push(signal);
        nginx.onSignal(signal);
        return 'sent';
      },
      uptime: () => time / 1000,
      onlineCpus: () => 2,
    },
  };
  for (let count = 0; count < workers; count += 1) nginx.spawn(titles.worker, { startTime: 101 });
  return nginx;
}

/** nginx takes its new configuration: new workers after `parseMs`, the pause, the old ones leave. */
export function takes(nginx: ScriptedNginx, workers = 2, parseMs = 5): void {
  const old = nginx.workers();
  nginx.busy();
  nginx.after(parseMs, () => {
    for (let count = 0; count < workers; count += 1) {
      const { pid } = nginx.spawn(titles.master);
      nginx.after(0.5, () => nginx.retitle(pid, titles.worker));
    }
  });
  nginx.after(parseMs + 101, () => {
    nginx.idle();
    for (const { pid } of old) nginx.after(0.3, () => nginx.retitle(pid, titles.draining));
  });
}

/** nginx refuses it after `afterMs`. */
export function refuses(nginx: ScriptedNginx, afterMs = 2): void {
  nginx.busy();
  nginx.after(afterMs, () => nginx.idle());
}
