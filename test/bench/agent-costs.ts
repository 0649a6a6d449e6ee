/** What a running agent costs, and how little it does of what it should do little of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningAgent } from '../support/agent.ts';
import { kubeletVolume } from '../support/kubelet-volume.ts';
import { installedNginx, until } from '../support/nginx.ts';
import { type Figure, median, round } from './figure.ts';
import { anonymousMemory, openSetting, type Setting, site } from './setting.ts';

const memoryReloads = 1000;

function flags(setting: Setting, source: string, more: readonly string[]): string[] {
  return [
    ...['--source', source, '--publish-dir', join(setting.directory, 'published')],
    ...[
      '--run-dir',
      join(setting.directory, 'run'),
      '--control-socket',
      join(setting.directory, 'control/control.sock'),
    ],
    ...more,
  ];
}

/** 300 files changed one by one within 3 seconds: a storm of edits is a handful of reloads. */
export async function stormOfEdits(): Promise<Figure> {
  const setting = openSetting();
  try {
    const source = join(setting.directory, 'source');
    mkdirSync(source);
    const write = (index: number, text: string): void =>
      writeFileSync(join(source, `part-${index}.conf`), `# ${text}\n`);
    for (let index = 0; index < 300; index += 1) write(index, 'before');
    writeFileSync(
      join(source, 'nginx.conf'),
      site(setting, { port: 8085, body: 'storm', http: '  include part-*.conf;' }),
    );
    const agent = setting.startAgent(flags(setting, source, []));
    await agent.when('a first tree is published', (status) => status.started);
    await setting.startNginx(installedNginx, join(setting.directory, 'published/current/nginx.conf'), 8085);
    await agent.when('nginx is proven', (status) => status.state === 'Proven');
    const before = await agent.metric('nginx_steward_reloads_total');
    const start = performance.now();
    for (let index = 0; index < 300; index += 1) {
      write(index, 'after');
      const due = start + (index + 1) * 10;
      if (due > performance.now()) await pause(due - performance.now());
    }
    const took = performance.now() - start;
    await settled(agent);
    const made = (await agent.metric('nginx_steward_reloads_total')) - before;
    return {
      what: '300 files changed one by one within 3 s',
      measured: `${made} reloads (written in ${round(took / 1000)} s)`,
      target: '≤ 4 reloads',
      reached: made >= 1 && made <= 4,
      numbers: { reloads: made, seconds: took / 1000 },
    };
  } finally {
    await setting.close();
  }
}

/** Nothing pending, the same twice with a pause longer than the settle time in between. */
async function settled(agent: RunningAgent): Promise<void> {
  let last = '';
  await until('the agent is settled', async () => {
    const status = await agent.status();
    const now = JSON.stringify([status.proven, status.state]);
    const same = now === last && status.state === 'Proven' && status.pending === undefined;
    last = now;
    await pause(2500);
    return same;
  });
}

export async function memoryAndStart(): Promise<Figure[]> {
  const setting = openSetting();
  try {
    const content = (body: string) => ({ 'nginx.conf': site(setting, { port: 8086, body }) });
    const volume = kubeletVolume(join(setting.directory, 'source'), content('start'));
    const all = flags(setting, volume.directory, ['--min-interval', '0s', '--max-draining', '1000']);
    const agent = setting.startAgent(all);
    await agent.when('a first tree is published', (status) => status.started);
    await setting.startNginx(installedNginx, join(setting.directory, 'published/current/nginx.conf'), 8086);
    await agent.when('nginx is proven', (status) => status.state === 'Proven');
    const fresh = anonymousMemory(agent.pid);
    for (let count = 0; count < memoryReloads; count += 1) {
      const previous = (await agent.status()).proven?.at;
      volume.swap(content(`number ${count}`));
      await agent.when(
        `edit ${count} is proven`,
        (status) => status.state === 'Proven' && status.proven?.at !== previous,
      );
      await agent.metric('nginx_steward_reloads_total');
    }
    const used = anonymousMemory(agent.pid);
    await agent.stop();
    const starts = await startsToReady(setting, all);
    return [
      {
        what: `anonymous memory after ${memoryReloads} reloads and scrapes`,
        measured: `${megabytes(used)} MB (fresh ${megabytes(fresh)} MB)`,
        target: '≤ 25 MB',
        reached: used <= 25e6,
        numbers: { bytes: used, freshBytes: fresh },
      },
      {
        what: 'start of the agent → ready',
        measured: `${round(median(starts), 0)} ms (median of ${starts.length})`,
        target: '≤ 250 ms',
        reached: median(starts) <= 250,
        numbers: { milliseconds: median(starts) },
      },
    ];
  } finally {
    await setting.close();
  }
}

async function startsToReady(setting: Setting, all: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < 7; count += 1) {
    const start = performance.now();
    const agent = setting.startAgent(all);
    await until('the agent is ready', () =>
      fetch(`http://127.0.0.1:9477/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    times.push(performance.now() - start);
    await agent.stop();
  }
  return times;
}

function megabytes(bytes: number): number {
  return round(bytes / 1e6);
}
