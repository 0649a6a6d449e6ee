import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InstanceStatus, readInstance } from '../../../../src/agent/cluster/instance.ts';
import { Reporter } from '../../../../src/agent/cluster/reporter.ts';
import type { NginxInstance } from '../../../../src/api/nginx-instance.ts';
import { type Api, ApiError, type ApiRequest } from '../../../../src/kube/api.ts';
import { ownInstance, ownPod, settle, silentLog } from '../../../support/cluster-pod.ts';
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts';

interface Stage {
  readonly reporter: Reporter;
  readonly clock: FakeClock;
  readonly writes: ApiRequest[];
  status: InstanceStatus;
  uid: string | undefined;
  failure: ApiError | undefined;
}

const first: InstanceStatus = { state: 'Proven', ready: true, workers: { running: 2, draining: 0 } };

async function withReporter(work: (stage: Stage) => Promise<void>): Promise<void> {
  const clock = fakeClock();
  const writes: ApiRequest[] = [];
  const answer = async (request: ApiRequest): Promise<unknown> => {
    writes.push(request);
    if (stage.failure !== undefined) throw stage.failure;
    return {};
  };
  const api: Api = {
    request: answer,
    watch: () => {
      throw new Error('a reporter watches nothing');
    },
    close: () => undefined,
  };
  const reporter = new Reporter({
    ...{ api, clock, pod: ownPod, log: silentLog, random: () => 0 },
    instance: () =>
      stage.uid === undefined ? undefined : readInstance(ownInstance(undefined, { uid: stage.uid })),
    status: () => stage.status,
  });
  const stage: Stage = {
    ...{ reporter, clock, writes, status: first },
    ...{ uid: 'instance-uid', failure: undefined },
  };
  const end = new AbortController();
  const ended = reporter.run(end.signal);
  await settle();
  try {
    await work(stage);
  } finally {
    end.abort();
    await ended;
  }
}

function written(request: ApiRequest | undefined): Pick<NginxInstance, 'metadata' | 'status'> {
  return request?.body as NginxInstance;
}

/** Tells that something changed, and lets what follows at once happen. */
async function change(stage: Stage, status: Partial<InstanceStatus>): Promise<void> {
  stage.status = { ...stage.status, ...status };
  stage.reporter.poke();
  await settle();
}

test('the first status is written at once, by server-side apply, for this very instance', async () => {
  await withReporter(async ({ writes }) => {
    assert.equal(writes.length, 1);
    const [{ method, path, query, contentType, body } = { method: '', path: '' }] = writes;
    assert.deepEqual(
      [method, path.endsWith('/namespaces/shop/nginxinstances/web-0/status')],
      ['PATCH', true],
    );
    assert.equal(contentType, 'application/apply-patch+yaml');
    assert.equal(query?.['fieldManager'], 'nginx-steward-agent');
    const expected = { name: 'web-0', namespace: 'shop', uid: 'instance-uid' };
    assert.deepEqual(body, {
      ...{ apiVersion: 'nginx-steward.io/v1alpha1', kind: 'NginxInstance' },
      ...{ metadata: expected, status: first },
    });
  });
});

test('nothing is written when nothing changed', async () => {
  await withReporter(async (stage) => {
    await change(stage, {});
    stage.clock.advance(600_000);
    await settle();
    assert.equal(stage.writes.length, 1);
  });
});

test('a verdict is written at once, whatever was written just before', async () => {
  await withReporter(async (stage) => {
    for (const number of [1, 2, 3]) {
      const at = '2026-11-24T12:00:00.000Z';
      await change(stage, {
        verdict: { revision: 'web-a', hash: 'a', number, kind: 'Applied', message: '', at },
      });
      assert.equal(stage.writes.length, 1 + number);
    }
  });
});

test('counts ride along with the next verdict, or come once a minute', async () => {
  await withReporter(async (stage) => {
    for (let draining = 1; draining <= 50; draining += 1) {
      await change(stage, { workers: { running: 2, draining } });
      stage.clock.advance(1000);
    }
    await settle();
    assert.equal(stage.writes.length, 1);
    stage.clock.advance(10_000);
    await settle();
    assert.equal(stage.writes.length, 2);
    assert.deepEqual(stage.status.workers, { running: 2, draining: 50 });
    await change(stage, { workers: { running: 2, draining: 0 } });
    await change(stage, { ready: false });
    assert.equal(stage.writes.length, 3);
  });
});

test('what should be seen soon is told together', async () => {
  await withReporter(async (stage) => {
    const certificates = ['yes', 'no', 'unknown'].map((served) => ({
      ...{ path: '/c', notAfter: '2027-01-01T00:00:00.000Z', served },
    }));
    for (const one of certificates) {
      await change(stage, { certificates: [one] });
      stage.clock.advance(50);
    }
    await settle();
    assert.equal(stage.writes.length, 1);
    stage.clock.advance(300);
    await settle();
    assert.equal(stage.writes.length, 2);
  });
});

test('a failed write is tried again with growing pauses, with what is true by then', async () => {
  await withReporter(async (stage) => {
    stage.failure = new ApiError(500, 'InternalError', 'no');
    await change(stage, { ready: false });
    assert.equal(stage.writes.length, 2);
    // However often something changes, the server is not asked more often for it.
    for (let turn = 0; turn < 20; turn += 1) await change(stage, { ready: turn % 2 === 0 });
    assert.equal(stage.writes.length, 2);
    for (let second = 0; second < 120; second += 1) {
      stage.clock.advance(1000);
      await settle();
    }
    assert.ok(stage.writes.length > 8 && stage.writes.length < 30, String(stage.writes.length));
    stage.failure = undefined;
    await change(stage, { ready: false, state: 'Blocked' });
    stage.clock.advance(15_000);
    await settle();
    assert.deepEqual(written(stage.writes.at(-1)).status, stage.status);
    const { length } = stage.writes;
    stage.clock.advance(15_000);
    await settle();
    assert.equal(stage.writes.length, length);
  });
});

test('the server says how long to wait, and is heard', async () => {
  await withReporter(async (stage) => {
    stage.failure = new ApiError(429, 'TooManyRequests', 'later', 20_000);
    await change(stage, { ready: false });
    stage.failure = undefined;
    stage.clock.advance(19_000);
    await settle();
    assert.equal(stage.writes.length, 2);
    stage.clock.advance(1000);
    await settle();
    assert.equal(stage.writes.length, 3);
  });
});

test('without an instance nothing is written; another one is told everything', async () => {
  await withReporter(async (stage) => {
    stage.uid = undefined;
    await change(stage, { ready: false });
    assert.equal(stage.writes.length, 1);
    stage.uid = 'another';
    await change(stage, {});
    assert.equal(stage.writes.length, 2);
    assert.equal(written(stage.writes[1]).metadata.uid, 'another');
  });
});
