/** What a reflector tells of a real API server: everything, in order, and nothing twice. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { configMapView } from '../../../src/controller/views.ts';
import { withoutControlPlane } from '../../support/control-plane.ts';
import { type KubeStage, startKubeStage } from '../../support/kube-stage.ts';
import { until } from '../../support/nginx.ts';
import { configMap, createObject, deleteObject } from '../../support/objects.ts';

describe('a reflector', { skip: withoutControlPlane }, () => {
  let stage: KubeStage;
  before(async () => {
    stage = await startKubeStage();
  });
  afterEach(() => stage.tidy());
  after(() => stage.stop());

  const kinds = () => stage.faulty.seen.map(({ isWatch }) => (isWatch ? 'watch' : 'list'));

  test('lists in pages and tells each object once', async () => {
    const web = await stage.follow('pages', 25, { pageSize: 10 });
    const lists = stage.faulty.seen.filter(({ isWatch }) => !isWatch);
    assert.deepEqual(
      lists.map(({ query }) => query.has('continue')),
      [false, true, true],
    );
    assert.ok(lists.every(({ query }) => query.get('limit') === '10'));
    assert.equal(web.reflector.size, 25);
    assert.equal(web.told.length, 25);
    await web.stop();
  });

  test('tells every edit in order, what went, and what came back', async () => {
    const web = await stage.follow('edits', 2);
    const values = Array.from({ length: 21 }, (_, number) => String(number));
    for (const value of values.slice(1)) await web.edit('m0', value);
    await web.sees('m0', '20');
    assert.deepEqual(web.valuesOf('m0'), values);
    await deleteObject(stage.plane.api, 'edits', configMap('m1', {}));
    await web.sees('m1', undefined);
    assert.equal(web.reflector.get('edits/m1'), undefined);
    await createObject(stage.plane.api, 'edits', configMap('m1', { a: 'back' }));
    await web.sees('m1', 'back');
    assert.deepEqual(kinds(), ['list', 'watch']);
    await web.stop();
  });

  test('an edit is told within milliseconds', async () => {
    const web = await stage.follow('quick', 1);
    const took: number[] = [];
    for (let number = 1; number <= 20; number += 1) {
      await web.edit('m0', String(number));
      const answeredAt = performance.now();
      await web.sees('m0', String(number));
      took.push((web.told.at(-1)?.at ?? Number.NaN) - answeredAt);
    }
    took.sort((a, b) => a - b);
    assert.ok((took[10] ?? Number.NaN) < 100, `median ${took[10]} ms after the answer to the edit`);
    await web.stop();
  });

  test('a watch that the server ends goes on from the last version, with no list', async () => {
    const web = await stage.follow('ended', 1);
    const { metadata } = await web.edit('m0', '1');
    await web.sees('m0', '1');
    stage.faulty.forget();
    stage.faulty.endWatches();
    await until('it watches again', () => stage.faulty.seen.length > 0);
    await web.edit('m0', '2');
    await web.sees('m0', '2');
    assert.deepEqual(kinds(), ['watch']);
    assert.equal(stage.faulty.seen[0]?.query.get('resourceVersion'), metadata.resourceVersion);
    assert.deepEqual(web.valuesOf('m0'), ['0', '1', '2']);
    await web.stop();
  });

  test('a version too old is listed anew, and only what differs is told', async () => {
    const web = await stage.follow('expired', 5);
    stage.faulty.forget();
    stage.faulty.fault({ kind: 'gone' }, ({ isWatch }) => isWatch, 1);
    stage.faulty.endWatches();
    await until('it lists again and watches', () => kinds().join() === 'watch,list,watch');
    assert.equal(web.told.length, 5);
    // The same with a status instead of an event, and with changes that happened where nobody looked.
    await stage.faulty.refuse();
    await web.edit('m0', 'changed');
    await deleteObject(stage.plane.api, 'expired', configMap('m1', {}));
    await createObject(stage.plane.api, 'expired', configMap('m9', { a: 'new' }));
    await stage.faulty.heal();
    stage.faulty.fault({ kind: 'status', code: 410 }, ({ isWatch }) => isWatch, 1);
    await web.sees('m9', 'new');
    await web.sees('m0', 'changed');
    await web.sees('m1', undefined);
    assert.ok(stage.faulty.seen.some(({ fault }) => fault === 'status'));
    assert.equal(web.told.length, 8);
    assert.equal(web.reflector.size, 5);
    await web.stop();
  });

  test('a list whose continuation expired in the middle is begun anew', async () => {
    const pages = ({ query }: { query: URLSearchParams }): boolean => query.has('continue');
    stage.faulty.fault({ kind: 'status', code: 410 }, pages, 1);
    const web = await stage.follow('cut-pages', 25, { pageSize: 10 });
    assert.equal(web.told.length, 25);
    assert.deepEqual(kinds().slice(0, 5), ['list', 'list', 'list', 'list', 'list']);
    await web.stop();
  });

  test('selectors are asked of the server: an object that no longer fits goes', async () => {
    await stage.plane.namespace('chosen');
    const labelled = (labels: Record<string, string>, a: string) => configMap('m', { a }, { labels });
    await createObject(stage.plane.api, 'chosen', labelled({ team: 'web' }, 'in'));
    const web = await stage.follow('chosen-other', 0, { namespace: 'chosen', labelSelector: 'team=web' });
    assert.equal(web.reflector.size, 1);
    await stage.plane.kubectl(['label', '-n', 'chosen', 'configmap', 'm', 'team-']);
    await until('it went', () => web.reflector.size === 0);
    await web.stop();
  });

  test('of a ConfigMap by client-side apply, metadata and labels alone stay: neither the annotation nor managedFields', async () => {
    await stage.plane.namespace('large');
    const object = configMap(
      'large',
      { 'nginx.conf': `# ${'secret-looking '.repeat(5000)}` },
      { labels: { team: 'web' } },
    );
    const applied = await stage.plane.kubectl(['apply', '-n', 'large', '-f', '-'], JSON.stringify(object));
    assert.equal(applied.code, 0, applied.stderr);
    const arrived: string[] = [];
    const reduce = (raw: unknown) => {
      arrived.push(JSON.stringify(raw));
      return configMapView(raw);
    };
    const web = await stage.follow('large-other', 0, { namespace: 'large', metadataOnly: true, reduce });
    const kept = web.reflector.list();
    assert.deepEqual(Object.keys(kept[0]?.metadata ?? {}).sort(), [
      'labels',
      'name',
      'namespace',
      'resourceVersion',
    ]);
    assert.equal(JSON.stringify(kept).includes('secret-looking'), false);
    // It did come over the wire: the server cannot be asked to leave it out.
    assert.match(arrived[0] ?? '', /last-applied-configuration.*secret-looking/);
    assert.match(arrived[0] ?? '', /"kind":"PartialObjectMetadata"/);
    await stage.plane.kubectl(['annotate', '-n', 'large', 'configmap', 'large', 'x=y']);
    await until('the watch brought it again', () => arrived.length > 1);
    assert.match(arrived[1] ?? '', /"kind":"PartialObjectMetadata"/);
    await until('it is told', () => web.told.length > 1);
    assert.equal(JSON.stringify(web.reflector.list()).includes('secret-looking'), false);
    await web.stop();
  });
});
