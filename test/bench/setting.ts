/** What every measurement needs: an nginx, perhaps an agent beside it, in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { AgentStatus } from '../../src/agent/status.ts';
import { getOnce } from '../support/load.ts';
import { type NginxBuild, type RunningNginx, startNginx, until } from '../support/nginx.ts';

const program = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));

/** Node's flags for a running agent; the image's command line has the same. */
export const agentNodeFlags: readonly string[] = ['--optimize-for-size', '--max-semi-space-size=1'];

export interface Setting {
  readonly directory: string;
  /** Removes the directory and ends what `start…` started. */
  close(): Promise<void>;
  startNginx(build: NginxBuild, configuration: string, port: number): Promise<RunningNginx>;
  startAgent(flags: readonly string[], listenPort: number): RunningAgent;
}

export interface RunningAgent {
  readonly pid: number;
  readonly process: ChildProcess;
  status(): Promise<AgentStatus>;
  metric(name: string): Promise<number>;
  when(what: string, condition: (status: AgentStatus) => boolean, limitMs?: number): Promise<AgentStatus>;
  stop(): Promise<void>;
}

/** In memory where `memory` is set: /tmp is made a tmpfs in this mount namespace, which the chroots share. */
export function openSetting(): Setting {
  const directory = mkdtempSync('/tmp/steward-bench-');
  mkdirSync(join(directory, 'tmp'));
  const closing: (() => Promise<void>)[] = [];
  return {
    directory,
    close: async () => {
      for (const close of closing.toReversed()) await close();
      rmSync(directory, { recursive: true, force: true });
    },
    startNginx: async (build, configuration, port) => {
      const nginx = startNginx({ build, configuration });
      closing.push(() => nginx.stop());
      await until(`nginx serves (${nginx.stderr()})`, async () => (await getOnce(port)) !== undefined);
      return nginx;
    },
    startAgent: (flags, listenPort) => {
      const agent = startAgent(flags, listenPort);
      closing.push(() => agent.stop());
      return agent;
    },
  };
}

function startAgent(flags: readonly string[], listenPort: number): RunningAgent {
  const args = [
    ...agentNodeFlags,
    program,
    'agent',
    '--listen',
    `127.0.0.1:${listenPort}`,
    '--log-level',
    'error',
    ...flags,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${listenPort}`;
  const agent: RunningAgent = {
    pid: child.pid ?? 0,
    process: child,
    status: async () => (await (await fetch(`${url}/status`)).json()) as AgentStatus,
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(name));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    when: (what, condition, limitMs) =>
      until(
        what,
        async () => {
          const status = await agent.status().catch(() => undefined);
          return status !== undefined && condition(status) ? status : undefined;
        },
        limitMs,
      ),
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
  return agent;
}

/** Bytes of anonymous resident memory: what each Pod pays, since program text is shared. */
export function anonymousMemory(pid: number): number {
  const match = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) * 1024;
}

/** A small site: `body` is what it answers, `main` and `server` are put into those blocks. */
export function site(
  setting: Setting,
  options: { port: number; body: string; main?: string; http?: string; server?: string; name?: string },
): string {
  const name = options.name ?? 'nginx';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(setting.directory, 'tmp', `${name}-${kind}`)};`,
  );
  return [
    `pid ${join(setting.directory, `${name}.pid`)};`,
    'worker_processes 2;',
    'worker_shutdown_timeout 5s;',
    'error_log stderr crit;',
    options.main ?? '',
    'events { worker_connections 1024; }',
    'http {',
    '  access_log off;',
    ...temporary,
    options.http ?? '',
    `  server { listen 127.0.0.1:${options.port}; ${options.server ?? ''} location / { return 200 "${options.body}"; } }`,
    '}',
    '',
  ].join('\n');
}
