import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessTable } from '../../../../src/nginx/processes/process-table.ts';
import { signalMaster } from '../../../../src/nginx/processes/signal-master.ts';
import { glance, lookAt } from '../../../../src/nginx/reload/look.ts';
import {
  type FakeProcess,
  type ScriptedNginx,
  scriptedNginx,
  titles,
} from '../../../support/scripted-nginx.ts';

const hangup = 1;

function masterWith(change: Partial<FakeProcess>): ScriptedNginx {
  const nginx = scriptedNginx(2);
  Object.assign(nginx.processes.get(10) ?? {}, change);
  return nginx;
}

test('a master is idle only when it sleeps with nothing blocked and nothing pending', () => {
  const cases: readonly (readonly [Partial<FakeProcess>, string])[] = [
    [{}, 'idle'],
    [{ blocked: 0x18016a07 }, 'busy'],
    [{ pending: hangup }, 'busy'],
    [{ state: 'R' }, 'busy'],
    [{ state: 'D' }, 'busy'],
    [{ state: 'T' }, 'stopped'],
    [{ state: 't', blocked: hangup }, 'stopped'],
    [{ state: 'Z', args: [] }, 'ended'],
  ];
  for (const [change, wanted] of cases) {
    const nginx = masterWith(change);
    assert.equal(glance(nginx.table, nginx.clock, nginx.master).master, wanted, JSON.stringify(change));
  }
});

test('a master that ran while its children were read is looked at again, and is busy if it always runs', () => {
  const nginx = scriptedNginx(2);
  let reads = 0;
  const running = (times: number): ProcessTable => ({
    ...nginx.table,
    children: (pid) => {
      reads += 1;
      // As when it reaps one child: another may be missing from the list.
      if (reads <= times) nginx.spawn(titles.worker);
      return nginx.table.children(pid)?.slice(0, reads <= times ? 1 : undefined);
    },
  });
  const once = lookAt(running(1), nginx.clock, nginx.master);
  assert.deepEqual([once.master, once.children?.length, reads], ['idle', 3, 2]);
  reads = 0;
  assert.equal(lookAt(running(100), nginx.clock, nginx.master).master, 'busy');
});

test('a process that took over the master’s number is not looked at, nor signalled', () => {
  const nginx = masterWith({ startTime: 4711 });
  assert.equal(lookAt(nginx.table, nginx.clock, nginx.master).master, 'ended');
  assert.equal(signalMaster(nginx.table, nginx.master, 'SIGHUP'), 'gone');
  assert.deepEqual(nginx.signals, []);
});
