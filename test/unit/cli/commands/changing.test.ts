/** undo, pause, resume, pin: what they write, what they say, and their exit codes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldManagers, withdrawnAnnotation } from '../../../../src/api/names.ts';
import type { NginxRevision } from '../../../../src/api/nginx-revision.ts';
import { pause, resume } from '../../../../src/cli/commands/pause.ts';
import { pin } from '../../../../src/cli/commands/pin.ts';
import { undo } from '../../../../src/cli/commands/undo.ts';
import { Printed, sceneNow, sessionOf } from '../../../support/cluster-scene.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
import { paths, type Shop, shop } from '../../../support/shop.ts';

const clock = fakeClock(sceneNow);

function mark(there: Shop, revision: NginxRevision, reason = 'earlier'): void {
  const annotations = { [withdrawnAnnotation]: reason };
  there.api.put(paths.revisions, { ...revision, metadata: { ...revision.metadata, annotations } });
}

async function undone(
  there: Shop,
  to?: string,
): Promise<{ code: number; printed: Printed; marks: string[] }> {
  const printed = new Printed();
  const code = await undo(sessionOf(there.api, printed, { clock }), 'web', to);
  const marks = there.api.patches.map(({ path, body }) => {
    const { metadata } = body as { metadata: { annotations: Record<string, string | null> } };
    const isOn = metadata.annotations[withdrawnAnnotation] !== null;
    return `${isOn ? '+' : '-'}${path.slice(path.lastIndexOf('/') + 1)}`;
  });
  return { code, printed, marks };
}

test('undo withdraws the latest, says where the Pods go, and what the source needs', async () => {
  const there = shop();
  const { six, seven } = there.revisions;
  const { code, printed, marks } = await undone(there);
  assert.equal(code, 0);
  assert.deepEqual(marks, [`+${seven.metadata.name}`]);
  const [patch] = there.api.patches;
  assert.equal(patch?.contentType, 'application/merge-patch+json');
  assert.equal(patch.query?.['fieldManager'], fieldManagers.cli);
  assert.match(printed.text, new RegExp(`^revision 7 \\(${seven.metadata.name}\\) is withdrawn\n`));
  assert.match(printed.text, new RegExp(`the Pods of web go to revision 6 \\(${six.metadata.name}\\)\n`));
  assert.match(
    printed.text,
    /to make it follow, change:\n {2}nginx.conf {2}ConfigMap web-files key nginx.conf\n/,
  );
  assert.match(printed.text, /steward diff web 7 6 shows how/);
});

test('undo a second time goes one further back', async () => {
  const there = shop();
  mark(there, there.revisions.seven);
  const { code, printed, marks } = await undone(there);
  assert.equal(code, 0);
  assert.deepEqual(marks, [`+${there.revisions.six.metadata.name}`]);
  assert.match(printed.text, /the Pods of web go to revision 5 /);
});

test('undo --to withdraws every later one, the latest last', async () => {
  const there = shop();
  const { six, seven } = there.revisions;
  const { marks } = await undone(there, '5');
  assert.deepEqual(marks, [`+${six.metadata.name}`, `+${seven.metadata.name}`]);
});

test('undo --to a withdrawn one lets it count again first', async () => {
  const there = shop();
  const { six, seven } = there.revisions;
  mark(there, six);
  const { code, marks } = await undone(there, '6');
  assert.equal(code, 0);
  assert.deepEqual(marks, [`-${six.metadata.name}`, `+${seven.metadata.name}`]);
});

test('undo --to the withdrawn latest takes the withdrawal back', async () => {
  const there = shop();
  const { seven } = there.revisions;
  mark(there, seven);
  const { code, printed, marks } = await undone(there, '7');
  assert.equal(code, 0);
  assert.deepEqual(marks, [`-${seven.metadata.name}`]);
  assert.match(printed.text, /revision 7 .* counts again\nthe Pods of web go to revision 7 /);
  assert.doesNotMatch(printed.text, /the source still says/);
});

test('undo leads past a revision that was refused', async () => {
  const there = shop();
  const { six } = there.revisions;
  there.api.put(paths.revisions, {
    ...six,
    status: { number: 6, outcome: 'Rejected', message: 'no such directive' },
  });
  const { printed, marks } = await undone(there);
  assert.equal(marks.length, 1);
  assert.match(printed.text, /the Pods of web go to revision 5 /);
  const again = await undone(there, '6');
  assert.equal(again.code, 1);
  assert.equal(there.api.patches.length, 1);
  assert.match(
    again.printed.complaints,
    /revision 6 .* was never applied \(no such directive\).*\nTry steward pin web 6\./,
  );
});

test('with nothing before it, undo changes nothing and ends with 1', async () => {
  const there = shop();
  mark(there, there.revisions.five);
  mark(there, there.revisions.six);
  const { code, printed, marks } = await undone(there);
  assert.equal(code, 1);
  assert.deepEqual(marks, []);
  assert.match(
    printed.complaints,
    /there is no revision before revision 7 .* that was applied and not taken back/,
  );
});

test('a pin goes before undo, which says so', async () => {
  const there = shop({ spec: { revision: 'web-x' } });
  const { code, printed, marks } = await undone(there);
  assert.deepEqual([code, marks], [1, []]);
  assert.match(printed.complaints, /pinned to web-x.*\nTry steward pin web --off/);
});

test('pause and resume set and take away spec.paused, once', async () => {
  const { api } = shop();
  const printed = new Printed();
  const session = sessionOf(api, printed, { clock });
  assert.equal(await pause(session, 'web'), 0);
  assert.equal(await pause(session, 'web'), 0);
  assert.equal(await resume(session, 'web'), 0);
  assert.deepEqual(
    api.patches.map(({ body }) => body),
    [{ spec: { paused: true } }, { spec: { paused: null } }],
  );
  assert.match(printed.text, /web is paused: no Pod is moved[\s\S]*web was paused already[\s\S]*web goes on/);
});

test('pin takes a number or a name, and --off takes it out', async () => {
  const { api, revisions } = shop();
  const { six } = revisions;
  const printed = new Printed();
  const session = sessionOf(api, printed, { clock });
  assert.equal(await pin(session, 'web', { revision: '6', off: false }), 0);
  assert.equal(await pin(session, 'web', { revision: six.metadata.name, off: false }), 0);
  assert.equal(await pin(session, 'web', { revision: undefined, off: true }), 0);
  assert.deepEqual(
    api.patches.map(({ body }) => body),
    [{ spec: { revision: six.metadata.name } }, { spec: { revision: null } }],
  );
  assert.match(
    printed.text,
    /web is pinned to revision 6 [\s\S]*web is pinned already[\s\S]*web is no longer pinned/,
  );
  for (const wish of [
    { revision: undefined, off: false },
    { revision: '6', off: true },
  ])
    await assert.rejects(pin(session, 'web', wish), { code: 'STEWARD_USAGE' });
});

test('whoever else writes the spec is named, since a change by hand may not last', async () => {
  const { api, config } = shop();
  const managedFields = [
    { manager: 'kustomize-controller', fieldsV1: { 'f:spec': {} } },
    { manager: fieldManagers.cli, fieldsV1: { 'f:spec': {} } },
    { manager: fieldManagers.controller, subresource: 'status', fieldsV1: { 'f:status': {} } },
  ];
  api.put(paths.configs, { ...config, metadata: { ...config.metadata, managedFields } } as typeof config);
  const printed = new Printed();
  await pause(sessionOf(api, printed, { clock }), 'web');
  assert.match(
    printed.complaints,
    /^kustomize-controller writes this NginxConfig too: put `spec.paused: true`/,
  );
});
