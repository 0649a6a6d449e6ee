/** The commands against a cluster, as people run them, on a real API server; the test writes what a controller would. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { fieldManagers, reloadAnnotation, withdrawnAnnotation } from '../../../src/api/names.ts';
import type { NginxConfig } from '../../../src/api/nginx-config.ts';
import type { NginxInstance } from '../../../src/api/nginx-instance.ts';
import type { NginxRevision } from '../../../src/api/nginx-revision.ts';
import { patchTypes } from '../../../src/kube/api.ts';
import { own, pathOf, type Resource } from '../../../src/kube/resource.ts';
import { conditionsOf, instanceOf, provenStatus, revisionOf } from '../../support/cluster-scene.ts';
import { type ControlPlane, startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/nginx.ts';
import {
  configMap,
  createObject,
  type NewObject,
  nginxConfig,
  pod,
  replaceObject,
  startPod,
} from '../../support/objects.ts';

const main = join(import.meta.dirname, '../../../src/main.ts');

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Running {
  readonly result: Promise<Run>;
  out(): string;
  end(): void;
}

function start(kubeconfig: string, args: readonly string[], program = main): Running {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, KUBECONFIG: kubeconfig, STEWARD_NAMESPACE: 'shop' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.err += text;
  });
  return {
    result: new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, ...written }));
    }),
    out: () => written.out,
    end: () => child.kill('SIGINT'),
  };
}

describe('the commands against a cluster', { skip: withoutControlPlane }, () => {
  let plane: ControlPlane;
  let six: NginxRevision;
  let seven: NginxRevision;

  const steward = (...args: readonly string[]): Promise<Run> => start(plane.kubeconfig, args).result;

  const merge = (
    resource: Resource,
    name: string,
    body: object,
    { subresource, manager }: { subresource?: string; manager?: string } = {},
  ): Promise<unknown> =>
    plane.api.request({
      method: 'PATCH',
      path: pathOf(resource, 'shop', name, subresource),
      query: { fieldManager: manager ?? fieldManagers.controller },
      contentType: patchTypes.merge,
      body,
    });

  const read = async <T>(resource: Resource, name: string): Promise<T> =>
    (await plane.api.request({ method: 'GET', path: pathOf(resource, 'shop', name) })) as T;

  const setStatus = (status: NonNullable<NginxConfig['status']>): Promise<unknown> =>
    merge(own('NginxConfig'), 'web', { status }, { subresource: 'status' });

  async function sources(): Promise<{ name: string; resourceVersion: string }[]> {
    const { metadata } = await read<NginxConfig>({ base: '/api/v1', plural: 'configmaps' }, 'web-files');
    return [{ name: 'web-files', resourceVersion: metadata.resourceVersion ?? '' }];
  }

  /** As the controller says it when everything is proven. */
  async function settle(): Promise<void> {
    const { metadata } = await read<NginxConfig>(own('NginxConfig'), 'web');
    await setStatus({
      observedGeneration: metadata.generation ?? 0,
      sources: await sources(),
      latestRevision: seven.metadata.name,
      latestNumber: 7,
      stableRevision: seven.metadata.name,
      ready: '2/2',
      summary: 'rev 7 applied in 84 ms',
      conditions: conditionsOf({
        Ready: ['True', 'RolledOut', 'revision 7 is proven on all 2 Pods'],
        Stalled: ['False', 'RolledOut', 'nothing'],
      }),
    });
  }

  async function setInstance(name: string, status: NonNullable<NginxInstance['status']>): Promise<void> {
    await merge(
      own('NginxInstance'),
      name,
      { status },
      { subresource: 'status', manager: fieldManagers.agent },
    );
  }

  before(async () => {
    plane = await startControlPlane();
    await plane.namespace('shop');
    const missing = await steward('get');
    assert.equal(missing.code, 5);
    assert.match(missing.err, /^STEWARD_NO_KINDS: context test \(https:.*\n.*kubectl apply/);
    await plane.applyCrds();

    const files = configMap('web-files', { 'nginx.conf': 'events {}\n' });
    await plane.kubectl(['apply', '-n', 'shop', '-f', '-'], JSON.stringify(files));
    const [{ resourceVersion } = { resourceVersion: '' }] = await sources();
    await createObject(
      plane.api,
      'shop',
      nginxConfig('web', { files: [{ configMap: { name: 'web-files' } }] }),
    );
    const at = '2026-11-24T11:00:00.000Z';
    six = revisionOf('web', 'events {}\nhttp {}\n', { number: 6, outcome: 'Applied', at });
    seven = revisionOf('web', 'events {}\n', { number: 7, outcome: 'Applied', at }, { resourceVersion });
    for (const { status, ...revision } of [six, seven]) {
      await createObject(plane.api, 'shop', revision as NewObject);
      await merge(own('NginxRevision'), revision.metadata.name, { status }, { subresource: 'status' });
    }
    for (const name of ['web-0', 'web-1']) {
      await startPod(plane.api, 'shop', pod(name, 'web'));
      await createObject(plane.api, 'shop', instanceOf(name, 'web', seven) as NewObject);
      await setInstance(name, provenStatus(seven));
    }
    await settle();
  });
  after(() => plane.stop());

  test('get shows all, and one with its Pods', async () => {
    const all = await steward('get');
    assert.equal(all.code, 0, all.err);
    assert.match(all.out, /\nweb +Ready +7 +2\/2 +\d+ s +rev 7 applied in 84 ms\n/);
    const one = await steward('get', 'web');
    assert.match(one.out, /^web {2}Ready {2}2\/2 {2}revision 7 is proven on all 2 Pods\n/);
    assert.match(one.out, /web-1 +Proven +7 +2 /);
    const everywhere = await steward('get', '-A', '-o', 'json');
    const { items } = JSON.parse(everywhere.out) as { items: NginxConfig[] };
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['web'],
    );
  });

  test('under its other name it is kubectl steward', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steward-plugin-'));
    const program = join(directory, 'kubectl-steward');
    symlinkSync(main, program);
    const wrong = await start(plane.kubeconfig, ['agent'], program).result;
    rmSync(directory, { recursive: true });
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /kubectl steward: there is no command "agent"/);
  });

  test('history knows who applied the newest revision, and diff shows it', async () => {
    const history = await steward('history', 'web');
    assert.equal(history.code, 0, history.err);
    assert.match(
      history.out,
      /\n7 +web-\S+ +Applied .* \+0 −1 in nginx.conf +kubectl-client-side-apply +latest, stable, 2 Pods/,
    );
    const diff = await steward('diff', 'web', '6', '7');
    assert.equal(diff.code, 1);
    assert.match(diff.out, /\n-http \{\}\n$/);
    assert.equal((await steward('diff', 'web')).code, 0);
  });

  test('wait just after kubectl apply of a ConfigMap waits for that edit', async () => {
    await settle();
    await replaceObject(plane.api, 'shop', configMap('web-files', { 'nginx.conf': 'events { }\n' }));
    const waiting = start(plane.kubeconfig, ['wait', 'web', '--timeout', '30s']);
    const tooSoon = await steward('wait', 'web', '--timeout', '300ms');
    assert.equal(tooSoon.code, 4, tooSoon.err);
    assert.match(tooSoon.out, /not seen yet: ConfigMap web-files \(version \d+, seen: \d+\)/);
    await settle();
    const seen = await waiting.result;
    assert.equal(seen.code, 0, seen.err);
    assert.match(seen.out, /^web {2}Ready \(RolledOut\)/);
  });

  test('wait ends with 1 on a refusal of this very content', async () => {
    await replaceObject(plane.api, 'shop', configMap('web-files', { 'nginx.conf': 'event {}\n' }));
    const waiting = start(plane.kubeconfig, ['wait', 'web', '--timeout', '30s']);
    await setStatus({
      sources: await sources(),
      conditions: conditionsOf({
        Ready: ['False', 'RolloutRejected', 'Pod web-0 refused it'],
        Stalled: ['True', 'RolloutRejected', 'Pod web-0 refused it'],
      }),
    });
    const refused = await waiting.result;
    assert.equal(refused.code, 1, refused.err);
    assert.match(refused.out, /^web {2}Stalled \(RolloutRejected\) Pod web-0 refused it/);
    await settle();
  });

  test('pause, resume and pin write under a name of their own, and are taken back whole', async () => {
    assert.equal((await steward('pause', 'web')).code, 0);
    const paused = await read<NginxConfig & { metadata: { managedFields: { manager: string }[] } }>(
      own('NginxConfig'),
      'web',
    );
    assert.equal(paused.spec.paused, true);
    assert.ok(paused.metadata.managedFields.some(({ manager }) => manager === fieldManagers.cli));
    assert.equal((await steward('resume', 'web')).code, 0);
    assert.equal((await steward('pin', 'web', '6')).code, 0);
    assert.equal((await read<NginxConfig>(own('NginxConfig'), 'web')).spec.revision, six.metadata.name);
    assert.equal((await steward('pin', 'web', '--off')).code, 0);
    const { spec } = await read<NginxConfig>(own('NginxConfig'), 'web');
    assert.deepEqual([spec.paused, spec.revision], [undefined, undefined]);
  });

  test('undo marks the latest revision, whose spec stays as it was', async () => {
    const undone = await steward('undo', 'web');
    assert.equal(undone.code, 0, undone.err);
    assert.match(undone.out, /the Pods of web go to revision 6 /);
    const { metadata, spec } = await read<NginxRevision>(own('NginxRevision'), seven.metadata.name);
    assert.match(metadata.annotations?.[withdrawnAnnotation] ?? '', /^taken back at .* by \S+$/);
    assert.equal(spec.data, seven.spec.data);
    assert.equal((await steward('undo', 'web', '--to', '7')).code, 0);
  });

  test('reload NAME ends with the verdict of every Pod', async () => {
    const reloading = start(plane.kubeconfig, ['reload', 'web', '--timeout', '30s']);
    let token: string | undefined;
    await until('it is asked for', async () => {
      const { metadata } = await read<NginxConfig>(own('NginxConfig'), 'web');
      token = metadata.annotations?.[reloadAnnotation];
      return token !== undefined;
    });
    const answer = (verdict: string): NonNullable<NginxInstance['status']> => ({
      acknowledged: [
        { action: 'Reload', origin: 'Config', token: token ?? '', verdict, at: new Date().toISOString() },
      ],
    });
    await setInstance('web-0', answer('Applied'));
    await setInstance('web-1', answer('Unproven'));
    const reloaded = await reloading.result;
    assert.equal(reloaded.code, 4, reloaded.err);
    assert.match(reloaded.out, /web-0 {2}Applied {2}after/);
    assert.match(reloaded.out, /web-1 {2}Unproven {2}after/);
  });

  test('watch prints what happens, until interrupted', async () => {
    await settle();
    const watching = start(plane.kubeconfig, ['watch', 'web']);
    try {
      await until('the beginning is told', () => watching.out().includes('web Ready'));
      const verdict = { ...provenStatus(seven).verdict, at: new Date().toISOString() };
      await merge(own('NginxInstance'), 'web-0', { status: { verdict } }, { subresource: 'status' });
      const told = 'Pod web-0 revision 7 Applied in 104 ms';
      await until('the verdict is told', () => watching.out().includes(told));
    } finally {
      watching.end();
    }
    assert.equal((await watching.result).code, 0);
  });

  test('who may not is told which right is missing', async () => {
    const jane = plane.user('jane');
    for (const [args, right] of [
      [['get'], 'list nginxconfigs.nginx-steward.io in namespace shop'],
      [['pause', 'web'], 'get nginxconfigs.nginx-steward.io in namespace shop'],
    ] as const) {
      const refused = await start(jane, args).result;
      assert.equal(refused.code, 5);
      assert.match(refused.err, new RegExp(`^STEWARD_FORBIDDEN: context test .* you may not ${right}`));
    }
  });

  test('names that are not there come with those that are', async () => {
    assert.match((await steward('get', 'wbe')).err, /did you mean "web"\?\nThere are: web\./);
    assert.match(
      (await steward('get', '-n', 'shpo')).err,
      /there is no namespace "shpo": did you mean "shop"\?/,
    );
    assert.match(
      (await steward('diff', 'web', '3')).err,
      /there is no revision "3"\nThere are: 7 \(web-.*, 6 \(web-/,
    );
  });
});
