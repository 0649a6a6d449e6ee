/** An agent over a kubelet's volume beside a real nginx that reads the published tree: what most agent tests start from. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentStatus } from '../../src/agent/status.ts';
import { type AgentOptions, type RunningAgent, startAgent } from './agent.ts';
import { type KubeletVolume, kubeletVolume, type VolumeFiles } from './kubelet-volume.ts';
import { getOnce } from './load.ts';
import {
  type NginxBuild,
  type RunningNginx,
  type StartOptions,
  startNginx,
  testDirectory,
  until,
} from './nginx.ts';

export interface Scene {
  readonly directory: string;
  readonly published: string;
  readonly volume: KubeletVolume;
  readonly agent: RunningAgent;
  readonly nginx: RunningNginx;
  /** Starts the agent again, with the same flags; the old one must have ended. */
  restartAgent(): Promise<void>;
  startNginx(options?: Partial<StartOptions>): Promise<RunningNginx>;
  body(path?: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly build: NginxBuild;
  readonly files: VolumeFiles;
  /** Further flags of the agent. */
  readonly flags?: readonly string[];
  /** The port of the site, for `body` and to wait for; default 8080. */
  readonly port?: number;
  readonly nginx?: Partial<StartOptions>;
  readonly agent?: Partial<AgentOptions>;
  /** Default true: waits until nginx is proven. */
  readonly proven?: boolean;
}

/** A site for tests: `main`, `http` and `server` are put into those blocks. */
export interface SiteOptions {
  readonly body?: string;
  readonly main?: string;
  readonly http?: string;
  readonly server?: string;
  readonly port?: number;
  readonly workers?: string;
}

export function siteConfiguration(options: SiteOptions = {}): string {
  const { body = 'one', main = '', http = '', server = '', port = 8080, workers = '2' } = options;
  return `${main}
worker_processes ${workers};
error_log stderr;
pid /tmp/nginx-${port}.pid;
events {}
http {
  access_log off;
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${server}
    location / { return 200 "${body}"; }
  }
}
`;
}

export const isProven = (status: AgentStatus): boolean => status.state === 'Proven';

export async function openScene(options: SceneOptions): Promise<Scene> {
  const { path: directory, remove } = testDirectory();
  const published = join(directory, 'published');
  for (const name of ['run', 'control']) {
    mkdirSync(join(directory, name));
    // As an emptyDir comes: everybody may write.
    chmodSync(join(directory, name), 0o777);
  }
  // An agent of another user makes its directories here.
  if (options.agent?.wrapper !== undefined) chmodSync(directory, 0o777);
  const volume = kubeletVolume(join(directory, 'source'), options.files);
  const { port = 8080 } = options;
  const agentOptions: AgentOptions = {
    ...options.agent,
    flags: [
      ...['--source', volume.directory, '--publish-dir', published, '--run-dir', join(directory, 'run')],
      ...['--control-socket', join(directory, 'control', 'control.sock'), ...(options.flags ?? [])],
    ],
  };
  let agent = startAgent(agentOptions);
  let nginx: RunningNginx | undefined;
  const started: RunningNginx[] = [];
  const scene = {
    directory,
    published,
    volume,
    get agent() {
      return agent;
    },
    get nginx() {
      if (nginx === undefined) throw new Error('nginx was not started');
      return nginx;
    },
    restartAgent: async () => {
      await agent.ended;
      agent = startAgent(agentOptions);
      await agent.when('the agent answers', () => true);
    },
    startNginx: async (more: Partial<StartOptions> = {}) => {
      const configuration = join(published, 'current', 'nginx.conf');
      const running = startNginx({ build: options.build, configuration, ...options.nginx, ...more });
      started.push(running);
      nginx = running;
      await until(`nginx serves (${running.stderr()})`, async () => {
        if (running.process.exitCode !== null) throw new Error(`nginx has ended: ${running.stderr()}`);
        return (await getOnce(port)) !== undefined;
      });
      return running;
    },
    body: async (path?: string) => (await getOnce(port, path))?.body,
    close: async () => {
      await agent.stop();
      for (const running of started) await running.stop();
      remove();
    },
  };
  try {
    await agent.when('a first tree is published', (status) => status.started);
    await scene.startNginx();
    if (options.proven !== false) await agent.when('nginx is proven', isProven);
    return scene;
  } catch (error) {
    await scene.close();
    throw error;
  }
}
