/**
 * `npm run demo`: the main job on a real nginx, in less than a minute, in temporary directories on free ports. Everything
 * it prints was measured while it ran.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { connect } from 'node:tls';
import type { AgentStatus, Attempt } from '../../src/agent/status.ts';
import { type MadePair, makePair } from '../support/certificates.ts';
import { kubeletVolume } from '../support/kubelet-volume.ts';
import { getOnce, startLoad } from '../support/load.ts';
import { until } from '../support/nginx.ts';
import { bold, cyan, dim, green, heading, milliseconds, red, say, table, tell, yellow } from './screen.ts';
import { openStage, ownPaths, type Stage } from './stage.ts';

interface Site {
  readonly body: string;
  readonly zoneKey?: string;
  readonly broken?: boolean;
}

/**
 * How far off the timer is that the last scene waits for: the scenes before it are told long before, and it must not come
 * into one of them.
 */
const timerSeconds = 12;

const happened: string[][] = [];
const schedule = `${new Date(Date.now() + timerSeconds * 1000).getSeconds()} * * * * *`;
const first = makePair({ names: ['first.example'] });
const second = makePair({ names: ['second.example'] });
const start = performance.now();
const stage = await openStage();
try {
  await tellTheStory(stage);
} finally {
  await stage.close();
}
say();
say(dim(`All in ${((performance.now() - start) / 1000).toFixed(1)} s; everything it made is removed.`));

async function tellTheStory(stage: Stage): Promise<void> {
  const { directory, ports } = stage;
  say(bold('nginx-steward: one change after another on a real nginx'));
  tell(dim(`${nginxVersion()}, Node.js ${process.version}, everything below ${directory}`));

  heading('nginx serves under load, the agent beside it');
  const certificates = kubeletVolume(join(directory, 'certificates'), secret(first));
  const volume = kubeletVolume(join(directory, 'config'), {
    'nginx.conf': site(stage, { body: 'version 1' }),
  });
  stage.startAgent(
    [volume.directory, `${certificates.directory}=certificates`],
    ['--schedule', `reload=${schedule}`, '--min-interval', '200ms'],
  );
  await until('a first tree is published', async () =>
    fetch(`http://127.0.0.1:${ports.agent}/startupz`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  await stage.startNginx(join(directory, 'published/current/nginx.conf'));
  const proven = await stage.agent().when('nginx is proven', (status) => status.state === 'Proven');
  tell(
    `master ${proven.master?.pid}, ${proven.master?.workers.running} workers, proven to run ${proven.proven?.hash}`,
  );
  const load = startLoad({ port: ports.http, connections: 8, pauseMs: 2 });
  tell(dim('8 keep-alive connections ask all the time from now on'));
  // An nginx that started a moment ago may have been reloaded to be sure of it: no minimum interval runs from there.
  const quiet = performance.now() + 400;
  await until('no interval holds up the first change', () => performance.now() > quiet);

  await goodChange(stage, volume);
  await syntaxError(stage, volume);
  await refusedAtReload(stage, volume);
  await halfAPair(stage, certificates);
  await scheduledReload(stage);

  heading('What happened');
  const result = await load.stop();
  table(['what', 'verdict', 'known after', 'seen'], happened);
  say();
  const lost = result.lost === 0 ? green('0 lost') : red(`${result.lost} lost`);
  tell(`${result.requests} requests during all this: ${lost}, ${result.serverErrors} server errors`);
  tell(
    dim(
      `(lost: no answer on a fresh connection, or none after one retry on a reused one; ${result.failedOnReused} reused connections were retried)`,
    ),
  );

  heading('What Prometheus sees');
  const wanted =
    /^nginx_steward_(reloads_total|rollbacks_total|changes_total|config_info|last_reload_successful|workers|certificate_not_after)/;
  tell(
    (await stage.agent().get('/metrics')).text
      .split('\n')
      .filter((line) => wanted.test(line))
      .join('\n'),
  );
  if (result.lost > 0) process.exitCode = 1;
}

async function goodChange(
  stage: Stage,
  volume: { swap(files: Record<string, string>): void },
): Promise<void> {
  heading('A good change');
  const before = await attempts(stage);
  const edited = performance.now();
  volume.swap({ 'nginx.conf': site(stage, { body: 'version 2' }) });
  await until('the new answer', async () => (await getOnce(stage.ports.http))?.body === 'version 2');
  const answered = performance.now() - edited;
  const attempt = await nextAttempt(stage, before);
  tell(`first new answer ${bold(milliseconds(answered))} after the volume's swap`);
  showAttempt(attempt);
  record('good change', attempt, 'version 2 served');
}

async function syntaxError(
  stage: Stage,
  volume: { swap(files: Record<string, string>): void },
): Promise<void> {
  heading('A syntax error');
  const before = await attempts(stage);
  volume.swap({ 'nginx.conf': site(stage, { body: 'version 3', broken: true }) });
  const attempt = await nextAttempt(stage, before);
  showAttempt(attempt);
  record('syntax error', attempt, `${(await getOnce(stage.ports.http))?.body} served`);
}

async function refusedAtReload(
  stage: Stage,
  volume: { swap(files: Record<string, string>): void },
): Promise<void> {
  heading('A change that passes `nginx -t` and that nginx refuses when it reloads');
  const changed = { body: 'version 4', zoneKey: '$server_name' };
  const before = await attempts(stage);
  volume.swap({ 'nginx.conf': site(stage, changed) });
  const attempt = await nextAttempt(stage, before);
  showAttempt(attempt);
  const serving = `${(await getOnce(stage.ports.http))?.body} served`;
  tell(`current configuration on disk is the last good one again; ${serving}`);
  record('refused at reload', attempt, `${serving}, put back ${attempt.putBack ?? ''}`);
  await plainReload(stage, changed);
  volume.swap({ 'nginx.conf': site(stage, { body: 'version 5' }) });
  await stage.agent().when('the mended configuration is proven', (status) => status.state === 'Proven');
}

/** The same change under plain nginx, for contrast. */
async function plainReload(stage: Stage, changed: Site): Promise<void> {
  const { directory, ports } = stage;
  const file = join(directory, 'plain', 'nginx.conf');
  const write = (content: Site): void => writeFileSync(file, plainSite(stage, content));
  write({ body: 'version 2' });
  const pid = await stage.startNginx(file);
  await until('plain nginx serves', async () => (await getOnce(ports.plain))?.body === 'version 2');
  write(changed);
  const test = spawnSync('nginx', ['-t', '-c', file]);
  const reload = spawnSync('nginx', ['-s', 'reload', '-c', file]);
  await until('plain nginx has finished with the signal', () => isIdle(pid));
  tell(yellow('for contrast, the same change under plain nginx:'));
  tell(`  nginx -t          exit ${test.status}   ${dim('"test is successful"')}`);
  tell(`  nginx -s reload   exit ${reload.status}   ${dim('says nothing')}`);
  tell(
    `  ${red('still serves')}      ${(await getOnce(ports.plain))?.body}; nobody was told, and the refused file lies on disk`,
  );
}

async function halfAPair(
  stage: Stage,
  certificates: { swap(files: Record<string, string>): void },
): Promise<void> {
  heading('A certificate and its key that arrive one after the other');
  const { ports } = stage;
  const old = secret(first);
  const renewed = secret(second);
  const before = await attempts(stage);
  certificates.swap({ 'tls.crt': renewed['tls.crt'], 'tls.key': old['tls.key'] });
  const waiting = await stage
    .agent()
    .when('the half is noticed', (status) => status.pending?.reason === 'certificate-pair');
  tell(`half a pair: ${waiting.pending?.message ?? ''}`);
  tell(`served meanwhile: ${await servedCommonName(ports.tls)}`);
  const completed = performance.now();
  certificates.swap(renewed);
  await until('the new certificate', async () => (await servedCommonName(ports.tls)) === 'second.example');
  tell(`whole: ${bold(milliseconds(performance.now() - completed))} later second.example is served`);
  const attempt = await nextAttempt(stage, before);
  showAttempt(attempt);
  const proven = await stage
    .agent()
    .when('the served certificate was looked at', (status) =>
      status.certificates.some((one) => one.served === 'yes'),
    );
  record(
    'certificate pair',
    attempt,
    `served: ${proven.certificates[0]?.served}, ${proven.certificates[0]?.daysLeft} days left`,
  );
}

async function scheduledReload(stage: Stage): Promise<void> {
  heading(`A scheduled reload (--schedule 'reload=${schedule}', with seconds for the demo)`);
  const before = await attempts(stage);
  const isFresh = (one: Attempt): boolean =>
    one.trigger === 'schedule' && !before.some((known) => known.at === one.at);
  const status = await stage.agent().when('the timer has fired', (one) => one.attempts.some(isFresh));
  const attempt = status.attempts.find(isFresh);
  if (attempt === undefined) return;
  showAttempt(attempt);
  record('scheduled reload', attempt, `next at ${status.schedules[0]?.next ?? '?'}`);
}

function record(what: string, attempt: Attempt, seen: string): void {
  const verify = (attempt.milliseconds.signal ?? 0) + (attempt.milliseconds.verify ?? 0);
  happened.push([what, attempt.verdict, verify > 0 ? milliseconds(verify) : 'at once', seen]);
}

function showAttempt(attempt: Attempt): void {
  const colour = attempt.verdict === 'Applied' ? green : red;
  tell(`${colour(bold(attempt.verdict))}  ${attempt.message}`);
  for (const line of attempt.lines) {
    tell(`${dim('nginx:')} [${line.level}] ${line.text}`);
    if (line.source !== undefined) tell(`${dim('   in:')} ${line.source}`);
  }
  if (attempt.putBack !== undefined) tell(`${cyan('put back')}, ${attempt.putBack}`);
}

async function attempts(stage: Stage): Promise<Attempt[]> {
  return [...(await stage.agent().status()).attempts];
}

/** The first attempt, other than by the timer, that was not there before. */
async function nextAttempt(stage: Stage, before: readonly Attempt[]): Promise<Attempt> {
  const known = new Set(before.map((attempt) => JSON.stringify(attempt)));
  const fresh = (status: AgentStatus): Attempt | undefined =>
    status.attempts.find((attempt) => attempt.trigger !== 'schedule' && !known.has(JSON.stringify(attempt)));
  const status = await stage
    .agent()
    .when('an attempt', (one) => fresh(one) !== undefined && one.state !== 'Proving');
  const attempt = fresh(status);
  if (attempt === undefined) throw new Error('no attempt');
  return attempt;
}

function site(stage: Stage, content: Site): string {
  const own = ownPaths(stage.directory, 'nginx');
  return `${own.main}
worker_processes 2;
error_log stderr;
events {}
http {
${own.http}
    limit_req_zone ${content.zoneKey ?? '$binary_remote_addr'} zone=guard:1m rate=100000r/s;
    server {
        listen 127.0.0.1:${stage.ports.http};
        listen 127.0.0.1:${stage.ports.tls} ssl;
        server_name first.example;
        ssl_certificate certificates/tls.crt;
        ssl_certificate_key certificates/tls.key;
        location / {
            limit_req zone=guard burst=10000 nodelay;
            return 200 "${content.body}"${content.broken === true ? '' : ';'}
        }
    }
}
`;
}

function plainSite(stage: Stage, content: Site): string {
  const own = ownPaths(stage.directory, 'plain');
  return `${own.main}
error_log stderr;
events {}
http {
${own.http}
    limit_req_zone ${content.zoneKey ?? '$binary_remote_addr'} zone=guard:1m rate=100000r/s;
    server {
        listen 127.0.0.1:${stage.ports.plain};
        location / {
            limit_req zone=guard burst=10000 nodelay;
            return 200 "${content.body}";
        }
    }
}
`;
}

function secret({ certificate, key }: MadePair): { 'tls.crt': string; 'tls.key': string } {
  return { 'tls.crt': certificate, 'tls.key': key };
}

function servedCommonName(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(
      { port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'first.example' },
      () => {
        const name = socket.getPeerCertificate().subject.CN;
        socket.destroy();
        resolve(String(name));
      },
    );
    socket.on('error', (error) => resolve(error.message));
  });
}

/** FACTS of the kernel: an idle master sleeps with SIGHUP neither blocked nor pending. */
function isIdle(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const masks = [...status.matchAll(/^(?:SigBlk|SigPnd|ShdPnd):\t([0-9a-f]+)/gm)];
  return (
    /^State:\tS/m.test(status) &&
    masks.every((mask) => (Number.parseInt((mask[1] ?? '').slice(-1), 16) & 1) === 0)
  );
}

function nginxVersion(): string {
  return spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr.trim();
}
