/** What every measurement needs: an nginx, perhaps an agent beside it, in a directory of its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { agentNodeFlags, type RunningAgent, startAgent } from '../support/agent.ts';
import { getOnce } from '../support/load.ts';
import { type NginxBuild, type RunningNginx, startNginx, until } from '../support/nginx.ts';

export interface Setting {
  readonly directory: string;
  /** Removes the directory and ends what `start…` started. */
  close(): Promise<void>;
  startNginx(build: NginxBuild, configuration: string, port: number): Promise<RunningNginx>;
  startAgent(flags: readonly string[]): RunningAgent;
}

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
    startAgent: (flags) => {
      const agent = startAgent({ flags: ['--log-level', 'error', ...flags], nodeFlags: agentNodeFlags });
      closing.push(() => agent.stop());
      return agent;
    },
  };
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
