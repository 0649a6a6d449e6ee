/** What the agent makes of each verdict, on both releases of nginx: keep, put back, say why. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { nginxBuilds } from '../../support/nginx.ts';
import {
  isProven,
  openScene,
  type Scene,
  type SceneOptions,
  type SiteOptions,
  siteConfiguration,
} from '../../support/scene.ts';

/** Of a location behind auth_basic, asked by `me`. */
async function statusWithPassword(password: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
  return (await fetch('http://127.0.0.1:8080/private', { headers: { authorization } })).status;
}

for (const build of nginxBuilds) {
  async function withScene(
    options: Partial<SceneOptions> & { site?: SiteOptions },
    work: (scene: Scene) => Promise<void>,
  ): Promise<void> {
    const scene = await openScene({
      build,
      files: { 'nginx.conf': siteConfiguration(options.site) },
      ...options,
    });
    try {
      await work(scene);
    } finally {
      await scene.close();
    }
  }

  async function change(
    scene: Scene,
    files: SiteOptions | Record<string, string>,
  ): Promise<ReturnType<typeof settled>> {
    const known = (await scene.agent.status()).attempts;
    scene.volume.swap('nginx.conf' in files ? files : { 'nginx.conf': siteConfiguration(files) });
    return settled(scene, known);
  }

  async function settled(scene: Scene, known: Awaited<ReturnType<Scene['agent']['status']>>['attempts']) {
    return scene.agent.nextAttempt(known);
  }

  function current(scene: Scene): string {
    return readlinkSync(join(scene.published, 'current'));
  }

  test(`${build.name}: a swap reaches nginx and is proven`, async () => {
    await withScene({}, async (scene) => {
      const before = await scene.agent.metric('nginx_steward_reloads_total', 'verdict="Applied"');
      const attempt = await change(scene, { body: 'two' });
      assert.equal(attempt.verdict, 'Applied');
      assert.equal(attempt.trigger, 'change');
      assert.equal(await scene.body(), 'two');
      const status = await scene.agent.status();
      assert.equal(status.state, 'Proven');
      assert.equal(status.proven?.hash, status.wanted?.hash);
      const made = (await scene.agent.metric('nginx_steward_reloads_total', 'verdict="Applied"')) - before;
      assert.equal(made, 1);
    });
  });

  test(`${build.name}: the same bytes again are no reload`, async () => {
    await withScene({}, async (scene) => {
      const before = await scene.agent.metric('nginx_steward_reloads_total');
      scene.volume.swap({ 'nginx.conf': siteConfiguration() });
      // A further change that is seen after it proves that the first was looked at.
      await change(scene, { body: 'two' });
      assert.equal((await scene.agent.metric('nginx_steward_reloads_total')) - before, 1);
    });
  });

  test(`${build.name}: a syntax error is refused with file, line and column, and nginx goes on`, async () => {
    await withScene({}, async (scene) => {
      const link = current(scene);
      const attempt = await change(scene, {
        'nginx.conf': 'events {}\nhttp {\n  server {\n    listen 127.0.0.1:8080\n  }\n}\n',
      });
      assert.equal(attempt.verdict, 'RefusedByLint');
      assert.match(attempt.message, /nginx\.conf:5:\d+/);
      assert.equal(current(scene), link);
      assert.equal(await scene.body(), 'one');
      assert.equal((await scene.agent.status()).state, 'Refused');
      assert.equal((await scene.agent.get('/readyz')).status, 200);
    });
  });

  test(`${build.name}: what nginx -t passes and the reload refuses is put back, with nginx's line at the author's file`, async () => {
    const zone = (key: string) => ({
      http: `limit_req_zone ${key} zone=a:1m rate=1r/s;\n`,
      server: 'limit_req zone=a burst=100 nodelay;',
    });
    await withScene({ site: zone('$binary_remote_addr') }, async (scene) => {
      const link = current(scene);
      const attempt = await change(scene, { body: 'two', ...zone('$server_name') });
      assert.equal(attempt.verdict, 'Rejected');
      assert.match(attempt.lines[0]?.text ?? '', /limit_req "a" uses the "\$server_name" key/);
      assert.equal(attempt.putBack, 'proven');
      assert.equal(current(scene), link);
      assert.equal(await scene.body(), 'one');
      const status = await scene.agent.status();
      assert.equal(status.state, 'Refused');
      assert.equal(await scene.agent.metric('nginx_steward_rollbacks_total'), 1);
      assert.equal((await scene.agent.get('/readyz')).status, 200);
    });
  });

  test(`${build.name}: nginx's line for an unknown directive names the author's file and line`, async () => {
    await withScene(
      {
        files: {
          'nginx.conf': siteConfiguration({ http: 'include extra.conf;' }),
          'extra.conf': '# nothing\n',
        },
      },
      async (scene) => {
        const attempt = await change(scene, {
          'nginx.conf': siteConfiguration({ http: 'include extra.conf;' }),
          'extra.conf': '# nothing\nno_such_directive on;\n',
        });
        assert.equal(attempt.verdict, 'Rejected');
        assert.match(attempt.lines[0]?.text ?? '', /unknown directive "no_such_directive"/);
        assert.equal(attempt.lines[0]?.source, `${join(scene.volume.directory, 'extra.conf')}:2`);
      },
    );
  });

  test(`${build.name}: good, bad, and the same good again end as the good one`, async () => {
    await withScene({}, async (scene) => {
      await change(scene, { body: 'two' });
      const bad = await change(scene, { body: 'two', http: 'no_such_directive on;' });
      assert.equal(bad.verdict, 'Rejected');
      const before = await scene.agent.metric('nginx_steward_reloads_total');
      scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: 'two' }) });
      await scene.agent.when('the good one is what is wanted and proven', isProven);
      assert.equal(await scene.body(), 'two');
      assert.equal(await scene.agent.metric('nginx_steward_reloads_total'), before, 'nginx runs it already');
    });
  });

  test(`${build.name}: an outage that prints nothing (working_directory) is undone by a second, proven reload`, async () => {
    await withScene({}, async (scene) => {
      const attempt = await change(scene, { body: 'two', main: 'working_directory /nonexistent;' });
      assert.equal(attempt.verdict, 'Degraded');
      assert.equal(attempt.putBack, 'proven');
      assert.equal(await scene.body(), 'one');
      assert.equal((await scene.agent.get('/readyz')).status, 200);
    });
  });

  test(`${build.name}: a refused content_by_lua_file and htpasswd are never served on by running workers`, async () => {
    const files = (answer: string, password: string, port: string) => ({
      'nginx.conf': siteConfiguration({
        main: build.luaModules,
        server: `${port}
          location /lua { content_by_lua_file PUBLISHED/answer.lua; }
          location /private { auth_basic x; auth_basic_user_file PUBLISHED/htpasswd; content_by_lua_block { ngx.header["Content-Length"] = 2 ngx.print("in") } }`,
      }),
      'answer.lua': `ngx.header["Content-Length"] = 3 ngx.print("${answer}")\n`,
      htpasswd: `me:{PLAIN}${password}\n`,
    });
    await withScene({ files: { 'nginx.conf': siteConfiguration() } }, async (scene) => {
      const inTree = (all: Record<string, string>) => ({
        ...all,
        'nginx.conf': (all['nginx.conf'] ?? '').replaceAll('PUBLISHED', join(scene.published, 'current')),
      });
      const good = await change(scene, inTree(files('old', 'old', '')));
      assert.equal(good.verdict, 'Applied', good.message);
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(8099, '127.0.0.1', resolve));
      const known = (await scene.agent.status()).attempts;
      scene.volume.swap(inTree(files('new', 'new', 'listen 127.0.0.1:8099;')));
      // While nginx retries the port, running workers open what `current` names: the refused files.
      await scene.agent.when('the reload is under way', (status) => status.state === 'Proving');
      while ((await scene.body('/lua')) !== 'new')
        if ((await scene.agent.status()).state !== 'Proving') break;
      const attempt = await settled(scene, known);
      assert.equal(attempt.verdict, 'Rejected');
      assert.equal(attempt.putBack, 'proven');
      assert.equal(await scene.body('/lua'), 'old');
      assert.equal(await statusWithPassword('old'), 200);
      assert.equal(await statusWithPassword('new'), 401);
      await new Promise((resolve) => blocker.close(resolve));
    });
  });

  test(`${build.name}: a generation that dies within two seconds is undone`, async () => {
    const dying = {
      main: build.luaModules,
      http: 'init_worker_by_lua_block { ngx.timer.at(0.4, function() local ffi = require "ffi" ffi.cdef "void _exit(int);" ffi.C._exit(2) end) }',
    };
    await withScene({}, async (scene) => {
      const known = (await scene.agent.status()).attempts;
      scene.volume.swap({ 'nginx.conf': siteConfiguration({ body: 'two', ...dying }) });
      const status = await scene.agent.when('the dead generation is noticed', (one) =>
        one.attempts.some((attempt) => attempt.verdict === 'Degraded' && attempt.putBack === 'proven'),
      );
      assert.ok(status.attempts.length > known.length);
      assert.equal(await scene.body(), 'one');
    });
  });

  test(`${build.name}: a probe that says no puts back`, async () => {
    await withScene(
      {
        flags: ['--probe', 'http://127.0.0.1:8080/health'],
        site: { server: 'location /health { return 204; }' },
      },
      async (scene) => {
        const attempt = await change(scene, { body: 'two', server: 'location /health { return 503; }' });
        assert.equal(attempt.verdict, 'RefusedByProbe');
        assert.match(attempt.message, /503/);
        assert.equal(attempt.putBack, 'proven');
        assert.equal(await scene.body(), 'one');
      },
    );
  });

  test(`${build.name}: one and the same refused content is tried five times at most`, async () => {
    await withScene({}, async (scene) => {
      await change(scene, { body: 'two', http: 'no_such_directive on;' });
      const status = await scene.agent.when('given up', (one) => one.pending?.reason === 'refused', 120_000);
      assert.equal(status.attempts.filter((attempt) => attempt.verdict === 'Rejected').length, 5);
    });
  });

  test(`${build.name}: nothing of a private key is in the log, the status or the metrics`, async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nnot-a-key-but-a-secret\n-----END PRIVATE KEY-----\n';
    await withScene({}, async (scene) => {
      await change(scene, {
        'nginx.conf': siteConfiguration({ http: 'ssl_certificate_key key.pem;' }),
        'key.pem': key,
      });
      const told =
        scene.agent.log() +
        JSON.stringify(await scene.agent.status()) +
        (await scene.agent.get('/metrics')).text;
      assert.ok(!told.includes('not-a-key-but-a-secret'));
      assert.ok(existsSync(scene.published));
      assert.ok(readFileSync(join(scene.published, 'state.json'), 'utf8').length > 0);
    });
  });
}
