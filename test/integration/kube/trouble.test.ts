/** A reflector through what networks and API servers do to it: afterwards it knows everything, and was told nothing twice. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { withoutControlPlane } from '../../support/control-plane.ts';
import { type KubeStage, startKubeStage } from '../../support/kube-stage.ts';
import { until } from '../../support/nginx.ts';

describe('a reflector in trouble', { skip: withoutControlPlane }, () => {
  let stage: KubeStage;
  before(async () => {
    stage = await startKubeStage();
  });
  afterEach(() => stage.tidy());
  after(() => stage.stop());

  test('429 with Retry-After: it comes again after that time, not before', async () => {
    const web = await stage.follow('throttled', 1);
    const fault = { kind: 'status', code: 429, retryAfterSeconds: 2 } as const;
    stage.faulty.fault(fault, ({ isWatch }) => isWatch, 1);
    stage.faulty.forget();
    stage.faulty.endWatches();
    await until('it was throttled', () => stage.faulty.seen.length === 1);
    await web.edit('m0', 'meanwhile');
    await web.sees('m0', 'meanwhile');
    const [refused, again] = stage.faulty.seen;
    const waited = (again?.at ?? 0) - (refused?.at ?? 0);
    assert.ok(waited >= 1990 && waited < 4000, `${waited} ms`);
    await web.stop();
  });

  test('500s: tried again with growing pauses, and what is known stays', async () => {
    const web = await stage.follow('broken', 3);
    stage.faulty.fault({ kind: 'status', code: 500 }, undefined, 5);
    stage.faulty.forget();
    stage.faulty.endWatches();
    await until('it gave a reason', () => web.reflector.failure?.status === 500);
    assert.equal(web.reflector.size, 3);
    const lastHeard = web.reflector.lastProgress();
    await until('the reason is gone as soon as it watches again', () => web.reflector.failure === undefined);
    assert.equal(web.told.length, 3);
    assert.ok(web.reflector.lastProgress() > lastHeard);
    await web.edit('m0', 'meanwhile');
    await web.sees('m0', 'meanwhile');
    const pauses = stage.faulty.seen
      .slice(1)
      .map(({ at }, number) => at - (stage.faulty.seen[number]?.at ?? 0));
    assert.equal(pauses.length, 5);
    assert.ok((pauses[4] ?? 0) > 4 * (pauses[0] ?? 0), pauses.join(' '));
    assert.equal(web.told.length, 4);
    await web.stop();
  });

  test('a watch cut in the middle of an event: the event comes whole afterwards, once', async () => {
    const web = await stage.follow('cut', 2);
    for (let number = 1; number <= 5; number += 1) {
      stage.faulty.cutNextEvent();
      await web.edit('m0', `${number} ${'long '.repeat(3000)}`);
      await until('it was told', () => web.valuesOf('m0').length === number + 1);
      await until('it watches', () => stage.faulty.openWatches() === 1);
    }
    assert.deepEqual(
      web.valuesOf('m0').map((value) => value?.split(' ')[0]),
      ['0', '1', '2', '3', '4', '5'],
    );
    assert.equal(web.valuesOf('m1').length, 1);
    await web.stop();
  });

  test('watches that end as soon as they begin are not begun without a pause', async () => {
    const web = await stage.follow('short', 1);
    stage.faulty.fault({ kind: 'empty' }, ({ isWatch }) => isWatch);
    stage.faulty.forget();
    stage.faulty.endWatches();
    await pause(2000);
    assert.ok(stage.faulty.seen.length < 12, `${stage.faulty.seen.length} watches in 2 s`);
    await stage.faulty.heal();
    await web.edit('m0', 'after');
    await web.sees('m0', 'after');
    await web.stop();
  });

  test('an API server that refuses connections is asked until it takes them', async () => {
    const web = await stage.follow('refused', 1);
    await stage.faulty.refuse();
    await until('it fails', () => web.reflector.failure?.reason === 'Unreachable');
    await web.edit('m0', 'refused');
    await stage.faulty.heal();
    await web.sees('m0', 'refused');
    await web.stop();
  });

  test('a watch or a list that is taken and never answered is given up and asked for again', async () => {
    const web = await stage.follow('hanging', 1, { api: stage.client({ timeoutMs: 500 }) });
    stage.faulty.fault({ kind: 'hang' }, ({ isWatch }) => isWatch, 1);
    stage.faulty.fault({ kind: 'gone' }, ({ isWatch }) => isWatch, 1);
    stage.faulty.fault({ kind: 'hang' }, ({ isWatch }) => !isWatch, 1);
    stage.faulty.forget();
    stage.faulty.endWatches();
    await web.edit('m0', 'hanging');
    await web.sees('m0', 'hanging');
    // The edit may be in the list already: the watch after it begins a moment later.
    await until('the watch after the list', () => stage.faulty.seen.length >= 5);
    assert.deepEqual(
      stage.faulty.seen.map(({ fault }) => fault),
      ['hang', 'gone', 'hang', undefined, undefined],
    );
    await web.stop();
  });

  test('a watch whose other end vanished without a word is begun again once it missed its bookmarks', async () => {
    const web = await stage.follow('vanished', 1, { api: stage.client({ watchSilenceMs: 700 }) });
    await web.edit('m0', '1');
    await web.sees('m0', '1');
    stage.faulty.silenceWatches();
    await web.edit('m0', '2');
    await web.sees('m0', '2', 3000);
    await web.stop();
  });

  test('the API server killed and started again: edits before and after arrive, and nothing is told twice', async () => {
    const web = await stage.follow('restarted', 20);
    await web.edit('m0', 'before');
    await stage.plane.apiserver.kill();
    await until('it fails', () => web.reflector.failure !== undefined);
    await stage.plane.apiserver.restart();
    await web.edit('m1', 'after');
    await web.sees('m0', 'before');
    await web.sees('m1', 'after');
    assert.equal(web.told.length, 22);
    await web.stop();
  });

  test('etcd frozen for some seconds: what was asked meanwhile comes when it goes on', async () => {
    const web = await stage.follow('slow', 3);
    await stage.plane.etcd.stop('SIGSTOP');
    const edited = web.edit('m0', 'slow');
    stage.faulty.endWatches();
    await pause(4000);
    assert.deepEqual(web.valuesOf('m0'), ['0']);
    stage.plane.etcd.cont();
    await edited;
    await web.sees('m0', 'slow');
    assert.equal(web.told.length, 4);
    await web.stop();
  });
});
