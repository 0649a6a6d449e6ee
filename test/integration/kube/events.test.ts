/** Events as a person finds them with kubectl. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { createRecorder, type Occurrence } from '../../../src/kube/events.ts';
import { withoutControlPlane } from '../../support/control-plane.ts';
import { type KubeStage, quietLog, startKubeStage } from '../../support/kube-stage.ts';
import { configMap, createObject, type StoredObject } from '../../support/objects.ts';

interface StoredEvent {
  readonly note?: string;
  readonly type: string;
  readonly eventTime: string;
  readonly series?: { readonly count: number };
}

describe('events', { skip: withoutControlPlane }, () => {
  let stage: KubeStage;
  let web: StoredObject;
  before(async () => {
    stage = await startKubeStage();
    await stage.plane.namespace('web');
    web = await createObject(stage.plane.api, 'web', configMap('web', {}));
  });
  afterEach(async () => {
    await stage.tidy();
    await stage.plane.api.request({ method: 'DELETE', path });
  });
  after(() => stage.stop());

  const path = '/apis/events.k8s.io/v1/namespaces/web/events';

  async function events(): Promise<readonly StoredEvent[]> {
    const list = (await stage.plane.api.request({ method: 'GET', path })) as { items: StoredEvent[] };
    return list.items.toSorted((a, b) => a.eventTime.localeCompare(b.eventTime));
  }

  function occurrence(message: string, more: Partial<Occurrence> = {}): Occurrence {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'web' };
    const regarding = { ...object, uid: web.metadata.uid };
    return { regarding, type: 'Warning', reason: 'RenderFailed', action: 'Render', message, ...more };
  }

  /** A recorder whose clock may step. */
  function recorder(warnings: string[] = []) {
    const steps = { ms: 0 };
    const made = createRecorder({
      api: stage.plane.api,
      clock: { ...systemClock, now: () => Date.now() + steps.ms },
      controller: 'nginx-steward.io/controller',
      instance: 'controller-0',
      log: { ...quietLog, warn: (_, message) => warnings.push(message) },
    });
    return { record: made.record.bind(made), steps };
  }

  test('kubectl shows them with the object, and describe as well', async () => {
    await recorder().record(occurrence('unexpected "}" in nginx.conf:12'));
    const listed = await stage.plane.kubectl(['events', '-n', 'web', '--for', 'configmap/web']);
    assert.match(listed.stdout, /Warning +RenderFailed +ConfigMap\/web +unexpected "}" in nginx.conf:12/);
    const described = await stage.plane.kubectl(['describe', '-n', 'web', 'configmap', 'web']);
    assert.match(described.stdout, /Warning +RenderFailed .*nginx-steward.io\/controller +unexpected "}"/);
  });

  test('the same again is one event with a count; another message, reason or object is another event', async () => {
    const { record } = recorder();
    for (let number = 0; number < 5; number += 1) await record(occurrence('the same'));
    await record(occurrence('another'));
    await record(occurrence('the same', { type: 'Normal' }));
    assert.deepEqual(
      (await events()).map(({ note, type, series }) => [note, type, series?.count]),
      [
        ['the same', 'Warning', 5],
        ['another', 'Warning', undefined],
        ['the same', 'Normal', undefined],
      ],
    );
    const listed = await stage.plane.kubectl(['events', '-n', 'web']);
    assert.match(listed.stdout, /\(x5 over/);
  });

  test('after some minutes of silence the same is a new event; clocks that step break nothing', async () => {
    const { record, steps } = recorder();
    await record(occurrence('the same'));
    steps.ms = -5 * 3_600_000;
    await record(occurrence('the same'));
    assert.equal((await events())[0]?.series?.count, 2);
    steps.ms = 3_600_000;
    await record(occurrence('the same'));
    assert.equal((await events()).length, 2);
  });

  test('an event that somebody deleted meanwhile is made again', async () => {
    const { record } = recorder();
    await record(occurrence('the same'));
    await stage.plane.api.request({ method: 'DELETE', path });
    await record(occurrence('the same'));
    assert.equal((await events()).length, 1);
  });

  test('messages and names as long as they may be, and longer, are taken', async () => {
    const warnings: string[] = [];
    const { record } = recorder(warnings);
    const name = `${'n'.repeat(199)}-${'n'.repeat(53)}`;
    const long = await createObject(stage.plane.api, 'web', configMap(name, {}));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'web', name };
    const regarding = { ...object, uid: long.metadata.uid };
    const messages = ['馬 '.repeat(2000), 'x'.repeat(1024), 'x'.repeat(1025), ''];
    for (const message of messages) await record(occurrence(message, { regarding }));
    assert.deepEqual(warnings, []);
    const notes = (await events()).map(({ note = '' }) => [Buffer.byteLength(note), note.at(-1)]);
    assert.deepEqual(new Set(notes.map(String)), new Set(['1023,…', '1024,x', '1024,…', '0,']));
  });

  test('an API server that refuses them is a line in the log, and nothing else', async () => {
    const warnings: string[] = [];
    await stage.plane.apiserver.kill();
    await recorder(warnings).record(occurrence('lost'));
    await stage.plane.apiserver.restart();
    const missing = { ...occurrence('lost').regarding, namespace: 'none' };
    await recorder(warnings).record(occurrence('lost', { regarding: missing }));
    assert.deepEqual(warnings, ['an event could not be written', 'an event could not be written']);
  });
});
