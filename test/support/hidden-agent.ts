/**
 * A stand-in for the agent in a container of its own: a process with files that only it sees (its token, its tree) and a
 * secret in its environment. What it says first is what it finds of the border between it and a process of nginx's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { borderFindings, credentialsOf, ownIdentity } from '../../src/publish/borders.ts';

export interface HiddenAgent {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Reasons of what it found. */
  readonly findings: readonly string[];
  /** Its token, open. */
  readonly descriptor: number;
  /** Where its own files lie, in its own mount namespace alone. */
  readonly directory: string;
  close(): Promise<void>;
}

export interface HiddenAgentOptions {
  /** It must be there; the agent's own files are mounted below it. */
  readonly directory: string;
  readonly uid: number;
  readonly gid: number;
  /** Of the process that it judges. */
  readonly nginx: number;
  /** Default this very Node. */
  readonly program?: string;
}

/**
 * The words before a command that give it these ids and no capability, as a container's runtime does. The shell in between
 * matters: setpriv still has its capabilities while it executes what comes next, and whether the kernel makes a process
 * dumpable depends on whether it could have read its program at that moment.
 */
export function withoutRights(uid: number, gid: number): string {
  const ids = `--reuid ${uid} --regid ${gid} --clear-groups`;
  return `setpriv ${ids} --no-new-privs --bounding-set=-all --inh-caps=-all sh -c 'exec "$@"' sh`;
}

export async function startHiddenAgent(options: HiddenAgentOptions): Promise<HiddenAgent> {
  const { uid, gid, nginx, program = process.execPath } = options;
  const directory = join(options.directory, 'own');
  mkdirSync(directory, { recursive: true });
  const script = `
    mount -t tmpfs -o mode=0755,uid=${uid},gid=${gid} tmpfs ${directory}
    echo the-token > ${directory}/token
    echo the-tree > ${directory}/nginx.conf
    chown ${uid}:${gid} ${directory}/token ${directory}/nginx.conf
    exec ${withoutRights(uid, gid)} "$@"
  `;
  const self = fileURLToPath(import.meta.url);
  const args = ['--mount', 'sh', '-ec', script, 'sh', program, self, String(nginx), directory];
  const child = spawn('unshare', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SECRET: 'the-secret' },
  });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const said = JSON.parse(chunk.toString()) as Pick<HiddenAgent, 'findings' | 'descriptor'>;
  return {
    ...said,
    pid: child.pid ?? 0,
    process: child,
    directory,
    close: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

if (import.meta.main) {
  const credentials = credentialsOf(Number(process.argv[2]));
  if (credentials === undefined) throw new Error('nginx has ended');
  const findings = borderFindings(ownIdentity(), [{ name: 'the nginx master', ...credentials }]);
  const descriptor = openSync(join(process.argv[3] ?? '', 'token'), 'r');
  process.stdout.write(JSON.stringify({ findings: findings.map(({ reason }) => reason), descriptor }));
  setInterval(() => {}, 1e6);
}
