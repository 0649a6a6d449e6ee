/**
 * What 200 reloads cost the clients: 64 keep-alive connections ask all the time, while nginx gets plain HUPs and while
 * steward reloads it after as many edits.
 *
 * A reload closes each of the 64 connections once, and now and then one of them twice: it was opened again at an old worker
 * that had not yet been told to leave. That is a draw, so the two take turns, block by block, and how much the blocks of one
 * kind differ among themselves (shown as chance) says how much a difference between the two kinds means.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kubeletVolume } from '../support/kubelet-volume.ts';
import type { LoadResult } from '../support/load.ts';
import { installedNginx, type NginxBuild, newerNginx, until } from '../support/nginx.ts';
import type { Figure } from './figure.ts';
import { openSetting, type Setting, site } from './setting.ts';

const reloads = 200;
const blocks = 8;
const connections = 64;
/** Milliseconds from one reload to the next: longer than either takes. */
const paceMs = 200;

export async function lostRequests(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const build of [installedNginx, newerNginx]) {
    const plain: LoadResult[] = [];
    const kept: LoadResult[] = [];
    for (let block = 0; block < blocks; block += 1) {
      plain.push(await underPlainHup(build, reloads / blocks));
      kept.push(await underSteward(build, '', reloads / blocks));
    }
    const lost = sum(kept.map((one) => one.lost));
    const failed = sum(kept.map((one) => one.failedOnReused));
    const plainFailed = sum(plain.map((one) => one.failedOnReused));
    const noise = chance(plain, kept);
    figures.push({
      what: `${reloads} reloads under load, ${build.name}`,
      measured: `${lost} lost of ${sum(kept.map((one) => one.requests))}; on reused connections ${failed}, plain HUP ${plainFailed} (chance: ± ${Math.round(noise)})`,
      target: '0 lost; reused ≤ plain HUP',
      reached: lost === 0 && failed <= plainFailed,
      numbers: {
        lost,
        requests: sum(kept.map((one) => one.requests)),
        failedOnReused: failed,
        plainLost: sum(plain.map((one) => one.lost)),
        plainFailedOnReused: plainFailed,
        plainRequests: sum(plain.map((one) => one.requests)),
        chance: noise,
      },
    });
  }
  const held = await underSteward(newerNginx, 'keepalive_min_timeout 2s;', reloads);
  figures.push({
    what: `${reloads} reloads, keepalive_min_timeout 2s, ${newerNginx.name}`,
    measured: `${held.lost} lost, ${held.failedOnReused} on reused connections, of ${held.requests}`,
    target: '0; 0',
    reached: held.lost === 0 && held.failedOnReused === 0,
    numbers: { lost: held.lost, failedOnReused: held.failedOnReused, requests: held.requests },
  });
  return figures;
}

/** Two standard errors of the difference between the sums of the two kinds' blocks. */
function chance(one: readonly LoadResult[], other: readonly LoadResult[]): number {
  const variance = (all: readonly LoadResult[]): number => {
    const mean = sum(all.map(({ failedOnReused }) => failedOnReused)) / all.length;
    return sum(all.map(({ failedOnReused }) => (failedOnReused - mean) ** 2)) / (all.length - 1);
  };
  return 2 * Math.sqrt(blocks * (variance(one) + variance(other)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/**
 * The same pace for both: a reload that comes sooner meets connections that were not opened again yet, and fewer break.
 * Nobody asks how it went before that, since asking takes CPU from the clients, which then are met idle more often.
 */
function pacer(): () => Promise<void> {
  let due = performance.now();
  return async () => {
    due = Math.max(due + paceMs, performance.now());
    await pause(due - performance.now());
  };
}

async function underPlainHup(build: NginxBuild, count: number): Promise<LoadResult> {
  const setting = openSetting();
  try {
    const configuration = join(setting.directory, 'nginx.conf');
    writeFileSync(configuration, site(setting, { port: 8084, body: 'plain' }));
    const nginx = await setting.startNginx(build, configuration, 8084);
    return await underLoad(8084, async () => {
      const pace = pacer();
      for (let made = 0; made < count; made += 1) {
        process.kill(nginx.pid, 'SIGHUP');
        await pace();
        await until('the master is idle', () => isIdle(nginx.pid));
      }
    });
  } finally {
    await setting.close();
  }
}

async function underSteward(build: NginxBuild, http: string, count: number): Promise<LoadResult> {
  const setting = openSetting();
  try {
    return await underLoad(8084, await startedUnderSteward(setting, build, http, count));
  } finally {
    await setting.close();
  }
}

async function startedUnderSteward(
  setting: Setting,
  build: NginxBuild,
  http: string,
  count: number,
): Promise<() => Promise<void>> {
  const content = (body: string) => ({ 'nginx.conf': site(setting, { port: 8084, body, http }) });
  const volume = kubeletVolume(join(setting.directory, 'source'), content('start'));
  const agent = setting.startAgent([
    ...['--source', volume.directory, '--publish-dir', join(setting.directory, 'published')],
    ...[
      '--run-dir',
      join(setting.directory, 'run'),
      '--control-socket',
      join(setting.directory, 'control/control.sock'),
    ],
    ...['--min-interval', '0s', '--max-draining', '1000'],
  ]);
  await agent.when('a first tree is published', (status) => status.started);
  await setting.startNginx(build, join(setting.directory, 'published/current/nginx.conf'), 8084);
  await agent.when('nginx is proven', (status) => status.state === 'Proven');
  return async () => {
    const before = await agent.metric('nginx_steward_reloads_total');
    const pace = pacer();
    for (let made = 0; made < count; made += 1) {
      const previous = (await agent.status()).proven?.at;
      volume.swap(content(`number ${made}`));
      await pace();
      await agent.when(
        `edit ${made} is proven`,
        (status) => status.state === 'Proven' && status.proven?.at !== previous,
      );
    }
    const counted = (await agent.metric('nginx_steward_reloads_total')) - before;
    if (counted !== count) throw new Error(`${counted} reloads were made, not ${count}`);
  };
}

/** Runs `work` under load from a process of its own. */
async function underLoad(port: number, work: () => Promise<void>): Promise<LoadResult> {
  const script = fileURLToPath(new URL('load-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, String(port), String(connections)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until('the load runs', () => output.startsWith('running\n'));
  await work();
  child.stdin.end();
  await ended;
  return JSON.parse(output.slice('running\n'.length)) as LoadResult;
}

function isIdle(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const masks = [...status.matchAll(/^(?:SigBlk|SigPnd|ShdPnd):\t([0-9a-f]+)/gm)];
  return (
    /^State:\tS/m.test(status) &&
    masks.every((mask) => (Number.parseInt((mask[1] ?? '').slice(-1), 16) & 1) === 0)
  );
}
