import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInstance } from '../../../../src/agent/cluster/instance.ts';
import { InstanceRequests } from '../../../../src/agent/cluster/instance-requests.ts';
import type { Store } from '../../../../src/agent/store.ts';
import type { NginxInstance } from '../../../../src/api/nginx-instance.ts';
import { memoryStore, ownInstance } from '../../../support/cluster-pod.ts';
import { fakeClock } from '../../../support/fake-clock.ts';

type Spec = NonNullable<NginxInstance['spec']['requests']>;

const reload = (token: string): Spec[number] => ({ action: 'Reload', origin: 'Config', token });

/** An agent's requests; `ask` is what the instance says from then on. */
function agent(
  store: Store,
  status?: NginxInstance['status'],
): { readonly requests: InstanceRequests; readonly ask: (...requests: Spec) => void; uid: string } {
  const stage = { uid: 'instance-uid', wanted: [] as Spec };
  const instance = (): ReturnType<typeof readInstance> =>
    readInstance(
      ownInstance(undefined, {
        uid: stage.uid,
        spec: { requests: stage.wanted },
        ...(status !== undefined && { status }),
      }),
    );
  const requests = new InstanceRequests({ instance, store, clock: fakeClock() });
  return Object.assign(stage, {
    requests,
    ask: (...wanted: Spec) => {
      stage.wanted = wanted;
    },
  });
}

const told = (requests: InstanceRequests): string[] =>
  requests.acknowledged().map(({ token, verdict }) => `${token} ${verdict}`);

test('what was there before any agent is acknowledged without acting; what comes then acts once', () => {
  const store = memoryStore();
  const { requests, ask } = agent(store);
  ask(reload('old'));
  assert.deepEqual(requests.fresh(), []);
  assert.deepEqual(told(requests), ['old Existing']);
  ask(reload('new'));
  const [one, ...others] = requests.fresh();
  assert.deepEqual([one?.action, one?.value, one?.on, others], ['reload', 'new', 'Config', []]);
  assert.deepEqual(requests.fresh(), []);
  // It is told once it is done.
  assert.deepEqual(told(requests), []);
  one?.answered?.('Applied');
  assert.deepEqual(told(requests), ['new Applied']);
});

test('it is noted on disk before it is acted upon', () => {
  const store = memoryStore({ requests: { instance: 'instance-uid', noted: [] } });
  const { requests, ask } = agent(store);
  ask(reload('new'));
  assert.equal(requests.fresh().length, 1);
  const [saved] = store.saves;
  assert.deepEqual(
    saved?.requests?.noted.map(({ token, verdict }) => [token, verdict]),
    [['new', undefined]],
  );
});

test('an agent that was killed in between does not act again, and says so', () => {
  const store = memoryStore({ requests: { instance: 'instance-uid', noted: [] } });
  const before = agent(store);
  before.ask(reload('new'));
  assert.equal(before.requests.fresh().length, 1);
  const next = agent(store);
  next.ask(reload('new'));
  assert.deepEqual(next.requests.fresh(), []);
  assert.deepEqual(told(next.requests), ['new Interrupted']);
});

test('an agent that lost its state takes what is acknowledged from the status, and acts on what is newer', () => {
  const at = '2026-11-24T12:00:00.000Z';
  const acknowledged = [{ ...reload('done'), verdict: 'Applied', at }];
  const same = agent(memoryStore(), { state: 'Proven', acknowledged });
  same.ask(reload('done'));
  assert.deepEqual(same.requests.fresh(), []);
  assert.deepEqual(told(same.requests), ['done Applied']);
  const newer = agent(memoryStore(), { state: 'Proven', acknowledged });
  newer.ask(reload('newer'));
  assert.deepEqual(
    newer.requests.fresh().map(({ value }) => value),
    ['newer'],
  );
  // An agent was there, and nothing had been asked for.
  const other = agent(memoryStore(), { state: 'Proven' });
  other.ask(reload('first'));
  assert.deepEqual(
    other.requests.fresh().map(({ value }) => value),
    ['first'],
  );
});

test('each action and origin is told once, with its newest value; an unknown action is told so', () => {
  const { requests, ask } = agent(memoryStore({ requests: { instance: 'instance-uid', noted: [] } }));
  const pod = { action: 'Reload', origin: 'Pod', token: 'p' };
  const logs = { action: 'ReopenLogs', origin: 'Config', token: 'l' };
  ask(reload('a'), pod, logs, { action: 'Dance', origin: 'Pod', token: 'd' });
  for (const request of requests.fresh()) request.answered?.('Applied');
  ask(reload('b'), pod, logs);
  for (const request of requests.fresh()) request.answered?.('Rejected');
  assert.deepEqual(told(requests).sort(), ['b Rejected', 'd Unknown', 'l Applied', 'p Applied']);
});

test('another instance of the same Pod begins anew, as a first one does', () => {
  const store = memoryStore();
  const stage = agent(store);
  stage.ask(reload('a'));
  stage.requests.fresh();
  stage.uid = 'another';
  stage.ask(reload('b'));
  assert.deepEqual(stage.requests.fresh(), []);
  assert.deepEqual(told(stage.requests), ['b Existing']);
});
