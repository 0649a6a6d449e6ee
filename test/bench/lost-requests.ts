/**
 * What 200 reloads cost the clients: 64 keep-alive connections ask all the time, once while nginx gets plain HUPs and once
 * while steward reloads it after as many edits.
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
const connections = 64;
/** Milliseconds from one reload to the next: longer than either takes. */
const paceMs = 200;

export async function lostRequests(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const build of [installedNginx, newerNginx]) {
    const plain = await underPlainHup(build);
    const kept = await underSteward(build, '');
    figures.push({
      what: `${reloads} reloads under load, ${build.name}`,
      measured: `${kept.lost} lost of ${kept.requests}; on reused connections ${kept.failedOnReused}, plain HUP ${plain.failedOnReused}`,
      target: '0 lost; reused ≤ plain HUP',
      reached: kept.lost === 0 && kept.failedOnReused <= plain.failedOnReused,
      numbers: {
        lost: kept.lost,
        requests: kept.requests,
        failedOnReused: kept.failedOnReused,
        plainLost: plain.lost,
        plainFailedOnReused: plain.failedOnReused,
        plainRequests: plain.requests,
      },
    });
  }
  const held = await underSteward(newerNginx, 'keepalive_min_timeout 2s;');
  figures.push({
    what: `${reloads} reloads, keepalive_min_timeout 2s, ${newerNginx.name}`,
    measured: `${held.lost} lost, ${held.failedOnReused} on reused connections, of ${held.requests}`,
    target: '0; 0',
    reached: held.lost === 0 && held.failedOnReused === 0,
    numbers: { lost: held.lost, failedOnReused: held.failedOnReused, requests: held.requests },
  });
  return figures;
}

/** The same pace for both: a reload that comes sooner meets connections that were not opened again yet, and fewer break. */
function pacer(): () => Promise<void> {
  let due = performance.now();
  return async () => {
    due = Math.max(due + paceMs, performance.now());
    await pause(due - performance.now());
  };
}

async function underPlainHup(build: NginxBuild): Promise<LoadResult> {
  const setting = openSetting();
  try {
    const configuration = join(setting.directory, 'nginx.conf');
    writeFileSync(configuration, site(setting, { port: 8084, body: 'plain' }));
    const nginx = await setting.startNginx(build, configuration, 8084);
    return await underLoad(8084, async () => {
      const pace = pacer();
      for (let count = 0; count < reloads; count += 1) {
        process.kill(nginx.pid, 'SIGHUP');
        await pause(2);
        await until('the master is idle', () => isIdle(nginx.pid));
        await pace();
      }
    });
  } finally {
    await setting.close();
  }
}

async function underSteward(build: NginxBuild, http: string): Promise<LoadResult> {
  const setting = openSetting();
  try {
    return await underLoad(8084, await startedUnderSteward(setting, build, http));
  } finally {
    await setting.close();
  }
}

async function startedUnderSteward(
  setting: Setting,
  build: NginxBuild,
  http: string,
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
    for (let count = 0; count < reloads; count += 1) {
      const previous = (await agent.status()).proven?.at;
      volume.swap(content(`number ${count}`));
      await agent.when(
        `edit ${count} is proven`,
        (status) => status.state === 'Proven' && status.proven?.at !== previous,
      );
      await pace();
    }
    const made = (await agent.metric('nginx_steward_reloads_total')) - before;
    if (made !== reloads) throw new Error(`${made} reloads were made, not ${reloads}`);
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
