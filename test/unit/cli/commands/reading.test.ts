/** get, history and diff: what they print, and their exit codes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { withdrawnAnnotation } from '../../../../src/api/names.ts';
import { diff } from '../../../../src/cli/commands/diff.ts';
import { get } from '../../../../src/cli/commands/get.ts';
import { history } from '../../../../src/cli/commands/history.ts';
import {
  conditionsOf,
  configOf,
  instanceOf,
  Printed,
  provenStatus,
  sceneNow,
  sessionOf,
} from '../../../support/cluster-scene.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
import { MemoryApi } from '../../../support/memory-api.ts';
import { paths, shop } from '../../../support/shop.ts';

const clock = fakeClock(sceneNow);

test('get shows each NginxConfig in a line', async () => {
  const { api } = shop();
  api.put(paths.configs, configOf('gate'));
  const printed = new Printed();
  assert.equal(await get(sessionOf(api, printed, { clock }), undefined, false), 0);
  assert.deepEqual(printed.text.split('\n'), [
    'NAME  STATE   REVISION  READY  AGE      SUMMARY',
    'gate  Unseen  -         -      2 d 1 h  no controller has looked at it yet: is one running?',
    'web   Ready   7         3/3    2 d 1 h  rev 7 applied in 84 ms',
    '',
  ]);
});

test('get NAME shows each Pod, and of one that refused why, with the place in the source', async () => {
  const { api, revisions, config } = shop();
  const { six, seven } = revisions;
  api.put(paths.configs, {
    ...config,
    status: {
      ...config.status,
      stableRevision: six.metadata.name,
      ready: '2/3',
      conditions: conditionsOf({
        Ready: ['False', 'RolloutRejected', 'Pod web-1 refused revision 7'],
        Stalled: ['True', 'RolloutRejected', 'Pod web-1 refused revision 7'],
      }),
    },
  });
  api.put(
    paths.instances,
    instanceOf('web-1', 'web', seven, {
      ...provenStatus(six),
      state: 'Refused',
      verdict: {
        revision: seven.metadata.name,
        hash: seven.spec.hash,
        kind: 'Rejected',
        message: 'nginx kept the old configuration',
        lines: [
          {
            level: 'emerg',
            text: 'unknown directive "lisen"',
            source: 'ConfigMap web-files key nginx.conf:3',
          },
        ],
        putBack: 'proven',
        at: '2026-11-24T11:59:30.000Z',
      },
    }),
  );
  const printed = new Printed();
  assert.equal(await get(sessionOf(api, printed, { clock }), 'web', false), 0);
  assert.match(printed.text, /^web {2}Stalled {2}2\/3 {2}Pod web-1 refused revision 7\n/);
  assert.match(printed.text, /latest +7 web-[0-9a-f]{20}\nstable +6 web-/);
  assert.match(printed.text, /web-0 +Proven +7 +2 +1 min ago +Applied in 104 ms\n/);
  assert.match(printed.text, /web-1 +Refused +6 → 7 +2 +1 min ago +Rejected\n/);
  assert.match(
    printed.text,
    /nginx \[emerg\] unknown directive "lisen"\n +at ConfigMap web-files key nginx.conf:3\n +put back, and proven\n/,
  );
});

test('get prints the same as JSON and as YAML, without managed fields', async () => {
  const { api, config } = shop();
  api.put(paths.configs, {
    ...config,
    metadata: { ...config.metadata, managedFields: [{ manager: 'x' }] },
  } as typeof config);
  const json = new Printed('json');
  const yaml = new Printed('yaml');
  await get(sessionOf(api, json, { clock }), 'web', false);
  await get(sessionOf(api, yaml, { clock }), 'web', false);
  const value: unknown = JSON.parse(json.text);
  assert.deepEqual(parse(yaml.text), value);
  assert.doesNotMatch(json.text, /managedFields/);
  const list = new Printed('json');
  await get(sessionOf(api, list, { clock }), undefined, false);
  assert.match(list.text, /"kind": "List"/);
});

test('an empty namespace says so, and where to look', async () => {
  const api = new MemoryApi();
  api.put('/api/v1/namespaces', { metadata: { name: 'shop' } });
  const printed = new Printed();
  assert.equal(await get(sessionOf(api, printed, { clock }), undefined, false), 0);
  assert.match(printed.text, /no NginxConfig in namespace shop\nof all namespaces: steward get -A/);
});

test('a namespace that is not there is an error with the nearest name', async () => {
  const api = new MemoryApi();
  api.put('/api/v1/namespaces', { metadata: { name: 'shop' } });
  await assert.rejects(get(sessionOf(api, new Printed(), { namespace: 'shopp' }), undefined, false), {
    code: 'STEWARD_NOT_FOUND',
    message: '--namespace: there is no namespace "shopp": did you mean "shop"?',
  });
});

test('an unknown name lists those that there are, the nearest first', async () => {
  const { api } = shop();
  api.put(paths.configs, configOf('gateway'));
  await assert.rejects(get(sessionOf(api, new Printed()), 'wbe', false), {
    code: 'STEWARD_NOT_FOUND',
    message: 'namespace shop: there is no NginxConfig "wbe": did you mean "web"?',
    fix: 'There are: web, gateway.',
  });
});

test('history shows what came of each revision, how much it changed, what is in use, and by whom', async () => {
  const { api, revisions } = shop();
  api.put(
    paths.configMaps,
    {
      metadata: {
        name: 'web-files',
        namespace: 'shop',
        managedFields: [
          {
            manager: 'old-tool',
            time: '2026-11-20T10:00:00Z',
            fieldsV1: { 'f:data': { 'f:nginx.conf': {} } },
          },
          { manager: 'flux', time: '2026-11-24T10:00:00Z', fieldsV1: { 'f:data': { 'f:nginx.conf': {} } } },
        ],
      },
    } as never,
    '107',
  );
  const { five } = revisions;
  api.put(paths.revisions, {
    ...five,
    metadata: { ...five.metadata, annotations: { [withdrawnAnnotation]: 'by jane' } },
  });
  const printed = new Printed();
  assert.equal(await history(sessionOf(api, printed, { clock }), 'web'), 0);
  const [head, seven, six, withdrawn] = printed.text.split('\n');
  assert.match(head ?? '', /^REVISION +NAME +OUTCOME +WHEN +CHANGE +BY +NOW +MESSAGE$/);
  assert.match(
    seven ?? '',
    /^7 +web-\S+ +Applied +11:07:00Z +\+2 −1 in nginx.conf +flux +latest, stable, 3 Pods +proven on all in 84 ms$/,
  );
  assert.match(
    six ?? '',
    /^6 +web-\S+ +Applied +11:06:00Z +\+1 −1 in nginx.conf +- +- +proven on all in 84 ms$/,
  );
  assert.match(withdrawn ?? '', /^5 +web-\S+ +Withdrawn +11:05:00Z +- +- +- +by jane$/);
});

test('history goes on without authors where ConfigMaps may not be listed', async () => {
  const { api } = shop();
  const { ApiError } = await import('../../../../src/kube/api.ts');
  api.refuse = ({ path }) => (path === paths.configMaps ? new ApiError(403, 'Forbidden', 'no') : undefined);
  const printed = new Printed('json');
  assert.equal(await history(sessionOf(api, printed, { clock }), 'web'), 0);
  assert.deepEqual(
    (JSON.parse(printed.text) as { authors: unknown }[]).map(({ authors }) => authors),
    [[], [], []],
  );
});

test('diff is what patch can apply, by number, by name, by hash and by default', async () => {
  const { api, revisions } = shop();
  const { six, seven } = revisions;
  const expected = [
    `--- ${six.metadata.name}/nginx.conf`,
    `+++ ${seven.metadata.name}/nginx.conf`,
    '@@ -1,4 +1,5 @@',
    ' events {}',
    ' http {',
    '-\tserver { listen 8080; }',
    '+\tserver { listen 8081; }',
    '+\t# 7',
    ' }',
    '',
  ].join('\n');
  for (const wanted of [['6', '7'], ['6'], [six.metadata.name], [six.spec.hash.slice(0, 8), '7']]) {
    const printed = new Printed();
    assert.equal(await diff(sessionOf(api, printed), 'web', wanted), 1);
    assert.equal(printed.text, expected);
  }
  const same = new Printed();
  assert.equal(await diff(sessionOf(api, same), 'web', []), 0);
  assert.equal(same.text, '');
});

test('a revision that is not there lists those that are', async () => {
  const { api } = shop();
  await assert.rejects(diff(sessionOf(api, new Printed()), 'web', ['4']), {
    code: 'STEWARD_NOT_FOUND',
    message: 'NginxConfig web: there is no revision "4"',
    fix: /^There are: 7 \(web-.*6 \(web-.*5 \(web-/,
  });
});

test('on a terminal a diff keeps its tabs, and no content can steer the terminal', async () => {
  const { api, revisions } = shop();
  const { revisionOf } = await import('../../../support/cluster-scene.ts');
  const evil = revisionOf('web', 'a\n\t\x1b]0;x\x07\n', { number: 8 });
  api.put(paths.revisions, evil);
  const printed = new Printed('text', true);
  assert.equal(await diff(sessionOf(api, printed), 'web', [revisions.seven.metadata.name, '8']), 1);
  assert.match(printed.text, /\n\+\t\ufffd\]0;x\ufffd\n/);
  assert.match(printed.complaints, /^revision 7 \(web-\S+\) → revision 8 \(web-\S+\)\n$/);
});
