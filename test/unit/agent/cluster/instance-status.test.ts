import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceStatus, type StatusInput } from '../../../../src/agent/cluster/instance-status.ts';
import { urgencyOf } from '../../../../src/agent/cluster/urgency.ts';
import type { AgentStatus } from '../../../../src/agent/status.ts';
import { nginxInstance } from '../../../../src/api/nginx-instance.ts';
import { ownInstance } from '../../../support/cluster-pod.ts';
import { applied, certificate, now, proven, rejected, statuses } from '../../../support/statuses.ts';

const good = { name: 'web-a', hash: 'a', number: 3 };
const bad = { name: 'web-b', hash: 'b', number: 4 };

function input(agent: Partial<AgentStatus>, changes: Partial<StatusInput> = {}): StatusInput {
  return {
    agent: { ...proven, proven: { hash: 'tree', at: applied.at, revision: good }, ...agent },
    ...{ acknowledged: [], nginxVersion: '1.30.6', previous: undefined, now },
    ...changes,
  };
}

test('every state of an agent is one that the schema takes', () => {
  for (const agent of Object.values(statuses)) {
    const status = instanceStatus(input(agent));
    nginxInstance.parse(ownInstance(undefined, { status }));
  }
});

test("the newest attempt on a revision is the verdict, with nginx's lines at the author's place", () => {
  const attempts = [
    { ...rejected, revision: bad },
    { ...applied, revision: good },
  ];
  const { verdict, revision } = instanceStatus(input({ attempts }));
  assert.deepEqual(verdict, {
    ...{ revision: 'web-b', hash: 'b', number: 4, kind: 'Rejected', message: rejected.message },
    lines: [
      {
        level: 'emerg',
        text: rejected.lines[0]?.text,
        source: '/etc/steward/site/nginx.conf:12',
      },
    ],
    ...{ putBack: 'proven', at: rejected.at, durationMilliseconds: 3 },
  });
  assert.deepEqual(revision, good);
});

test('an agent that has tried nothing leaves the verdict of the one before it', () => {
  const previous = instanceStatus(input({ attempts: [{ ...rejected, revision: bad }] }));
  assert.deepEqual(instanceStatus(input({ attempts: [] }, { previous })).verdict, previous.verdict);
});

test('texts, lines, certificates and conditions are cut to what the schema takes', () => {
  const long = 'x'.repeat(10_000);
  const line = { level: 'emerg' as const, text: long };
  const agent = {
    message: long,
    attempts: [{ ...rejected, revision: bad, message: long, lines: Array.from({ length: 30 }, () => line) }],
    certificates: [
      ...Array.from({ length: 25 }, (_, index) =>
        certificate({ path: `/c${index}`, served: 'no', reason: long }),
      ),
    ],
    conditions: Array.from({ length: 30 }, (_, index) => ({
      ...{ type: `T${index}`, reason: 'R', message: long },
    })),
  };
  const status = instanceStatus(input(agent));
  nginxInstance.parse(ownInstance(undefined, { status }));
});

test('conditions of one type are one, and keep the time since when they hold', () => {
  const twice = ['a', 'b'].map((message) => ({
    type: 'ColdStartAtRisk',
    reason: 'CertificatePair',
    message,
  }));
  const first = instanceStatus(input({ conditions: twice }));
  assert.equal(first.conditions?.length, 1);
  assert.equal(first.conditions?.[0]?.message, 'a; b');
  const later = instanceStatus(input({ conditions: twice }, { previous: first, now: now + 60_000 }));
  assert.deepEqual(later.conditions, first.conditions);
});

test('a certificate that could not be read has no date, and refuses nothing', () => {
  const status = instanceStatus(
    input({ certificates: [certificate({ notAfter: '' }), certificate()], certificateCount: 2 }),
  );
  assert.deepEqual([status.certificates?.length, status.certificateCount], [1, 2]);
});

test("a master's start that is computed anew is the same one", () => {
  const first = instanceStatus(input({}));
  const { master } = proven;
  assert.ok(master !== undefined);
  const startedAt = new Date(Date.parse(master.startedAt) + 15).toISOString();
  const again = instanceStatus(input({ master: { ...master, startedAt } }, { previous: first }));
  assert.equal(again.masterStartedAt, first.masterStartedAt);
  assert.equal(urgencyOf(first, again), 'never');
});

test('verdicts, acknowledgements and readiness are told now, certificates soon, counts later', () => {
  const first = instanceStatus(input({}));
  const told = (agent: Partial<AgentStatus>, changes: Partial<StatusInput> = {}): string =>
    urgencyOf(first, instanceStatus(input(agent, { previous: first, ...changes })));
  const acknowledged = [{ action: 'Reload', origin: 'Pod', token: 'x', verdict: 'Applied', at: applied.at }];
  assert.equal(urgencyOf(undefined, first), 'now');
  assert.equal(told({ attempts: [{ ...rejected, revision: bad }] }), 'now');
  assert.equal(told({}, { acknowledged }), 'now');
  assert.equal(told({ ready: false }), 'now');
  assert.equal(told({ certificates: [certificate()] }), 'soon');
  assert.equal(told({ state: 'Blocked' }), 'soon');
  assert.equal(told({ conditions: [{ type: 'T', reason: 'R', message: 'm' }] }), 'soon');
  assert.equal(told({ state: 'Proving' }), 'later');
  const { master } = proven;
  assert.ok(master !== undefined);
  assert.equal(told({ master: { ...master, workers: { running: 2, draining: 7 } } }), 'later');
  assert.equal(told({}), 'never');
});
