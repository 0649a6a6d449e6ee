/** One server process of a test: its log is a file, and it can be frozen, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface ServerProcess {
  /** Of the one that runs now, or ran last. */
  readonly pid: number;
  /** SIGSTOP freezes it (`cont` thaws); every other signal is waited for until it has ended. Default SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  cont(): void;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again; resolves when it answers. */
  restart(): Promise<void>;
}

export interface ServerOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly log: string;
  /** Whether it answers; asked again until then. */
  ready(): Promise<boolean>;
}

/** Milliseconds, on a machine that does much else. */
const longestStart = 60_000;

/** Starts it and returns at once; `answering` waits until it answers. */
export function startServer(options: ServerOptions): ServerProcess & { answering(): Promise<void> } {
  let child = spawnServer(options);
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    child.kill(signal);
    await ended;
  };
  const answering = async (): Promise<void> => {
    const end = performance.now() + longestStart;
    while (!(await options.ready())) {
      if (child.exitCode !== null || performance.now() > end)
        throw new Error(
          `${options.program} does not answer: ${readFileSync(options.log, 'utf8').slice(-2000)}`,
        );
      await pause(25);
    }
  };
  return {
    get pid() {
      return child.pid ?? 0;
    },
    answering,
    stop: async (signal = 'SIGTERM') => {
      if (signal === 'SIGSTOP') child.kill(signal);
      else await kill(signal);
    },
    cont: () => {
      child.kill('SIGCONT');
    },
    kill: () => kill('SIGKILL'),
    restart: async () => {
      await kill('SIGKILL');
      child = spawnServer(options);
      await answering();
    },
  };
}

function spawnServer({ program, args, log }: ServerOptions): ChildProcess {
  const file = openSync(log, 'a');
  const child = spawn(program, args, { stdio: ['ignore', file, file], cwd: '/' });
  closeSync(file);
  // A test that forgot it ends all the same: the shell of enter-pod.ts takes it along.
  child.unref();
  return child;
}
