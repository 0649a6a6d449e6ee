/** What is read without a reload of our own: the generation's first seconds, a start, the logs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExpectedWorkers } from '../../../../src/nginx/reload/expected-workers.ts';
import { proveStart } from '../../../../src/nginx/reload/prove-start.ts';
import { reopenLogs } from '../../../../src/nginx/reload/reopen-logs.ts';
import type { Verdict } from '../../../../src/nginx/reload/verdict.ts';
import { watchGeneration } from '../../../../src/nginx/reload/watch-generation.ts';
import { workersOf } from '../../../../src/nginx/reload/workers.ts';
import { type ScriptedNginx, scriptedNginx, takes, titles } from '../../../support/scripted-nginx.ts';

const two: ExpectedWorkers = { kind: 'exactly', counts: [2] };

function applied(nginx: ScriptedNginx): Extract<Verdict, { kind: 'Applied' }> {
  return {
    kind: 'Applied',
    generation: nginx.workers().map(({ pid, startTime }) => ({ pid, startTime })),
    stuck: [],
    master: nginx.master,
    evidence: 'signal-mask',
    noted: [],
    lines: [],
    durationMs: 1,
    summary: '',
  };
}

test('a generation that lives for two seconds is alive', async () => {
  const nginx = scriptedNginx(2);
  const start = nginx.clock.monotonic();
  assert.deepEqual(await watchGeneration(nginx, applied(nginx)), { kind: 'alive' });
  assert.equal(nginx.clock.monotonic() - start, 2000);
});

test('a worker that dies is named, whether it is replaced or not', async () => {
  for (const replaced of [true, false]) {
    const nginx = scriptedNginx(2);
    const [victim] = nginx.workers();
    nginx.after(700, () => {
      nginx.end(victim?.pid ?? 0);
      if (replaced) nginx.spawn(titles.worker);
    });
    const outcome = await watchGeneration(nginx, applied(nginx));
    assert.deepEqual(outcome.kind === 'died' && outcome.died.map(({ pid }) => pid), [victim?.pid]);
  }
});

test('another generation ends the watch, even when the old one leaves unseen', async () => {
  const nginx = scriptedNginx(2);
  const verdict = applied(nginx);
  nginx.after(500, () => {
    const old = nginx.workers();
    takes(nginx);
    for (const { pid } of old) nginx.after(110, () => nginx.end(pid));
  });
  assert.deepEqual(await watchGeneration(nginx, verdict), { kind: 'superseded' });
});

test('nginx that is shut down ends the watch', async () => {
  const quit = scriptedNginx(2);
  quit.after(500, () => {
    for (const { pid } of quit.workers()) quit.retitle(pid, titles.draining);
  });
  assert.deepEqual(await watchGeneration(quit, applied(quit)), { kind: 'master-ended' });
  const terminated = scriptedNginx(2);
  terminated.after(500, () => {
    for (const { pid } of terminated.workers()) terminated.end(pid);
  });
  terminated.after(600, () => terminated.end(10));
  assert.deepEqual(await watchGeneration(terminated, applied(terminated)), { kind: 'master-ended' });
});

test('a started master is proven when it is idle with all its workers', async () => {
  const nginx = scriptedNginx(0);
  nginx.busy();
  nginx.after(30, () => nginx.spawn(titles.worker));
  nginx.after(40, () => nginx.spawn(titles.worker));
  nginx.after(41, () => nginx.idle());
  const verdict = await proveStart(nginx, { master: nginx.master, expectedWorkers: two });
  assert.equal(verdict.kind, 'Applied');
  assert.equal(verdict.kind === 'Applied' && verdict.generation.length, 2);
  assert.deepEqual(nginx.signals, []);
});

test('a started master without all its workers is Degraded, one that leaves is Stopping', async () => {
  const nginx = scriptedNginx(1);
  const verdict = await proveStart(nginx, { master: nginx.master, expectedWorkers: two });
  assert.equal(verdict.kind === 'Degraded' && verdict.reason, 'incomplete-generation');
  const none = scriptedNginx(0);
  const nobody = await proveStart(none, { master: none.master, expectedWorkers: two });
  assert.equal(nobody.kind === 'Degraded' && nobody.reason, 'no-generation');
  const leaving = scriptedNginx(0);
  leaving.spawn(titles.draining);
  const left = await proveStart(leaving, { master: leaving.master, expectedWorkers: two });
  assert.equal(left.kind, 'Stopping');
});

test('reopening is proven when the master is idle and complains of nothing', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    nginx.busy();
    nginx.after(3, () => nginx.idle());
  };
  const ports = { table: nginx.table, clock: nginx.clock };
  const good = await reopenLogs(ports, { master: nginx.master });
  assert.deepEqual([good.kind, nginx.signals], ['Reopened', ['SIGUSR1']]);
  assert.match(good.summary, /told 2 workers to/);
  const text = 'open() "/var/log/nginx/access.log" failed (13: Permission denied)';
  const emergLog = {
    mark: () => undefined,
    linesSince: () => [{ level: 'emerg', text } as const],
    truncateIfLarge: () => false,
  };
  assert.equal((await reopenLogs({ ...ports, emergLog }, { master: nginx.master })).kind, 'Failed');
  nginx.onSignal = () => nginx.busy();
  assert.equal((await reopenLogs(ports, { master: nginx.master, timeoutMs: 100 })).kind, 'Unproven');
});

test('workers are counted by what they do, and a master that ended has none', () => {
  const nginx = scriptedNginx(2);
  nginx.spawn(titles.draining);
  nginx.spawn(titles.cacheManager);
  const now = workersOf(nginx.table, nginx.clock, nginx.master);
  assert.deepEqual([now?.master, now?.running.length, now?.draining.length], ['idle', 2, 1]);
  nginx.end(10);
  assert.equal(workersOf(nginx.table, nginx.clock, nginx.master), undefined);
});
