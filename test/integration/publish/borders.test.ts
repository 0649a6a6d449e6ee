/** What a configuration can reach of the agent: `root /proc` with directory listings and PUT, both ways. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { credentialsOf } from '../../../src/publish/borders.ts';
import { openPublisher } from '../../../src/publish/publisher.ts';
import type { Tree } from '../../../src/publish/tree.ts';
import { type HiddenAgent, startHiddenAgent, withoutRights } from '../../support/hidden-agent.ts';
import { getOnce } from '../../support/load.ts';
import {
  type NginxBuild,
  nginxBuilds,
  type RunningNginx,
  startNginx,
  testDirectory,
  until,
} from '../../support/nginx.ts';

const port = 8310;
const uid = 101;
const gid = 101;
const gidOfItsOwn = 10_101;

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(method: string, path: string, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** nginx with a configuration whose author wants everything, as uid 101 or with workers of www-data. */
async function withNginx(
  build: NginxBuild,
  asRoot: boolean,
  work: (nginx: RunningNginx, directory: string) => Promise<void>,
): Promise<void> {
  const { path: directory, remove } = testDirectory();
  const temporary = join(directory, 'temporary');
  mkdirSync(temporary);
  if (!asRoot) chownSync(temporary, uid, gid);
  chmodSync(directory, 0o755);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${temporary}/${kind};`)
    .join(' ');
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(
    configuration,
    `error_log stderr; pid ${temporary}/nginx.pid; worker_processes 1; ${asRoot ? 'user www-data;' : ''}
     events {}
     http {
       access_log off; ${paths}
       server {
         listen 127.0.0.1:${port};
         location / { root /proc; autoindex on; dav_methods PUT DELETE; }
         location /tree/ { alias ${directory}/published/current/; dav_methods PUT DELETE; }
         location = /ready { return 200; }
       }
     }`,
  );
  const nginx = startNginx({
    build,
    configuration,
    ...(asRoot ? {} : { uid, gid, dropCapabilities: true }),
  });
  try {
    await until('nginx serves', () => getOnce(port, '/ready'));
    await work(nginx, directory);
  } finally {
    await nginx.stop();
    remove();
  }
}

/** Status codes of the ways in: a file of its own, its environment, its descriptors; writing its tree. */
async function waysIn({ pid, directory, descriptor }: HiddenAgent): Promise<readonly number[]> {
  const token = await ask('GET', `/${pid}/root${directory}/token`);
  const environment = await ask('GET', `/${pid}/environ`);
  const descriptors = await ask('GET', `/${pid}/fd/${descriptor}`);
  for (const { status, text } of [token, descriptors]) if (status === 200) assert.equal(text, 'the-token\n');
  const written = await ask('PUT', `/${pid}/root${directory}/nginx.conf`, 'load_module evil.so;');
  return [token, environment, descriptors, written].map(({ status }) => status);
}

const open = [200, 200, 200, 204];
/** nginx answers a refused write with 500 or 403, after what it failed at. */
function assertClosed(statuses: readonly number[]): void {
  assert.deepEqual(statuses.slice(0, 3), [403, 403, 403]);
  assert.ok([403, 500].includes(statuses[3] ?? 0), `PUT: ${statuses[3]}`);
}

/** Node as the agent's image has it: to be executed, not to be read. */
function unreadableProgram(directory: string): string {
  const program = join(directory, 'program');
  copyFileSync(process.execPath, program);
  chmodSync(program, 0o111);
  return program;
}

async function withAgent(
  options: Parameters<typeof startHiddenAgent>[0],
  work: (agent: HiddenAgent) => Promise<void>,
): Promise<void> {
  const agent = await startHiddenAgent(options);
  try {
    await work(agent);
  } finally {
    await agent.close();
  }
}

for (const build of nginxBuilds) {
  test(`${build.name}: with nginx's uid and gid the agent lies open, and says so`, async () => {
    await withNginx(build, false, async (nginx, directory) => {
      await withAgent({ directory, uid, gid, nginx: nginx.pid }, async (agent) => {
        assert.deepEqual(await waysIn(agent), open);
        assert.deepEqual(agent.findings, ['SharedGroup']);
      });
    });
  });

  test(`${build.name}: with nginx's uid and a gid of its own the agent is closed`, async () => {
    await withNginx(build, false, async (nginx, directory) => {
      await withAgent({ directory, uid, gid: gidOfItsOwn, nginx: nginx.pid }, async (agent) => {
        assertClosed(await waysIn(agent));
        assert.deepEqual(agent.findings, []);
      });
    });
  });

  test(`${build.name}: a program that nobody may read closes the agent even where all ids are alike`, async () => {
    await withNginx(build, false, async (nginx, directory) => {
      const program = unreadableProgram(directory);
      await withAgent({ directory, uid, gid, nginx: nginx.pid, program }, async (agent) => {
        assertClosed(await waysIn(agent));
        assert.deepEqual(agent.findings, []);
      });
    });
  });

  test(`${build.name}: workers of www-data reach nothing of a root agent, and cannot write what it published`, async () => {
    await withNginx(build, true, async (nginx, directory) => {
      const publisher = await openPublisher(join(directory, 'published'));
      const tree: Tree = new Map([['conf.d/site.conf', { content: Buffer.from('x'), mode: 0o666 }]]);
      await publisher.write('abcdef0123', tree);
      publisher.makeCurrent('abcdef0123');
      for (const [method, path] of [
        ['PUT', '/tree/conf.d/site.conf'],
        ['PUT', '/tree/new.conf'],
        ['DELETE', '/tree/conf.d/site.conf'],
      ] as const)
        assert.ok([403, 500].includes((await ask(method, path, 'evil')).status), `${method} ${path}`);
      assert.deepEqual(
        publisher.verify('abcdef0123').length,
        1,
        'its name here is not its hash, and that is all',
      );
      assert.deepEqual(publisher.compare('abcdef0123', tree), []);
      publisher.close();
      await withAgent({ directory, uid: 0, gid: gidOfItsOwn, nginx: nginx.pid }, async (agent) => {
        assertClosed(await waysIn(agent));
        assert.deepEqual(agent.findings, ['TraceCapability'], 'of the master, which has all rights here');
      });
    });
  });
}

test('a root agent without capabilities is closed to root without capabilities by a program that nobody may read', async () => {
  const { path: directory, remove } = testDirectory();
  const nginx = spawn('sh', ['-c', `exec ${withoutRights(0, 0)} sleep 60`], { stdio: 'ignore' });
  const pid = nginx.pid ?? 0;
  const read = (agent: HiddenAgent): string =>
    spawnSync('sh', ['-c', `${withoutRights(0, 0)} cat /proc/${agent.pid}/environ`], { encoding: 'utf8' })
      .stdout;
  try {
    await until('it has given up its rights', () => credentialsOf(pid)?.mayTrace === false);
    await withAgent({ directory, uid: 0, gid: 0, nginx: pid }, async (agent) => {
      assert.match(read(agent), /SECRET=the-secret/);
      assert.deepEqual(agent.findings, ['SharedGroup']);
    });
    await withAgent(
      { directory, uid: 0, gid: 0, nginx: pid, program: unreadableProgram(directory) },
      async (agent) => {
        assert.equal(read(agent), '');
        assert.deepEqual(agent.findings, []);
      },
    );
  } finally {
    nginx.kill('SIGKILL');
    remove();
  }
});

test('a supplementary group is as good as a primary one where set-group-id programs work, so it is told of', async () => {
  await withNginx(nginxBuilds[0] ?? assert.fail('no nginx'), false, async (nginx, directory) => {
    await withAgent({ directory, uid, gid: gidOfItsOwn, nginx: nginx.pid }, async (agent) => {
      const own = join(directory, 'temporary/cat');
      const trick = `cp /bin/cat ${own} && chgrp ${gidOfItsOwn} ${own} && chmod 2755 ${own} && ${own} /proc/${agent.pid}/environ`;
      const ids = ['--reuid', String(uid), '--regid', String(gid), '--groups', String(gidOfItsOwn)];
      const rights = ['--bounding-set=-all', '--inh-caps=-all'];
      const attempt = (...more: readonly string[]): string =>
        spawnSync('setpriv', [...ids, ...rights, ...more, 'sh', '-c', trick], { encoding: 'utf8' }).stdout;
      assert.match(attempt(), /SECRET=the-secret/);
      assert.doesNotMatch(attempt('--no-new-privs'), /SECRET/);
    });
  });
});
