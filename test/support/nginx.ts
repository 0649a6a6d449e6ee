/**
 * Real nginx processes for the integration tests, as a Pod would run them: this machine's release and a newer one (in
 * a chroot), as root or another user, with or without capabilities. To be used inside the namespaces of enter-pod.ts.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

export interface NginxBuild {
  readonly name: string;
  /** Its file system's root; `/` is this machine's own. */
  readonly root: string;
  readonly program: string;
  /** `load_module` lines of the Lua module, in the order that they need. */
  readonly luaModules: string;
}

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nginx-steward');
const luaModules =
  'load_module /usr/lib/nginx/modules/ndk_http_module.so; load_module /usr/lib/nginx/modules/ngx_http_lua_module.so; ';

/** Debian's nginx of this release (1.22 on Debian 12). */
export const installedNginx: NginxBuild = {
  name: 'installed nginx',
  root: '/',
  program: '/usr/sbin/nginx',
  luaModules,
};
/** A newer Debian's nginx (1.30), unpacked by scripts/nginx-release.sh. */
export const newerNginx: NginxBuild = {
  ...installedNginx,
  name: 'newer nginx',
  root: join(cache, 'nginx-forky'),
};
/** Every case that touches nginx's own behaviour runs on both. */
export const nginxBuilds: readonly NginxBuild[] = [installedNginx, newerNginx];

export interface StartOptions {
  readonly build: NginxBuild;
  /** The path after `-c`, as nginx sees it: tests keep everything under /tmp, which all roots share. */
  readonly configuration: string;
  /** Default root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Drops every capability, as `capabilities.drop: [ALL]` does. */
  readonly dropCapabilities?: boolean;
  /** What `-g` gets; default `daemon off;`. */
  readonly globals?: string;
  /** A program with its arguments that starts nginx as its child: `tini --`, `sh -c '…'`. */
  readonly wrapper?: readonly string[];
}

export interface RunningNginx {
  /** The process that was started: the master itself, or its wrapper. */
  readonly pid: number;
  readonly process: ChildProcess;
  /** What it wrote to its standard error so far. */
  stderr(): string;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and SIGKILL if that does not help within 3 s; its workers too. */
  stop(): Promise<void>;
}

/** A directory under /tmp that nginx's users may enter; removed by `remove`. */
export function testDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync('/tmp/steward-test-');
  spawnSync('chmod', ['0755', path]);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const prepared = new Set<string>();

/** In this mount namespace: the directories that nginx writes to are empty and ours, and the chroot has /proc, /dev, /tmp. */
function prepareRoot(root: string): void {
  if (prepared.has(root)) return;
  if (process.env['STEWARD_TEST_POD'] === undefined)
    throw new Error('prepareRoot: not inside the namespaces of enter-pod.ts');
  if (!existsSync(join(root, 'usr/sbin/nginx')))
    throw new Error(`no nginx in ${root}: node scripts/setup.mjs tests`);
  for (const directory of ['var/log/nginx', 'var/lib/nginx', 'run'])
    mount('-t', 'tmpfs', 'tmpfs', join(root, directory));
  if (root !== '/') {
    mount('-t', 'proc', 'proc', join(root, 'proc'));
    mount('--rbind', '/dev', join(root, 'dev'));
    mount('--rbind', '/tmp', join(root, 'tmp'));
  }
  mkdirSync(join(root, 'run/lock'), { recursive: true });
  prepared.add(root);
}

function mount(...args: string[]): void {
  const result = spawnSync('mount', args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`mount ${args.join(' ')}: ${result.stderr}`);
}

/** The command line that runs `args` of nginx under the given build, user and capabilities. */
export function nginxCommand(
  options: Omit<StartOptions, 'configuration' | 'globals'>,
  args: readonly string[],
): string[] {
  const { build, uid = 0, gid = uid, dropCapabilities = false, wrapper = [] } = options;
  prepareRoot(build.root);
  const command = build.root === '/' ? [] : ['chroot', build.root];
  if (uid !== 0 || gid !== 0 || dropCapabilities) {
    command.push(
      '/usr/bin/setpriv',
      '--reuid',
      String(uid),
      '--regid',
      String(gid),
      '--clear-groups',
      '--no-new-privs',
    );
    if (dropCapabilities) command.push('--bounding-set=-all', '--inh-caps=-all');
  }
  // A wrapper (tini, a shell) is this machine's own program: it stands outside the chroot.
  return [...wrapper, ...command, build.program, ...args];
}

/** Starts nginx and returns at once: use `until` with a condition of your own to wait for it to serve. */
export function startNginx(options: StartOptions): RunningNginx {
  const args = ['-c', options.configuration, '-g', options.globals ?? 'daemon off;'];
  const [program = '', ...rest] = nginxCommand(options, args);
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let written = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  if (child.pid === undefined) throw new Error(`could not start ${program}`);
  const pid = child.pid;
  return {
    pid,
    process: child,
    stderr: () => written,
    ended,
    stop: async () => {
      const family = [pid, ...descendants(pid)];
      child.kill('SIGTERM');
      await Promise.race([ended, pause(3000, undefined, { ref: false })]);
      for (const member of family) kill(member, 'SIGKILL');
      await ended;
      // One that made itself a daemon, or a new binary, may hold the other end of the pipe and keep this process waiting.
      child.stderr.destroy();
    },
  };
}

/** Runs `nginx -t` on a configuration: what nginx itself says of it. */
export function testConfiguration(build: NginxBuild, configuration: string): { ok: boolean; output: string } {
  const [program = '', ...args] = nginxCommand({ build }, ['-t', '-q', '-c', configuration]);
  const result = spawnSync(program, args, { encoding: 'utf8' });
  return { ok: result.status === 0, output: result.stderr };
}

/** Waits until `condition` holds (returns something truthy) and returns that; fails with `what` after `limit` ms. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  limit = 20_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited ${limit} ms in vain: ${what}`);
    await pause(5);
  }
}

function descendants(pid: number): number[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    return [];
  }
  const children = text.split(' ').filter(Boolean).map(Number);
  return [...children, ...children.flatMap(descendants)];
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
