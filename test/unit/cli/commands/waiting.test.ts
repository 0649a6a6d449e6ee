/** wait, reload NAME and watch: what ends them, what they say, and their exit codes. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { reloadAnnotation, withdrawnAnnotation } from '../../../../src/api/names.ts';
import type { NginxConfig } from '../../../../src/api/nginx-config.ts';
import type { NginxInstance } from '../../../../src/api/nginx-instance.ts';
import { reloadPods } from '../../../../src/cli/commands/reload-pods.ts';
import { wait } from '../../../../src/cli/commands/wait.ts';
import { watch } from '../../../../src/cli/commands/watch.ts';
import { ApiError } from '../../../../src/kube/api.ts';
import {
  conditionsOf,
  instanceOf,
  Printed,
  provenStatus,
  sessionOf,
} from '../../../support/cluster-scene.ts';
import { forbidden } from '../../../support/memory-api.ts';
import { until } from '../../../support/nginx.ts';
import { paths, type Shop, shop } from '../../../support/shop.ts';

const patient = { condition: 'Ready', timeoutMs: 20_000 };
const hasty = { condition: 'Ready', timeoutMs: 30 };

function say(there: Shop, status: Partial<NonNullable<NginxConfig['status']>>): void {
  there.api.put(paths.configs, { ...there.config, status: { ...there.config.status, ...status } });
}

const followed = (there: Shop, path: string) =>
  until(`${path} is watched`, () => there.api.asked.includes(`WATCH ${path}`));

test('wait ends at once where everything is seen and proven', async () => {
  const there = shop();
  const printed = new Printed();
  assert.equal(await wait(sessionOf(there.api, printed), 'web', patient), 0);
  assert.match(printed.text, /^web {2}Ready \(RolledOut\) revision 7 is proven on all 3 Pods {2}after /);
});

test('wait after an edit of a ConfigMap does not take the state before it for the answer', async () => {
  const there = shop();
  there.api.put(paths.configMaps, { metadata: { name: 'web-files' } }, '120');
  const printed = new Printed();
  const waiting = wait(sessionOf(there.api, printed), 'web', patient);
  await followed(there, paths.configs);
  say(there, {
    sources: [{ name: 'web-files', resourceVersion: '120' }],
    conditions: conditionsOf({ Ready: ['False', 'Progressing', '0 of 3'] }),
  });
  say(there, {
    sources: [{ name: 'web-files', resourceVersion: '120' }],
    conditions: conditionsOf({ Ready: ['True', 'RolledOut', 'revision 8 is proven on all 3 Pods'] }),
  });
  assert.equal(await waiting, 0);
  assert.match(printed.text, /revision 8 is proven/);
});

test('wait ends early with 1 where this very content is refused', async () => {
  const there = shop();
  there.api.put(paths.configMaps, { metadata: { name: 'web-files' } }, '120');
  const printed = new Printed('json');
  const waiting = wait(sessionOf(there.api, printed), 'web', patient);
  await followed(there, paths.configs);
  say(there, {
    sources: [{ name: 'web-files', resourceVersion: '120' }],
    conditions: conditionsOf({
      Ready: ['False', 'RolloutRejected', 'Pod web-0 refused it'],
      Stalled: ['True', 'RolloutRejected', 'Pod web-0 refused it'],
    }),
  });
  assert.equal(await waiting, 1);
  const { result, reason, message } = JSON.parse(printed.text) as Record<string, string>;
  assert.deepEqual([result, reason, message], ['refused', 'RolloutRejected', 'Pod web-0 refused it']);
});

test('wait ends with 4 in time, and says what was not seen', async () => {
  const there = shop();
  there.api.put(paths.configMaps, { metadata: { name: 'web-files' } }, '120');
  const printed = new Printed();
  assert.equal(await wait(sessionOf(there.api, printed), 'web', hasty), 4);
  assert.match(
    printed.text,
    /^web {2}not Ready within 30 ms\n {2}not seen yet: ConfigMap web-files \(version 120, seen: 107\)\n/,
  );
  assert.match(printed.text, /is the controller running/);
});

test('wait ends with 4 in time, and says which Pods are behind and why', async () => {
  const there = shop();
  say(there, {
    conditions: conditionsOf({ Ready: ['False', 'Progressing', '2 of 3 Pods are at revision 7'] }),
  });
  const { six, seven } = there.revisions;
  const behind = { ...provenStatus(six), state: 'Pending', message: 'four generations still drain' };
  there.api.put(paths.instances, instanceOf('web-1', 'web', seven, behind));
  const printed = new Printed();
  assert.equal(await wait(sessionOf(there.api, printed), 'web', hasty), 4);
  assert.match(
    printed.text,
    /2 of 3 Pods are at revision 7 \(Progressing\)\n {2}Pod web-1 {2}Pending\n {4}four generations still drain\n$/,
  );
});

test('wait takes conditions as kubectl writes them, and refuses others', async () => {
  const { api } = shop();
  const session = sessionOf(api, new Printed());
  assert.equal(await wait(session, 'web', { condition: 'condition=Stalled=False', timeoutMs: 1000 }), 0);
  await assert.rejects(wait(session, 'web', { condition: 'is ready', timeoutMs: 1000 }), {
    code: 'STEWARD_USAGE',
  });
});

test('wait with no right to watch says so, and does not wait', async () => {
  const there = shop();
  say(there, { conditions: [] });
  there.api.refuse = ({ method, path }) =>
    method === 'WATCH' && path === paths.configs ? forbidden() : undefined;
  await assert.rejects(wait(sessionOf(there.api, new Printed()), 'web', patient), {
    code: 'STEWARD_FORBIDDEN',
    message: /you may not watch nginxconfigs.nginx-steward.io in namespace shop/,
  });
});

function acknowledge(
  there: Shop,
  pod: string,
  origin: 'Config' | 'Pod',
  token: string,
  verdict: string,
): void {
  const { seven } = there.revisions;
  const acknowledged = [{ action: 'Reload', origin, token, verdict, at: '2026-11-24T12:00:00.000Z' }];
  const status = { ...provenStatus(seven), acknowledged };
  const attempt: NonNullable<NginxInstance['status']>['verdict'] =
    status.verdict === undefined || verdict === 'Applied'
      ? status.verdict
      : { ...status.verdict, kind: verdict, message: `it was ${verdict}` };
  there.api.put(paths.instances, instanceOf(pod, 'web', seven, { ...status, verdict: attempt }));
}

function tokenOf({ api }: Shop): string {
  const { body } = api.patches.at(-1) ?? {};
  const { metadata } = body as { metadata: { annotations: Record<string, string> } };
  return metadata.annotations[reloadAnnotation] ?? '';
}

test('reload NAME asks by annotation and ends with the verdict of every Pod', async () => {
  const there = shop();
  const printed = new Printed();
  const reloading = reloadEveryPod(there, printed);
  await followed(there, paths.instances);
  assert.equal(there.api.patches[0]?.path, `${paths.configs}/web`);
  const token = tokenOf(there);
  // One to the Pod alone, or an earlier one, is no answer.
  acknowledge(there, 'web-1', 'Pod', token, 'Rejected');
  acknowledge(there, 'web-0', 'Config', token, 'Applied');
  await until('web-0 has answered', () => printed.text.includes('web-0'));
  acknowledge(there, 'web-1', 'Config', 'earlier', 'Rejected');
  there.api.remove(paths.instances, 'web-2');
  await until('web-2 has gone', () => printed.text.includes('web-2'));
  assert.doesNotMatch(printed.text, /web-1/);
  acknowledge(there, 'web-1', 'Config', token, 'Applied');
  assert.equal(await reloading, 0);
  assert.match(printed.text, /web-0 {2}Applied {2}after/);
  assert.match(printed.text, /web-1 {2}Applied {2}after/);
  assert.match(printed.text, /web-2 {2}the Pod has ended/);
});

for (const [verdicts, code] of [
  [['Applied', 'Rejected', 'Unproven'], 1],
  [['Rejected', 'Degraded', 'Applied'], 3],
  [['Applied', 'Applied', 'Unproven'], 4],
] as const)
  test(`reload NAME with ${verdicts.join(', ')} ends with ${code}`, async () => {
    const there = shop();
    const printed = new Printed();
    const reloading = reloadEveryPod(there, printed);
    await followed(there, paths.instances);
    for (const [index, verdict] of verdicts.entries())
      acknowledge(there, `web-${index}`, 'Config', tokenOf(there), verdict);
    assert.equal(await reloading, code);
    for (const verdict of verdicts)
      if (verdict !== 'Applied')
        assert.match(printed.text, new RegExp(`${verdict}  after .*\n  it was ${verdict}`));
  });

test('reload NAME without an answer ends with 4', async () => {
  const there = shop();
  const printed = new Printed();
  const wish = { pod: undefined, wait: true, timeoutMs: 30 };
  assert.equal(await reloadPods(sessionOf(there.api, printed), 'web', wish), 4);
  assert.match(printed.text, /web-2 {2}no answer within 30 ms/);
});

test('reload NAME --pod asks that Pod alone; an unknown one lists those that there are', async () => {
  const there = shop();
  there.api.put(paths.pods, { metadata: { name: 'web-1', namespace: 'shop' } });
  const session = sessionOf(there.api, new Printed('json'));
  const reloading = reloadPods(session, 'web', { pod: 'web-1', wait: true, timeoutMs: 20_000 });
  await followed(there, paths.instances);
  assert.equal(there.api.patches[0]?.path, `${paths.pods}/web-1`);
  acknowledge(there, 'web-1', 'Pod', tokenOf(there), 'Applied');
  assert.equal(await reloading, 0);
  await assert.rejects(reloadPods(session, 'web', { pod: 'web-9', wait: true, timeoutMs: 1000 }), {
    code: 'STEWARD_NOT_FOUND',
    fix: 'There are: web-0, web-1, web-2.',
  });
});

test('reload NAME --no-wait asks and ends', async () => {
  const there = shop();
  const wish = { pod: undefined, wait: false, timeoutMs: 1000 };
  assert.equal(await reloadPods(sessionOf(there.api, new Printed()), 'web', wish), 0);
  assert.match(tokenOf(there), /^\d{4}-\d\d-\d\dT[\d:.]+Z-[0-9a-z]{4}$/);
});

class Host extends EventEmitter {
  readonly pid = 4711;
  readonly written: string[] = [];
  readonly stdout;

  constructor(isTTY: boolean, rows = 40) {
    super();
    const { written } = this;
    this.stdout = Object.assign(new EventEmitter(), {
      ...{ isTTY, columns: 100, rows },
      write: (text: string) => written.push(text),
    });
  }

  kill(): void {}
}

function reject(there: Shop): void {
  const { six, seven } = there.revisions;
  there.api.put(
    paths.instances,
    instanceOf('web-1', 'web', seven, {
      ...provenStatus(six),
      state: 'Refused',
      verdict: {
        ...{
          revision: seven.metadata.name,
          hash: seven.spec.hash,
          kind: 'Rejected',
          message: 'kept the old one',
        },
        lines: [
          { level: 'emerg', text: 'unknown directive', source: 'ConfigMap web-files key nginx.conf:3' },
        ],
        at: '2026-11-24T12:00:01.000Z',
      },
    }),
  );
}

test('without a terminal watch prints a line for each change, until interrupted', async () => {
  const there = shop();
  const host = new Host(false);
  const printed = new Printed();
  const watching = watch(sessionOf(there.api, printed), 'web', host);
  await until('the beginning is told', () => printed.text.includes('web Ready'));
  reject(there);
  await until('it is told', () => printed.text.includes('Rejected'));
  host.emit('SIGINT');
  assert.equal(await watching, 0);
  const lines = printed.text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+Z {2}/, ''));
  assert.deepEqual(lines, [
    'Pod web-0 Proven at revision 7',
    'Pod web-1 Proven at revision 7',
    'Pod web-2 Proven at revision 7',
    'web Ready (3/3): revision 7 is proven on all 3 Pods',
    'Pod web-1 revision 7 Rejected: unknown directive (ConfigMap web-files key nginx.conf:3)',
  ]);
  assert.deepEqual(host.eventNames(), []);
});

test('with -o json each change is an object in a line', async () => {
  const there = shop();
  const host = new Host(true);
  const printed = new Printed('json');
  const watching = watch(sessionOf(there.api, printed), 'web', host);
  await until('the beginning is told', () => printed.text.includes('"Ready"'));
  there.api.remove(paths.configs, 'web');
  await until('the end is told', () => printed.text.includes('Deleted'));
  host.emit('SIGTERM');
  assert.equal(await watching, 0);
  const events = printed.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  assert.deepEqual(
    events.map(({ kind, name, event, value }) => [kind, name, event, value].join(' ')),
    [
      'NginxInstance web-0 Joined Proven',
      'NginxInstance web-1 Joined Proven',
      'NginxInstance web-2 Joined Proven',
      'NginxConfig web State Ready',
      'NginxConfig web Deleted Deleted',
    ],
  );
  assert.deepEqual(host.written, []);
});

test('on a terminal watch draws the Pods in place, and gives the screen back', async () => {
  const there = shop();
  const host = new Host(true);
  const watching = watch(sessionOf(there.api, new Printed('text', true)), 'web', host);
  const drawn = (): string => host.written.at(-1) ?? '';
  await until('it is drawn', () => drawn().includes('3 of 3 at what is wanted'));
  reject(there);
  await until('it is drawn again', () => drawn().includes('2 of 3 at what is wanted'));
  assert.match(drawn(), /web-1 +Refused +6 → 7/);
  assert.match(drawn(), /what happened\r\n\S* {2}\d\d:\d\d:\d\dZ {2}Pod web-1 revision 7 Rejected/);
  host.emit('SIGINT');
  assert.equal(await watching, 0);
  assert.ok(drawn().endsWith('\x1b[?1049l'));
});

test('watch says why nothing comes, and goes on trying', async () => {
  const there = shop();
  const host = new Host(true);
  const lost = new ApiError(0, 'Unreachable', 'https://cluster:6443: connect ECONNREFUSED');
  there.api.refuse = ({ method }) => (method === 'WATCH' ? lost : undefined);
  const watching = watch(sessionOf(there.api, new Printed('text', true)), 'web', host);
  await until('it is said', () =>
    (host.written.at(-1) ?? '').includes('no news: https://cluster:6443: connect'),
  );
  host.emit('SIGINT');
  assert.equal(await watching, 0);
});

test('a stream gets no line of it, and standard error gets one', async () => {
  const there = shop();
  const host = new Host(false);
  const printed = new Printed('json');
  const lost = new ApiError(0, 'Unreachable', 'https://cluster:6443: connect ECONNREFUSED');
  there.api.refuse = ({ method }) => (method === 'WATCH' ? lost : undefined);
  const watching = watch(sessionOf(there.api, printed), 'web', host);
  await until('it is said', () => printed.complaints !== '');
  host.emit('SIGINT');
  assert.equal(await watching, 0);
  assert.equal(printed.complaints, 'no news: https://cluster:6443: connect ECONNREFUSED; trying again\n');
  assert.doesNotMatch(printed.text, /ECONNREFUSED/);
});

test('where the latest was taken back, the progress is that of the last good one', async () => {
  const there = shop();
  const { six, seven } = there.revisions;
  const annotations = { [withdrawnAnnotation]: 'by hand' };
  there.api.put(paths.revisions, { ...seven, metadata: { ...seven.metadata, annotations } });
  there.api.put(paths.instances, instanceOf('web-0', 'web', six, provenStatus(six)));
  const host = new Host(true);
  const watching = watch(sessionOf(there.api, new Printed('text', true)), 'web', host);
  await until('it is drawn', () => (host.written.at(-1) ?? '').includes('1 of 3 at what is wanted'));
  host.emit('SIGINT');
  assert.equal(await watching, 0);
});

function reloadEveryPod(there: Shop, printed: Printed): Promise<number> {
  return reloadPods(sessionOf(there.api, printed), 'web', { pod: undefined, wait: true, timeoutMs: 20_000 });
}
