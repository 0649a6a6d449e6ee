/** An agent as its users run it: a process with a command line, observed through /status, /metrics and its log. */
import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { AgentStatus, Attempt } from '../../src/agent/status.ts';
import { until } from './nginx.ts';

export const builtProgram = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));

/**
 * How an agent is run where its memory matters: V8 interprets (machine code for an agent that works for a few milliseconds
 * a day costs 10 MB), keeps a small young generation and a small heap before it first tidies up, and has no memory reducer,
 * which would wake an idle process eight seconds after each time it did something. `--lite-mode` saves a little more, and
 * costs two milliseconds between an edit and its signal.
 */
export const agentNodeFlags: readonly string[] = [
  ...['--optimize-for-size', '--no-opt', '--no-maglev', '--no-sparkplug'],
  ...['--max-semi-space-size=1', '--initial-old-space-size=8', '--no-memory-reducer'],
];

export interface AgentOptions {
  /** Everything after `steward agent`, without `--listen`. */
  readonly flags: readonly string[];
  /** Of --listen on 127.0.0.1; default 9477. */
  readonly port?: number;
  readonly nodeFlags?: readonly string[];
  /** A command that starts it: `setpriv …`. */
  readonly wrapper?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface RunningAgent {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  status(): Promise<AgentStatus>;
  /** Waits until the status fulfils `condition`; on failure the error shows the last status and the log. */
  when(what: string, condition: (status: AgentStatus) => boolean, limitMs?: number): Promise<AgentStatus>;
  /** The newest attempt of a trigger other than those already known. */
  nextAttempt(known: readonly Attempt[]): Promise<Attempt>;
  /** Status code and text of a path. */
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** The sum of a metric's samples, over all labels that contain `labels`. */
  metric(name: string, labels?: string): Promise<number>;
  log(): string;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
}

export function startAgent(options: AgentOptions): RunningAgent {
  const { port = 9477 } = options;
  const command = [
    ...(options.wrapper ?? []),
    ...[process.execPath, ...(options.nodeFlags ?? []), builtProgram, 'agent'],
    ...['--listen', `127.0.0.1:${port}`, ...options.flags],
  ];
  const [program = '', ...args] = command;
  const env = { ...process.env, ...options.env };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let logged = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      logged += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = `http://127.0.0.1:${port}`;
  const agent: RunningAgent = {
    pid: child.pid ?? 0,
    process: child,
    ended,
    status: async () => (await (await fetch(`${url}/status`)).json()) as AgentStatus,
    when: async (what, condition, limitMs) => {
      let last: AgentStatus | undefined;
      try {
        return await until(
          what,
          async () => {
            if (child.exitCode !== null) throw new Error(`the agent has ended with ${child.exitCode}`);
            last = await agent.status().catch(() => undefined);
            return last !== undefined && condition(last) ? last : undefined;
          },
          limitMs,
        );
      } catch (error) {
        const seen = `last status: ${JSON.stringify(last, null, 1)}\nlog:\n${logged}`;
        throw new Error(`${what}: ${String(error)}\n${seen}`, { cause: error });
      }
    },
    nextAttempt: async (known) => {
      const before = new Set(known.map((attempt) => JSON.stringify(attempt)));
      const fresh = (status: AgentStatus): Attempt | undefined =>
        status.attempts.find((attempt) => !before.has(JSON.stringify(attempt)));
      const status = await agent.when(
        'a further attempt',
        (one) => fresh(one) !== undefined && one.state !== 'Proving',
      );
      const attempt = fresh(status);
      if (attempt === undefined) throw new Error('unreachable: the condition found it');
      return attempt;
    },
    get: async (path) => {
      const answer = await fetch(`${url}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
    metric: async (name, labels = '') => {
      const lines = (await agent.get('/metrics')).text.split('\n');
      const samples = lines.filter((line) => line.startsWith(name) && line.includes(labels));
      return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    log: () => logged,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
  return agent;
}
