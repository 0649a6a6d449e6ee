/**
 * An edit of a mounted volume (one `..data` swap of two files) → the first answer of the new configuration, on tmpfs:
 * steward against the floor (the same swap and `kill -HUP`, nothing else) and against the loop that
 * people write (`inotifywait -m` and `nginx -s reload`; without `-m` it misses swaps, and no round would end). The three take turns, so that the machine's noise hits all alike.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { kubeletVolume } from '../support/kubelet-volume.ts';
import { getOnce } from '../support/load.ts';
import { installedNginx } from '../support/nginx.ts';
import { type Figure, median, percentile, round } from './figure.ts';
import { openSetting, type Setting, site } from './setting.ts';

const rounds = 40;
const clients = 4;

interface Contestant {
  readonly name: string;
  readonly port: number;
  edit(body: string): void;
}

export async function editToAnswer(): Promise<Figure> {
  const setting = openSetting();
  try {
    const contestants = [await floor(setting), await inotifyLoop(setting), await steward(setting)];
    const times = new Map(contestants.map((contestant) => [contestant.name, [] as number[]]));
    for (let round = -5; round < rounds; round += 1) {
      for (const contestant of contestants) {
        const time = await timeOf(contestant, `round ${round + 5}`);
        if (round >= 0) times.get(contestant.name)?.push(time);
        // Past the agent's minimum interval and the old generation's exit, so that no round waits for another.
        await pause(300);
      }
    }
    const of = (name: string): number => median(times.get(name) ?? []);
    const ratio = of('steward') / of('floor');
    const show = [...times].map(
      ([name, all]) => `${name} ${round(median(all))} (p95 ${round(percentile(all, 95))}) ms`,
    );
    return {
      what: 'volume swap of 2 files → first new answer',
      measured: `${round(ratio, 2)} × floor: ${show.join(', ')}`,
      target: '≤ 1.2 × floor',
      reached: ratio <= 1.2,
      numbers: { ratio, floorMs: of('floor'), loopMs: of('loop'), stewardMs: of('steward') },
    };
  } finally {
    await setting.close();
  }
}

/** As many clients ask as a small site has, each on fresh connections, since a kept one is answered by the old workers. */
async function timeOf(contestant: Contestant, body: string): Promise<number> {
  const start = performance.now();
  contestant.edit(body);
  let first: number | undefined;
  const client = async (): Promise<void> => {
    while (first === undefined) {
      if ((await getOnce(contestant.port))?.body === body) first ??= performance.now() - start;
      if (performance.now() - start > 10_000) throw new Error(`${contestant.name} never answers ${body}`);
      // Nobody asks all the time: that would take the second CPU from those who are measured.
      if (first === undefined) await pause(1);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return first ?? Number.NaN;
}

function files(setting: Setting, port: number, body: string, name: string): Record<string, string> {
  return {
    'nginx.conf': site(setting, { port, body, name, http: '  include extra.conf;' }),
    'extra.conf': `# ${body}\n`,
  };
}

async function floor(setting: Setting): Promise<Contestant> {
  const volume = kubeletVolume(join(setting.directory, 'floor'), files(setting, 8081, 'start', 'floor'));
  const nginx = await setting.startNginx(installedNginx, join(volume.directory, 'nginx.conf'), 8081);
  return {
    name: 'floor',
    port: 8081,
    edit: (body) => {
      volume.swap(files(setting, 8081, body, 'floor'));
      process.kill(nginx.pid, 'SIGHUP');
    },
  };
}

async function inotifyLoop(setting: Setting): Promise<Contestant> {
  const volume = kubeletVolume(join(setting.directory, 'loop'), files(setting, 8082, 'start', 'loop'));
  const configuration = join(volume.directory, 'nginx.conf');
  await setting.startNginx(installedNginx, configuration, 8082);
  const script = `inotifywait -q -m -e moved_to '${volume.directory}' | while read -r _; do nginx -s reload -c '${configuration}'; done`;
  const loop = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true });
  const group = -(loop.pid ?? 0);
  const close = setting.close.bind(setting);
  setting.close = async () => {
    process.kill(group, 'SIGKILL');
    await close();
  };
  return { name: 'loop', port: 8082, edit: (body) => volume.swap(files(setting, 8082, body, 'loop')) };
}

async function steward(setting: Setting): Promise<Contestant> {
  const volume = kubeletVolume(join(setting.directory, 'source'), files(setting, 8083, 'start', 'steward'));
  const agent = setting.startAgent([
    ...['--source', volume.directory, '--publish-dir', join(setting.directory, 'published')],
    ...[
      '--run-dir',
      join(setting.directory, 'run'),
      '--control-socket',
      join(setting.directory, 'control/control.sock'),
    ],
    ...['--master-match', 'published/current', '--min-interval', '100ms'],
  ]);
  await agent.when('a first tree is published', (status) => status.started);
  await setting.startNginx(installedNginx, join(setting.directory, 'published/current/nginx.conf'), 8083);
  await agent.when('nginx is proven', (status) => status.state === 'Proven');
  return { name: 'steward', port: 8083, edit: (body) => volume.swap(files(setting, 8083, body, 'steward')) };
}
