// setup.mjs [nginx|tests|bench]: makes a fresh clone on a fresh machine ready, and says what it does.
// Runs on whatever Node the machine has (≥ 20); everything after it runs on the Node that package-lock.json names.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = process.env['XDG_CACHE_HOME']
  ? join(process.env['XDG_CACHE_HOME'], 'nginx-steward')
  : join(homedir(), '.cache', 'nginx-steward');

/** @type {Record<string, Record<string, string>>} Debian package → a file that it brings: where the file is, nothing is installed. */
const packages = {
  nginx: { 'nginx-light': 'nginx' },
  tests: {
    'libnginx-mod-http-lua': '/usr/lib/nginx/modules/ngx_http_lua_module.so',
    'util-linux': 'unshare',
    curl: 'curl',
    iproute2: 'ip',
    tini: 'tini',
    'dumb-init': 'dumb-init',
  },
  bench: { 'inotify-tools': 'inotifywait' },
};
/** @type {Record<string, string[]>} What each task needs beyond npm's packages. */
const needs = { none: [], nginx: ['nginx'], tests: ['nginx', 'tests'], bench: ['nginx', 'tests', 'bench'] };
const newerRelease = 'forky';
/** From this one on, Go fetches by itself the newer toolchain that a module asks for. */
const oldestGo = 21;

const task = process.argv[2] ?? 'none';
const groups = needs[task] ?? fail(`unknown task ${task}: one of ${Object.keys(needs).join(', ')}`);
installNodePackages();
installSystemPackages(groups.flatMap((group) => Object.entries(packages[group] ?? {})));
if (task === 'tests' || task === 'bench') {
  unpackNewerNginx();
  buildControlPlane();
}

function installNodePackages() {
  const lock = readFileSync(join(top, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  const stamp = join(top, 'node_modules', '.steward-setup');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  say('installing the packages of package-lock.json, Node.js among them (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: top });
  writeFileSync(stamp, digest);
}

/** @param {[name: string, file: string][]} wanted */
function installSystemPackages(wanted) {
  const missing = wanted.flatMap(([name, file]) => (isThere(file) ? [] : [name]));
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!isThere('apt-get'))
    fail(`this machine lacks ${missing.join(', ')} and has no apt-get: install them, then run this again`);
  if (process.getuid?.() !== 0) fail(`this machine lacks ${missing.join(', ')}. Run as root: ${command}`);
  say(`installing from the system's packages: ${missing.join(', ')}`);
  run('apt-get', ['-qq', 'update']);
  // nginx's package starts a server on port 80 where it may; a policy of "no" keeps it from doing so here.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...missing], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function unpackNewerNginx() {
  const target = join(cache, `nginx-${newerRelease}`);
  if (existsSync(target)) return;
  say(`unpacking the nginx of Debian ${newerRelease} into ${target} (nothing is installed)`);
  if (process.getuid?.() !== 0)
    fail('the tests start nginx in a chroot and as other users: run them as root');
  mkdirSync(cache, { recursive: true });
  run('bash', [join(top, 'scripts', 'nginx-release.sh'), newerRelease, target, 'libnginx-mod-http-lua']);
}

/** What test/support/control-plane.ts starts: built here, since nobody packages a kube-apiserver of a chosen version. */
function buildControlPlane() {
  const modules = join(top, 'test', 'control-plane');
  const hash = createHash('sha256');
  for (const part of ['etcd', 'kubernetes']) hash.update(readFileSync(join(modules, part, 'go.sum')));
  const target = join(cache, `control-plane-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(target)) return;
  const lack = whyNoGo();
  if (lack !== undefined) {
    const advice = `${lack}: the tests on a real API server are not run. Get Go from https://go.dev/dl/ (unpacked as /usr/local/go, or on PATH), then run this again`;
    if (isTrue(process.env['CI'])) fail(`${advice}. In CI (CI=true) nothing may be left out`);
    say(advice);
    return;
  }
  say(
    `building etcd, kube-apiserver and kubectl from their Go modules into ${target}: about five minutes, once`,
  );
  mkdirSync(cache, { recursive: true });
  const start = performance.now();
  run('bash', [join(top, 'scripts', 'control-plane.sh'), target]);
  say(`built in ${Math.round((performance.now() - start) / 1000)} s`);
}

/** Why nothing can be built with Go, where control-plane.sh looks for it. */
function whyNoGo() {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}${delimiter}/usr/local/go/bin` };
  const { error, status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { env, encoding: 'utf8' });
  if (error || status !== 0) return 'this machine has no Go';
  const version = stdout.trim();
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0);
  return minor < oldestGo ? `this machine's Go (${version}) is older than 1.${oldestGo}` : undefined;
}

/** @param {string | undefined} value */
function isTrue(value) {
  return value !== undefined && !['', '0', 'false'].includes(value);
}

/**
 * An absolute path, or a program somewhere on PATH or where administrators' programs are.
 *
 * @param {string} file
 */
function isThere(file) {
  if (file.startsWith('/')) return existsSync(file);
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return places.some((place) => existsSync(join(place, file)));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (result.error) fail(`${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}
