import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StewardError } from '../../../../src/base/errors.ts';
import type { EmergLog } from '../../../../src/nginx/reload/emerg-log.ts';
import type { ExpectedWorkers } from '../../../../src/nginx/reload/expected-workers.ts';
import { reload } from '../../../../src/nginx/reload/reload.ts';
import type { NginxLine, Verdict } from '../../../../src/nginx/reload/verdict.ts';
import {
  refuses,
  type ScriptedNginx,
  scriptedNginx,
  takes,
  titles,
} from '../../../support/scripted-nginx.ts';

const two: ExpectedWorkers = { kind: 'exactly', counts: [2] };
const unexpectedEnd: NginxLine = {
  level: 'emerg',
  text: 'unexpected end of file in /etc/nginx/nginx.conf:3',
};

function logOf(...lines: readonly NginxLine[]): EmergLog {
  return { mark: () => undefined, linesSince: () => lines, truncateIfLarge: () => false };
}

function run(
  nginx: ScriptedNginx,
  options: { expected?: ExpectedWorkers; lines?: readonly NginxLine[]; timeoutMs?: number } = {},
): Promise<Verdict> {
  const { table, clock, master } = nginx;
  const { expected = two, lines, timeoutMs } = options;
  return reload(
    { table, clock, ...(lines !== undefined && { emergLog: logOf(...lines) }) },
    { master, expectedWorkers: expected, ...(timeoutMs !== undefined && { timeoutMs }) },
  );
}

test('a complete new generation with the old workers leaving is Applied', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => takes(nginx);
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Applied');
  assert.deepEqual(verdict.kind === 'Applied' && verdict.generation.map(({ pid }) => pid), [13, 14]);
  assert.deepEqual(
    verdict.noted.map(({ pid }) => pid),
    [11, 12],
  );
  assert.match(verdict.summary, /^2 new workers in 1\d\d ms; old ones: 2 (draining|still serving)/);
});

test('a refusal with a reason is known at the first look after it', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => refuses(nginx, 0.4);
  const verdict = await run(nginx, { lines: [unexpectedEnd] });
  assert.equal(verdict.kind, 'Rejected');
  assert.ok(verdict.durationMs <= 1, `${verdict.durationMs} ms`);
  assert.match(verdict.summary, /nginx wrote: unexpected end of file/);
});

test('a quick refusal without a readable log is known soon, and the summary says that the reason is not', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => refuses(nginx, 2);
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Rejected');
  assert.ok(verdict.durationMs < 40, `${verdict.durationMs} ms`);
  assert.match(verdict.summary, /no log of nginx can be read/);
});

test('QUIT that overtakes the signal is Stopping, not a refusal', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    refuses(nginx, 0.2);
    nginx.after(5, () => {
      for (const { pid } of nginx.workers()) nginx.retitle(pid, titles.draining);
    });
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Stopping');
});

test('a worker that crashes during a refused reload and is replaced is no new generation', async () => {
  for (const workers of [1, 2, 4]) {
    const nginx = scriptedNginx(workers);
    nginx.onSignal = () => {
      nginx.busy();
      for (const { pid } of nginx.workers())
        nginx.after(1000, () => {
          const process = nginx.processes.get(pid);
          if (process !== undefined) Object.assign(process, { state: 'Z', args: [] });
        });
      nginx.after(2500, () => {
        for (const process of nginx.processes.values())
          if (process.state === 'Z') {
            nginx.end(process.pid);
            nginx.spawn(titles.worker);
          }
      });
      nginx.after(2501, () => nginx.idle());
    };
    const verdict = await run(nginx, { expected: { kind: 'exactly', counts: [workers] } });
    assert.equal(verdict.kind, 'Rejected', `${workers} workers: ${verdict.summary}`);
  }
});

test('new workers that end at once while the old ones leave are an outage', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    const old = nginx.workers();
    nginx.busy();
    nginx.after(5, () => {
      for (let count = 0; count < 2; count += 1) {
        const { pid } = nginx.spawn(titles.master);
        nginx.after(1, () => Object.assign(nginx.processes.get(pid) ?? {}, { state: 'Z', args: [] }));
        nginx.after(101, () => nginx.end(pid));
      }
    });
    nginx.after(106, () => {
      nginx.idle();
      for (const { pid } of old) nginx.after(2, () => nginx.end(pid));
    });
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Degraded');
  assert.equal(verdict.kind === 'Degraded' && verdict.reason, 'no-generation');
});

test('fewer workers than the configuration says are an incomplete generation', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => takes(nginx, 1);
  const verdict = await run(nginx);
  assert.equal(verdict.kind === 'Degraded' && verdict.reason, 'incomplete-generation');
});

test('where the number of workers is not known, one is enough, and the summary says so', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => takes(nginx, 1);
  const verdict = await run(nginx, { expected: { kind: 'unknown' } });
  assert.equal(verdict.kind, 'Applied');
  assert.match(verdict.summary, /how many workers it should have is not known/);
});

test('an old worker that is too busy to leave is given two seconds and then named', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => takes(nginx);
  const [stuck] = nginx.workers();
  const retitle = nginx.retitle;
  nginx.retitle = (pid, title) => {
    if (pid !== stuck?.pid) retitle(pid, title);
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Applied');
  assert.deepEqual(verdict.kind === 'Applied' && verdict.stuck.map(({ pid }) => pid), [stuck?.pid]);
  assert.ok(verdict.durationMs >= 2000 && verdict.durationMs < 2300);
});

test('the two seconds begin anew when somebody else reloads meanwhile', async () => {
  const nginx = scriptedNginx(2);
  const [slow] = nginx.workers();
  const retitle = nginx.retitle;
  nginx.retitle = (pid, title) => {
    if (pid !== slow?.pid) retitle(pid, title);
  };
  nginx.onSignal = () => {
    takes(nginx);
    nginx.after(1500, () => refuses(nginx, 2500));
    nginx.after(5000, () => retitle(slow?.pid ?? 0, titles.draining));
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Applied');
  assert.deepEqual(verdict.kind === 'Applied' && verdict.stuck, []);
});

test('a reload of somebody else that is under way is waited for', async () => {
  const nginx = scriptedNginx(2);
  takes(nginx);
  nginx.onSignal = () => takes(nginx);
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Applied');
  assert.deepEqual(
    verdict.noted.map(({ pid }) => pid),
    [11, 12, 13, 14],
    'the workers that have not yet shown that they leave are noted too',
  );
});

test('after a reload of somebody else, a refusal of ours is a refusal', async () => {
  const nginx = scriptedNginx(2);
  takes(nginx);
  nginx.onSignal = () => refuses(nginx);
  assert.equal((await run(nginx)).kind, 'Rejected');
});

test('a second reload by somebody else in the middle is judged when all is done', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    takes(nginx);
    nginx.after(106, () => {
      nginx.busy();
      takes(nginx);
    });
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Applied');
  assert.deepEqual(verdict.kind === 'Applied' && verdict.generation.map(({ pid }) => pid), [15, 16]);
});

test('a port that was free again at the third try is Applied, though nginx complained', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => takes(nginx, 2, 1200);
  const text = 'bind() to 0.0.0.0:80 failed (98: Address already in use)';
  assert.equal((await run(nginx, { lines: [{ level: 'emerg', text }] })).kind, 'Applied');
});

test('a master that does not get done is Unproven', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => nginx.busy();
  const verdict = await run(nginx, { timeoutMs: 300 });
  assert.equal(verdict.kind === 'Unproven' && verdict.reason, 'timeout');
  assert.ok(verdict.durationMs < 320);
});

test('a master that is busy from the start gets no signal', async () => {
  const nginx = scriptedNginx(2);
  nginx.busy();
  const verdict = await run(nginx, { timeoutMs: 300 });
  assert.equal(verdict.kind === 'Unproven' && verdict.reason, 'timeout');
  assert.deepEqual(nginx.signals, []);
  assert.match(verdict.summary, /no signal was sent/);
});

test('workers that never finish starting are Unproven', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    takes(nginx);
    nginx.retitle = () => {};
  };
  const verdict = await run(nginx, { timeoutMs: 5000 });
  assert.equal(verdict.kind === 'Unproven' && verdict.reason, 'unsettled');
});

test('a worker that takes long to start is waited for', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    takes(nginx);
    const { pid } = nginx.spawn(titles.master);
    nginx.after(4000, () => nginx.retitle(pid, titles.worker));
  };
  const verdict = await run(nginx, { expected: { kind: 'exactly', counts: [3] } });
  assert.equal(verdict.kind, 'Applied');
  assert.ok(verdict.durationMs >= 4000);
});

test('helpers and programs that nginx runs are no workers', async () => {
  const nginx = scriptedNginx(2);
  nginx.spawn(titles.cacheManager);
  nginx.spawn(titles.privilegedAgent);
  nginx.spawn('/usr/bin/some-logger');
  nginx.onSignal = () => {
    takes(nginx);
    nginx.after(6, () => nginx.spawn(titles.cacheManager));
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind, 'Applied');
  assert.equal(verdict.noted.length, 2);
  assert.equal(verdict.kind === 'Applied' && verdict.generation.length, 2);
});

test('a program that a module ran while nginx refused the configuration is no generation', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    refuses(nginx, 300);
    nginx.after(5, () => nginx.spawn(titles.master, { state: 'Z', args: [] }));
  };
  assert.equal((await run(nginx)).kind, 'Rejected');
});

test('a master that ends in the middle is Stopping', async () => {
  const nginx = scriptedNginx(2);
  nginx.onSignal = () => {
    nginx.busy();
    nginx.after(20, () => nginx.end(10));
  };
  const verdict = await run(nginx);
  assert.equal(verdict.kind === 'Stopping' && verdict.reason, 'master-ended');
});

test('a pid that another process has taken over gets no signal', async () => {
  const nginx = scriptedNginx(2);
  Object.assign(nginx.processes.get(10) ?? {}, { startTime: 5000 });
  const verdict = await run(nginx);
  assert.equal(verdict.kind === 'Stopping' && verdict.reason, 'master-ended');
  assert.deepEqual(nginx.signals, []);
});

test('a new binary beside the master gets no signal, nor does the old one', async () => {
  const nginx = scriptedNginx(2);
  const newer = nginx.spawn(titles.master);
  nginx.spawn(titles.worker, { parent: newer.pid });
  const verdict = await run(nginx);
  assert.equal(verdict.kind === 'Unproven' && verdict.reason, 'upgrade');
  assert.deepEqual(nginx.signals, []);
});

test('a signal that is not let through is an error that names both uids', async () => {
  const nginx = scriptedNginx(2);
  nginx.permitted = false;
  await assert.rejects(
    () => run({ ...nginx, master: { ...nginx.master, uids: { real: 4711, effective: 4711, saved: 4711 } } }),
    (error) =>
      error instanceof StewardError &&
      error.code === 'STEWARD_NOT_PERMITTED' &&
      /uid 4711/.test(error.message) &&
      /runAsUser: 4711/.test(error.fix),
  );
});

test('an abort ends the proof with its reason', async () => {
  const nginx = scriptedNginx(2);
  const controller = new AbortController();
  nginx.onSignal = () => {
    nginx.busy();
    nginx.after(50, () => controller.abort(new Error('enough')));
  };
  const { table, clock, master } = nginx;
  await assert.rejects(
    reload({ table, clock, signal: controller.signal }, { master, expectedWorkers: two }),
    /enough/,
  );
});

test('without signal masks, children that settle are the evidence, and the summary says so', async () => {
  const taken = scriptedNginx(2);
  taken.masks = false;
  taken.onSignal = () => takes(taken);
  const applied = await run(taken);
  assert.equal(applied.kind, 'Applied');
  assert.equal(applied.evidence, 'children');
  assert.match(applied.summary, /does not show the master’s signal mask/);

  const refused = scriptedNginx(2);
  refused.masks = false;
  refused.onSignal = () => refuses(refused);
  const rejected = await run(refused);
  assert.equal(rejected.kind, 'Rejected');
  assert.ok(rejected.durationMs >= 3000, 'longer than nginx tries to bind a port');
});
