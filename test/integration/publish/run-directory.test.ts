/** The directory that steward shares with nginx, from the side of a worker that wants more than it has. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { StewardError } from '../../../src/base/errors.ts';
import { prepareRunDirectory } from '../../../src/publish/run-directory.ts';
import { getOnce } from '../../support/load.ts';
import { type NginxBuild, nginxBuilds, startNginx, testDirectory, until } from '../../support/nginx.ts';
import { run } from '../../support/run.ts';

const worker = 33;

async function withDirectory(work: (path: string) => Promise<void> | void): Promise<void> {
  const { path, remove } = testDirectory();
  try {
    await work(path);
  } finally {
    remove();
  }
}

/** As the kubelet makes an emptyDir: root's, and open to all. */
function emptyDir(path: string): string {
  mkdirSync(path);
  chmodSync(path, 0o777);
  return path;
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

function refuses(runDirectory: string, where: string, what: RegExp): void {
  assert.throws(
    () => prepareRunDirectory(runDirectory),
    (error) => {
      assert.ok(error instanceof StewardError, String(error));
      assert.equal(error.code, 'STEWARD_RUN_DIRECTORY');
      assert.equal(error.where, where);
      assert.match(error.message, what);
      assert.notEqual(error.fix, '');
      return true;
    },
  );
}

/** Lets a worker move the log's directory away and put a link to `target` in its place; answers how far it came. */
function attack(directory: string, target: string): string {
  return `content_by_lua_block {
    local ffi = require("ffi")
    ffi.cdef[[
      int rename(const char *from, const char *to);
      int unlink(const char *path);
      int mkdir(const char *path, unsigned int mode);
      int symlink(const char *target, const char *path);
    ]]
    local own = "${directory}/steward"
    local results = {
      ffi.C.unlink(own .. "/emerg.log"),
      ffi.C.symlink("${target}", own .. "/emerg.log"),
      ffi.C.rename(own, "${directory}/moved"),
      ffi.C.mkdir(own, 493),
      ffi.C.symlink("${target}", own .. "/emerg.log"),
    }
    local text = table.concat(results, " ")
    ngx.header.content_length = #text
    ngx.print(text)
  }`;
}

function configuration(build: NginxBuild, emergLog: string, port: number, location: string): string {
  return `error_log ${emergLog} alert; error_log stderr emerg; ${build.luaModules}
user www-data; worker_processes 1; pid /tmp/run-directory-${port}.pid;
events {}
http {
  access_log off;
  server { listen 127.0.0.1:${port}; location / { ${location} } }
}
`;
}

/** What the worker reached, and whether root's master wrote where the link led. */
async function attackWith(
  build: NginxBuild,
  base: string,
  runDirectory: string,
): Promise<{ readonly results: string; readonly isReached: boolean }> {
  const port = 8301;
  const target = join(base, 'of-root-alone');
  const file = join(base, 'nginx.conf');
  const emergLog = join(runDirectory, 'steward/emerg.log');
  writeFileSync(file, configuration(build, emergLog, port, attack(runDirectory, target)));
  const nginx = startNginx({ build, configuration: file });
  try {
    let results = '';
    await until('the worker has tried', async () => {
      const answer = await getOnce(port);
      results = answer?.body.trim() ?? '';
      return results !== '';
    });
    process.kill(nginx.pid, 'SIGUSR1');
    // nginx gives a log that it has opened again to its workers' user.
    await until(
      'logs were opened again',
      () => statSync(emergLog, { throwIfNoEntry: false })?.uid === worker,
    );
    return { results, isReached: existsSync(target) };
  } finally {
    await nginx.stop();
  }
}

for (const build of nginxBuilds) {
  test(`${build.name}: in a volume open to all a worker makes root write elsewhere, which is what is prevented`, async () => {
    await withDirectory(async (base) => {
      const runDirectory = emptyDir(join(base, 'run'));
      mkdirSync(join(runDirectory, 'steward'));
      writeFileSync(join(runDirectory, 'steward/emerg.log'), '');
      const { results, isReached } = await attackWith(build, base, runDirectory);
      assert.equal(results, '-1 -1 0 0 0');
      assert.ok(isReached);
    });
  });

  test(`${build.name}: a worker can neither replace the log nor its directory`, async () => {
    await withDirectory(async (base) => {
      const runDirectory = emptyDir(join(base, 'run'));
      prepareRunDirectory(runDirectory);
      const { results, isReached } = await attackWith(build, base, runDirectory);
      assert.equal(results, '-1 -1 -1 -1 -1');
      assert.ok(!isReached);
      assert.equal(statSync(join(runDirectory, 'steward')).uid, 0);
      // The log itself is the workers' user's now; the next agent takes it as it is.
      assert.deepEqual(prepareRunDirectory(runDirectory).findings, []);
    });
  });

  test(`${build.name}: a master of uid 101 writes its reasons there`, async () => {
    await withDirectory(async (base) => {
      const runDirectory = emptyDir(join(base, 'run'));
      const { emergLog } = asUser(101, () => prepareRunDirectory(runDirectory));
      const file = join(base, 'nginx.conf');
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${runDirectory}/${name};`)
        .join(' ');
      const text = configuration(build, emergLog, 8302, 'return 200;')
        .replace('user www-data; ', '')
        .replace('access_log off;', `access_log off; ${temporary}`);
      writeFileSync(file, text);
      const nginx = startNginx({ build, configuration: file, uid: 101, dropCapabilities: true });
      await until('it serves', () => getOnce(8302));
      writeFileSync(file, text.replace('listen', 'lisen'));
      process.kill(nginx.pid, 'SIGHUP');
      await until('the reason is there', () =>
        readFileSync(emergLog, 'utf8').includes('unknown directive "lisen"'),
      );
      await nginx.stop();
    });
  });
}

function asUser<T>(uid: number, work: () => T): T {
  process.setegid?.(uid);
  process.seteuid?.(uid);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

test('root takes the right to write away from all others, and makes what is missing, whatever the umask', async () => {
  await withDirectory((base) => {
    const before = process.umask(0o777);
    try {
      for (const [name, mode] of [
        ['open', '755'],
        ['new', '755'],
        ['group', '2755'],
      ] as const) {
        const runDirectory = join(base, name);
        if (name === 'open') emptyDir(runDirectory);
        if (name === 'group') {
          mkdirSync(runDirectory);
          chownSync(runDirectory, 0, 4242);
          chmodSync(runDirectory, 0o2775);
        }
        const { directory, emergLog, findings } = prepareRunDirectory(runDirectory);
        assert.deepEqual(
          [directory, emergLog],
          [`${runDirectory}/steward`, `${runDirectory}/steward/emerg.log`],
        );
        assert.deepEqual([runDirectory, directory, emergLog].map(modeOf), [mode, '755', '644']);
        assert.deepEqual(findings, []);
      }
    } finally {
      process.umask(before);
    }
  });
});

test('what is there stays: a second agent finds the log with its lines', async () => {
  await withDirectory((base) => {
    const runDirectory = join(base, 'run');
    const { emergLog } = prepareRunDirectory(runDirectory);
    appendFileSync(emergLog, 'a line\n');
    chownSync(emergLog, worker, worker);
    chmodSync(join(runDirectory, 'steward'), 0o777);
    prepareRunDirectory(runDirectory);
    assert.equal(readFileSync(emergLog, 'utf8'), 'a line\n');
    assert.equal(modeOf(join(runDirectory, 'steward')), '755');
  });
});

test('links, devices and second names at any of the places are refused and not touched', async () => {
  await withDirectory((base) => {
    const outside = join(base, 'outside');
    mkdirSync(outside);
    chmodSync(outside, 0o770);
    const precious = join(outside, 'precious');
    writeFileSync(precious, 'precious', { mode: 0o600 });

    const link = join(base, 'link');
    symlinkSync(outside, link);
    refuses(link, link, /symbolic link/);

    const runDirectory = join(base, 'run');
    const own = join(runDirectory, 'steward');
    const log = join(own, 'emerg.log');
    mkdirSync(runDirectory);
    symlinkSync(outside, own);
    refuses(runDirectory, own, /symbolic link/);
    rmSync(own);
    writeFileSync(own, '');
    refuses(runDirectory, own, /not a directory/);
    rmSync(own);
    mkdirSync(own);
    symlinkSync(precious, log);
    refuses(runDirectory, log, /symbolic link/);
    rmSync(log);
    symlinkSync(join(outside, 'new'), log);
    refuses(runDirectory, log, /symbolic link/);
    rmSync(log);
    run('mkfifo', log);
    refuses(runDirectory, log, /not a regular file/);
    rmSync(log);
    linkSync(precious, log);
    refuses(runDirectory, log, /second name/);

    assert.equal(modeOf(outside), '770');
    assert.equal(modeOf(precious), '600');
    assert.ok(!existsSync(join(outside, 'new')) && !existsSync(join(outside, 'emerg.log')));
  });
});

test("a directory that a worker owns, or may write on the way, is refused to root's master", async () => {
  await withDirectory((base) => {
    const theirs = join(base, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, worker, worker);
    refuses(theirs, theirs, /belongs to uid 33, not to root/);

    const own = join(base, 'run/steward');
    mkdirSync(own, { recursive: true });
    chownSync(own, worker, worker);
    refuses(join(base, 'run'), own, /belongs to uid 33, and steward runs with uid 0/);

    const open = emptyDir(join(base, 'open'));
    refuses(join(open, 'run'), open, /others than root may write/);
    const link = join(base, 'way');
    symlinkSync(open, link);
    refuses(join(link, 'run'), link, /others than root may write/);

    // Nobody moves what is another's in a directory like /tmp.
    chmodSync(open, 0o1777);
    prepareRunDirectory(join(open, 'run'));
  });
});

test('a parent that is not there and a path that nginx could not take are said', async () => {
  await withDirectory((base) => {
    const missing = join(base, 'missing/run');
    refuses(missing, join(missing, 'steward'), /no such file/);
    refuses('run', 'run', /absolute path/);
    refuses(`${base}/a\nb`, `${base}/a\nb`, /control characters/);
  });
});

test('where master and workers share a uid, the missing border is said and nothing is refused', async () => {
  await withDirectory((base) => {
    const runDirectory = emptyDir(join(base, 'run'));
    asUser(101, () => {
      for (const message of [
        /share uid 101.*written by every user/,
        /share uid 101.*written by every user/,
      ]) {
        const { findings, emergLog } = prepareRunDirectory(runDirectory);
        assert.deepEqual(
          findings.map(({ type, reason }) => [type, reason]),
          [['NoWorkerBorder', 'SharedUid']],
        );
        assert.match(findings[0]?.message ?? '', message);
        assert.equal(statSync(emergLog).uid, 101);
      }
    });
    chmodSync(runDirectory, 0o755);
    asUser(101, () => {
      assert.doesNotMatch(prepareRunDirectory(runDirectory).findings[0]?.message ?? '', /every user/);
      refuses(base, join(base, 'steward'), /permission denied/);
    });
  });
});
