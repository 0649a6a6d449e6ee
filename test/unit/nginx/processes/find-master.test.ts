import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMaster, type MasterSearch } from '../../../../src/nginx/processes/find-master.ts';
import { masterRefusal } from '../../../../src/nginx/processes/refusals.ts';
import { readTitle } from '../../../../src/nginx/processes/titles.ts';
import { scriptedNginx, titles } from '../../../support/scripted-nginx.ts';

function refusal(search: MasterSearch): string {
  assert.notEqual(search.kind, 'found');
  if (search.kind === 'found') return '';
  const error = masterRefusal(search);
  return `${error.code} ${error.message} ${error.fix}`;
}

test('titles are told apart', () => {
  const cases = [
    ['nginx: master process /usr/sbin/nginx -g daemon off;', 'master'],
    ['nginx: master process nginx', 'master'],
    ['nginx: worker process', 'worker'],
    ['nginx: worker process is shutting down', 'draining'],
    ['nginx: cache manager process', 'helper'],
    ['nginx: cache loader process', 'helper'],
    ['nginx: privileged agent process', 'helper'],
    ['angie: worker process is shutting down', 'draining'],
    ['nginx: something of a module', 'other'],
    ['tini', 'other'],
  ] as const;
  for (const [title, kind] of cases) assert.equal(readTitle([title], 'nginx').kind, kind, title);
  assert.equal(readTitle(['/usr/sbin/nginx', '-g', 'daemon off;'], 'nginx').kind, 'untitled');
  assert.equal(readTitle(['/usr/sbin/nginx', '-s', 'reload'], 'nginx').kind, 'other');
  assert.equal(readTitle(['/usr/sbin/nginx', '-tq'], 'nginx').kind, 'other');
  assert.equal(readTitle(['vim', 'nginx'], 'vim').kind, 'other');
});

test('one master is found, with its command line and its uids', () => {
  const search = findMaster(scriptedNginx(2).table);
  assert.deepEqual(search, {
    kind: 'found',
    orphans: [],
    master: {
      pid: 10,
      startTime: 100,
      commandLine: 'nginx -g daemon off;',
      uids: { real: 0, effective: 0, saved: 0 },
    },
  });
});

test('a child that was just forked is no second master', () => {
  const nginx = scriptedNginx(2);
  nginx.spawn(titles.master);
  assert.equal(findMaster(nginx.table).kind, 'found');
});

test('two masters are refused with both command lines, and an expression chooses', () => {
  const nginx = scriptedNginx(2);
  nginx.spawn('nginx: master process nginx -c /other.conf', { parent: 1 });
  const text = refusal(findMaster(nginx.table));
  assert.match(text, /STEWARD_SEVERAL_MASTERS .*10 \(nginx -g daemon off;\), 13 \(nginx -c \/other\.conf\)/);
  const chosen = findMaster(nginx.table, { match: /other/g });
  assert.equal(chosen.kind === 'found' && chosen.master.pid, 13);
  assert.match(refusal(findMaster(nginx.table, { match: /third/ })), /that --master-match fits, but 10 /);
});

test('a new binary, just executed or already a master, is an upgrade', () => {
  const executed = scriptedNginx(2);
  executed.spawn('/usr/sbin/nginx');
  assert.equal(findMaster(executed.table).kind, 'upgrade');
  const running = scriptedNginx(2);
  const newer = running.spawn(titles.master);
  running.spawn(titles.worker, { parent: newer.pid });
  assert.match(refusal(findMaster(running.table)), /STEWARD_UPGRADE_UNDER_WAY .*10 .*13 /);
});

test('workers without a master are named', () => {
  const nginx = scriptedNginx(2);
  nginx.end(10);
  for (const process of nginx.processes.values()) process.parent = 1;
  assert.match(refusal(findMaster(nginx.table)), /still hold its ports: 11 .*12 .*End those workers/);
  nginx.processes.set(20, { ...scriptedNginx().processes.get(10), pid: 20 } as never);
  assert.equal(findMaster(nginx.table).orphans.length, 2);
});

test('nginx without a title is starting at first, and a single process later', () => {
  const nginx = scriptedNginx(0);
  nginx.end(10);
  nginx.spawn('/usr/sbin/nginx');
  assert.match(refusal(findMaster(nginx.table)), /STEWARD_NO_MASTER nginx is still starting/);
  nginx.clock.sleep(60_000).catch(() => {});
  assert.match(refusal(findMaster(nginx.table)), /STEWARD_SINGLE_PROCESS/);
});

test('a zombie is nobody', () => {
  const nginx = scriptedNginx(0);
  Object.assign(nginx.processes.get(10) ?? {}, { state: 'Z', args: [] });
  assert.deepEqual(findMaster(nginx.table), { kind: 'none', others: [], orphans: [] });
});
