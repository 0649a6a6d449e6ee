/** The demo's stage: temporary directories, free ports, the agent (the built program) and nginx, and their end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningAgent, startAgent } from '../support/agent.ts';
import { until } from '../support/nginx.ts';

export interface Stage {
  readonly directory: string;
  readonly ports: {
    readonly http: number;
    readonly tls: number;
    readonly plain: number;
    readonly agent: number;
  };
  /** Starts the agent over the given sources (`DIR` or `DIR=PREFIX`). */
  startAgent(sources: readonly string[], flags: readonly string[]): void;
  /** The agent that was started. */
  agent(): RunningAgent;
  /** Starts an nginx on a configuration file; resolves with its master's pid once its title is set. */
  startNginx(configuration: string): Promise<number>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-demo-'));
  spawnSync('chmod', ['0755', directory]);
  for (const name of ['tmp', 'plain']) mkdirSync(join(directory, name), { mode: 0o755 });
  const [http = 0, tls = 0, plain = 0, agent = 0] = await freePorts(4);
  const children: ChildProcess[] = [];

  let running: RunningAgent | undefined;

  const stage: Stage = {
    directory,
    ports: { http, tls, plain, agent },
    startAgent: (sources, flags) => {
      const own = [
        ...sources.flatMap((source) => ['--source', source]),
        ...['--publish-dir', join(directory, 'published'), '--run-dir', join(directory, 'run')],
        ...['--control-socket', join(directory, 'control', 'control.sock')],
        ...['--master-match', join(directory, 'published')],
      ];
      running = startAgent({ port: agent, flags: [...own, ...flags] });
      children.push(running.process);
    },
    agent: () => {
      if (running === undefined) throw new Error('the agent was not started');
      return running;
    },
    startNginx: async (configuration) => {
      const child = spawn('nginx', ['-c', configuration, '-g', 'daemon off;'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      children.push(child);
      let written = '';
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        written += chunk;
      });
      const pid = child.pid ?? 0;
      await until('nginx has started', () => {
        if (child.exitCode !== null) throw new Error(`nginx did not start:\n${written}`);
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('nginx: master');
      });
      return pid;
    },
    close: async () => {
      for (const child of children.toReversed()) {
        if (child.exitCode !== null) continue;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await Promise.race([ended, pause(3000, undefined, { ref: false })]);
        child.kill('SIGKILL');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
  writeFileSync(join(directory, 'tmp', '.keep'), '');
  return stage;
}

/** What an nginx needs to run as anybody: its own pid file and temporary directories. */
export function ownPaths(directory: string, name: string): { main: string; http: string } {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `    ${kind}_temp_path ${join(directory, 'tmp', `${name}-${kind}`)};`,
  );
  return {
    main: `pid ${join(directory, `${name}.pid`)};\nworker_shutdown_timeout 10s;`,
    http: ['    access_log off;', ...temporary].join('\n'),
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      if (address === null || typeof address === 'string') throw new Error('no port');
      return address.port;
    }),
  );
}
