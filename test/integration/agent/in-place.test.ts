/** nginx reads the mounted files itself: watch, lint, reload, prove, report. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RunningAgent, startAgent } from '../../support/agent.ts';
import { type KubeletVolume, kubeletVolume } from '../../support/kubelet-volume.ts';
import { getOnce } from '../../support/load.ts';
import { nginxBuilds, type RunningNginx, startNginx, testDirectory, until } from '../../support/nginx.ts';
import { isProven, siteConfiguration } from '../../support/scene.ts';

interface InPlace {
  readonly directory: string;
  readonly volume: KubeletVolume;
  readonly agent: RunningAgent;
  readonly nginx: RunningNginx;
}

for (const build of nginxBuilds) {
  async function inPlace(
    log: (directory: string) => string,
    work: (scene: InPlace) => Promise<void>,
  ): Promise<void> {
    const { path: directory, remove } = testDirectory();
    const configuration = siteConfiguration().replace('error_log stderr;', log(directory));
    const volume = kubeletVolume(join(directory, 'mounted'), { 'nginx.conf': configuration });
    const file = join(volume.directory, 'nginx.conf');
    // What changed within the grain of the kernel's clocks before nginx started may not have been read by it.
    await until('the file is older than nginx will be', () => Date.now() - statSync(file).ctimeMs > 60);
    const nginx = startNginx({ build, configuration: file });
    await until('nginx serves', async () => (await getOnce(8080)) !== undefined);
    const agent = startAgent({
      flags: [
        '--in-place',
        file,
        '--run-dir',
        join(directory, 'run'),
        '--control-socket',
        join(directory, 'control/c.sock'),
      ],
    });
    try {
      await agent.when('proven', isProven);
      await work({ directory, volume, agent, nginx });
    } finally {
      await agent.stop();
      await nginx.stop();
      remove();
    }
  }

  const edited = (log: string, more: Parameters<typeof siteConfiguration>[0]) => ({
    'nginx.conf': siteConfiguration(more).replace('error_log stderr;', log),
  });

  test(`${build.name}, in place: an edit is reloaded and proven; starting the agent reloads nothing`, async () => {
    await inPlace(
      () => 'error_log stderr;',
      async ({ agent, volume }) => {
        assert.equal(await agent.metric('nginx_steward_reloads_total'), 0);
        volume.swap(edited('error_log stderr;', { body: 'two' }));
        await until('served', async () => (await getOnce(8080))?.body === 'two');
        const status = await agent.when('proven', (one) => isProven(one) && one.attempts.length > 0);
        assert.equal(status.mode, 'in-place');
        assert.equal(status.attempts[0]?.verdict, 'Applied');
      },
    );
  });

  test(`${build.name}, in place: a refused edit is reported with nginx's line where its error_log is a readable file`, async () => {
    const log = (directory: string): string => `error_log ${directory}/error.log;`;
    await inPlace(log, async ({ agent, volume, directory }) => {
      volume.swap(edited(log(directory), { http: 'no_such_directive on;' }));
      const status = await agent.when('refused', (one) => one.attempts[0]?.verdict === 'Rejected');
      assert.match(status.attempts[0]?.lines[0]?.text ?? '', /unknown directive/);
      assert.equal(status.attempts[0]?.putBack, undefined);
      assert.equal(status.state, 'Refused');
    });
  });

  test(`${build.name}, in place: without a readable error_log the refusal is known and its reason is said to be unknown`, async () => {
    await inPlace(
      () => 'error_log stderr;',
      async ({ agent, volume }) => {
        volume.swap(edited('error_log stderr;', { http: 'no_such_directive on;' }));
        const status = await agent.when('refused', (one) => one.attempts[0]?.verdict === 'Rejected');
        assert.match(status.attempts[0]?.message ?? '', /reason is not known.*error_log/);
      },
    );
  });

  test(`${build.name}, in place: a syntax error is not given to nginx, and said to be a danger for its next start`, async () => {
    await inPlace(
      () => 'error_log stderr;',
      async ({ agent, volume }) => {
        volume.swap({ 'nginx.conf': 'events {' });
        const status = await agent.when('refused', (one) => one.attempts[0]?.verdict === 'RefusedByLint');
        assert.ok(status.conditions.some((condition) => condition.type === 'ColdStartAtRisk'));
        assert.equal((await getOnce(8080))?.body, 'one');
      },
    );
  });
}
