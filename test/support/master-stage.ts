/** A real nginx whose master is read and reloaded directly, without an agent: the ground of the proof's own tests. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { systemClock } from '../../src/base/clock.ts';
import { findMaster, type MasterProcess, type MasterSearch } from '../../src/nginx/processes/find-master.ts';
import { procTable } from '../../src/nginx/processes/proc-table.ts';
import type { ProcessTable } from '../../src/nginx/processes/process-table.ts';
import { emergLog } from '../../src/nginx/reload/emerg-log.ts';
import type { ExpectedWorkers } from '../../src/nginx/reload/expected-workers.ts';
import type { ProofPorts } from '../../src/nginx/reload/proof.ts';
import { type ReloadRequest, reload } from '../../src/nginx/reload/reload.ts';
import type { Verdict } from '../../src/nginx/reload/verdict.ts';
import { type WorkersNow, workersOf } from '../../src/nginx/reload/workers.ts';
import {
  type NginxBuild,
  type RunningNginx,
  type StartOptions,
  startNginx,
  testDirectory,
  until,
} from './nginx.ts';

export interface Configuration {
  /** Default 2. */
  readonly workers?: number | string;
  /** Directives before `events`. */
  readonly main?: string;
  /** Directives inside `http`. */
  readonly http?: string;
  /** Directives inside the server. */
  readonly server?: string;
  /** The level of the log that the reasons go to. */
  readonly level?: string;
  /** Of the workers, where the master is root. Default www-data. */
  readonly user?: string;
}

export interface StageOptions extends Configuration, Partial<Omit<StartOptions, 'build' | 'configuration'>> {
  readonly build: NginxBuild;
}

export interface Stage {
  readonly directory: string;
  readonly port: number;
  readonly nginx: RunningNginx;
  readonly table: ProcessTable;
  readonly ports: ProofPorts & { readonly emergLog: NonNullable<ProofPorts['emergLog']> };
  find(): MasterSearch;
  master(): MasterProcess;
  workers(): WorkersNow;
  /** Writes the configuration that the next reload reads. */
  write(configuration?: Configuration): void;
  writeText(text: string): void;
  reload(request?: Partial<ReloadRequest>, ports?: Partial<ProofPorts>): Promise<Verdict>;
  /** Opens a connection that keeps its worker draining until it is closed. */
  hold(): Promise<() => void>;
  close(): Promise<void>;
}

const table = procTable();
const two: ExpectedWorkers = { kind: 'exactly', counts: [2] };
let lastPort = 8100;

/** Starts nginx and waits until its workers run. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { uid = 0 } = options;
  const { path: directory, remove } = testDirectory();
  lastPort += 1;
  const port = lastPort;
  const configuration = join(directory, 'nginx.conf');
  const log = join(directory, 'emerg.log');
  writeFileSync(log, '', { mode: 0o666 });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join(' ');
  if (uid !== 0) await ownedBy(directory, uid);

  const write = ({
    workers = 2,
    main = '',
    http = '',
    server = '',
    level = 'alert',
    user = 'www-data',
  }: Configuration = {}): void =>
    writeFileSync(
      configuration,
      [
        `error_log ${log} ${level}; error_log stderr emerg; ${uid === 0 ? `user ${user};` : ''}`,
        `worker_processes ${workers}; pid ${directory}/nginx.pid;`,
        main,
        'events {}',
        'http {',
        `  access_log off; ${temporary}`,
        `  ${http}`,
        `  server { listen 127.0.0.1:${port}; location / { return 200 "served\\n"; } ${server} }`,
        '}',
        '',
      ].join('\n'),
    );
  write(options);
  const nginx = startNginx({ ...options, configuration });
  const find = (): MasterSearch =>
    findMaster(table, { match: new RegExp(configuration.replaceAll('.', String.raw`\.`)) });
  const master = (): MasterProcess => {
    const search = find();
    if (search.kind !== 'found') throw new Error(`the master is not there: ${JSON.stringify(search)}`);
    return search.master;
  };
  const workers = (): WorkersNow => {
    const now = workersOf(table, systemClock, master());
    if (now === undefined) throw new Error('the master has ended');
    return now;
  };
  const least = typeof options.workers === 'string' ? 1 : (options.workers ?? 2);
  const ports = { table, clock: systemClock, emergLog: emergLog(log) };
  const close = async (): Promise<void> => {
    await nginx.stop();
    // What became a daemon is no child of ours.
    for (let left = find(); left.kind === 'found' || left.kind === 'upgrade'; left = find()) {
      for (const pid of familyOf(left.master.pid)) kill(pid, 'SIGKILL');
      await systemClock.sleep(10);
    }
    remove();
  };
  try {
    await until(
      'the workers run',
      () => find().kind === 'found' && workers().master === 'idle' && workers().running.length >= least,
      5000,
    );
  } catch (error) {
    await nginx.stop();
    throw new Error(`nginx did not start: ${nginx.stderr()}`, { cause: error });
  }
  return {
    directory,
    port,
    nginx,
    table,
    ports,
    find,
    master,
    workers,
    write,
    writeText: (text) => writeFileSync(configuration, text),
    reload: (request, others) =>
      reload(
        { ...ports, ...others },
        { expectedWorkers: two, ...request, master: request?.master ?? master() },
      ),
    hold: () => holdConnection(port),
    close,
  };
}

function familyOf(pid: number): readonly number[] {
  return [pid, ...(table.children(pid) ?? []).flatMap(familyOf)];
}

/** Ends, stops or continues a process that may have ended by itself. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has.
  }
}

async function ownedBy(directory: string, uid: number): Promise<void> {
  const { chown, readdir } = await import('node:fs/promises');
  for (const name of ['.', ...(await readdir(directory))]) await chown(join(directory, name), uid, uid);
}

/** A request whose body does not come: its worker, which passes on whole bodies only, waits for it, draining or not. */
function holdConnection(port: number): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const held = request({
      host: '127.0.0.1',
      port,
      path: '/held',
      method: 'POST',
      headers: { 'content-length': '10' },
    });
    held.on('error', reject);
    held.on('response', () => reject(new Error('the held request was answered')));
    held.flushHeaders();
    held.write('1', () =>
      resolve(() => {
        held.removeAllListeners('error').on('error', () => {});
        held.destroy();
      }),
    );
  });
}
