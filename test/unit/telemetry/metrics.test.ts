import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentMetrics, processMetrics } from '../../../src/telemetry/metric-catalogue.ts';
import { type AgentMetrics, createMetrics } from '../../../src/telemetry/metrics.ts';
import { fakeClock } from '../../support/fake-clock.ts';

function fresh(): AgentMetrics {
  return createMetrics({ version: '1.2.3', clock: fakeClock() });
}

async function samples(all: AgentMetrics, name: string): Promise<string[]> {
  return (await all.text()).split('\n').filter((line) => line.startsWith(name));
}

test('every metric of the catalogue is there with its help and type from the start', async () => {
  const text = await fresh().text();
  for (const { name, type } of Object.values({ ...agentMetrics, ...processMetrics })) {
    assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'));
    assert.match(text, new RegExp(`^# TYPE ${name} ${type}$`, 'm'));
  }
  assert.equal(text.match(/^# TYPE/gm)?.length, Object.keys({ ...agentMetrics, ...processMetrics }).length);
});

test('reloads are counted by trigger and verdict', async () => {
  const all = fresh();
  all.metrics.reload('change', 'Applied');
  all.metrics.reload('change', 'Applied');
  all.metrics.reload('put-back', 'Degraded');
  const counted = await samples(all, 'nginx_steward_reloads_total{');
  assert.deepEqual(
    counted.filter((line) => !line.endsWith(' 0')),
    [
      'nginx_steward_reloads_total{trigger="change",verdict="Applied"} 2',
      'nginx_steward_reloads_total{trigger="put-back",verdict="Degraded"} 1',
    ],
  );
});

test('every verdict of a change begins at 0, so that the first one raises an alert', async () => {
  const zeros = ['Applied', 'Rejected', 'Degraded', 'Unproven', 'Stopping'].map(
    (verdict) => `nginx_steward_reloads_total{trigger="change",verdict="${verdict}"} 0`,
  );
  assert.deepEqual(await samples(fresh(), 'nginx_steward_reloads_total{'), zeros);
});

test('durations are in seconds, in buckets that begin at a millisecond', async () => {
  const all = fresh();
  all.metrics.phase('verify', 0.7);
  all.metrics.phase('verify', 117);
  const buckets = await samples(all, 'nginx_steward_reload_duration_seconds_bucket');
  assert.equal(buckets[0], 'nginx_steward_reload_duration_seconds_bucket{le="0.001",phase="verify"} 1');
  assert.ok(buckets.includes('nginx_steward_reload_duration_seconds_bucket{le="0.1",phase="verify"} 1'));
  assert.ok(buckets.includes('nginx_steward_reload_duration_seconds_bucket{le="0.15",phase="verify"} 2'));
});

test('only what nginx runs now has a config_info', async () => {
  const all = fresh();
  all.metrics.config('one', 'aa');
  all.metrics.config('two', 'bb');
  assert.deepEqual(await samples(all, 'nginx_steward_config_info{'), [
    'nginx_steward_config_info{revision="two",hash="bb"} 1',
  ]);
});

test('a failed reload leaves the time of the last success', async () => {
  const all = fresh();
  all.metrics.lastReload(true, 1_700_000_000_000);
  all.metrics.lastReload(false, 1_700_000_009_000);
  assert.deepEqual(await samples(all, 'nginx_steward_last_reload'), [
    'nginx_steward_last_reload_successful 0',
    'nginx_steward_last_reload_success_timestamp_seconds 1700000000',
  ]);
});

test('of very many certificates, those that expire first have a metric, and those that are gone have none', async () => {
  const all = fresh();
  all.metrics.certificates(
    new Map(Array.from({ length: 2000 }, (_, index) => [`/c/${index}`, 5000 - index])),
  );
  const lines = await samples(all, 'nginx_steward_certificate_not_after_timestamp_seconds{');
  assert.equal(lines.length, 500);
  assert.ok(lines.some((line) => line.includes('"/c/1999"} 3001')));
  all.metrics.certificates(new Map([['/d "quoted"\n', 7]]));
  assert.deepEqual(await samples(all, 'nginx_steward_certificate_not_after_timestamp_seconds{'), [
    'nginx_steward_certificate_not_after_timestamp_seconds{path="/d \\"quoted\\"\\n"} 7',
  ]);
});

test('the way of watching is 1 and the other one 0', async () => {
  const all = fresh();
  all.metrics.watchMode('inotify');
  all.metrics.watchMode('poll');
  assert.deepEqual(await samples(all, 'nginx_steward_watch_mode{'), [
    'nginx_steward_watch_mode{mode="inotify"} 0',
    'nginx_steward_watch_mode{mode="poll"} 1',
  ]);
});

test('memory, processor time and version are told', async () => {
  const all = fresh();
  assert.deepEqual(await samples(all, 'nginx_steward_build_info{'), [
    'nginx_steward_build_info{version="1.2.3"} 1',
  ]);
  const value = async (name: string): Promise<number> => Number((await samples(all, name))[0]?.split(' ')[1]);
  assert.ok((await value('process_resident_memory_bytes')) > 1e6);
  const first = await value('process_cpu_seconds_total');
  assert.ok(first > 0);
  // A counter that is read twice counts nothing twice.
  assert.ok((await value('process_cpu_seconds_total')) < first + 1);
});

test('two agents in one process do not share their metrics', async () => {
  const [one, other] = [fresh(), fresh()];
  one.metrics.rollback();
  assert.deepEqual(await samples(other, 'nginx_steward_rollbacks_total'), [
    'nginx_steward_rollbacks_total 0',
  ]);
});
