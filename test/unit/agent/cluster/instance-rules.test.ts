import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceRules } from '../../../../src/agent/cluster/instance-rules.ts';
import type { Rules } from '../../../../src/agent/rules.ts';
import { defaultPolicy } from '../../../../src/agent/schedule/state.ts';
import type { InstancePolicy } from '../../../../src/api/nginx-instance.ts';

const base: Rules = { policy: defaultPolicy, schedules: [], timeoutMs: 60_000, probe: undefined };
const policy: InstancePolicy = {
  ...{ minIntervalMs: 5000, maxDraining: 1, maxDrainWaitMs: 7000, timeoutMs: 9000 },
  probe: 'http://127.0.0.1/',
};
const noon = Date.UTC(2026, 10, 24, 12);

test('until there is a policy, the flags hold', () => {
  assert.equal(instanceRules(base, undefined, 'pod').rules, base);
});

test('the policy replaces what it names and leaves the rest', () => {
  const { rules } = instanceRules(base, policy, 'pod');
  assert.deepEqual(rules, {
    policy: { ...defaultPolicy, minIntervalMs: 5000, maxDraining: 1, maxDrainWaitMs: 7000 },
    ...{ schedules: [], timeoutMs: 9000, probe: 'http://127.0.0.1/' },
  });
});

test('schedules have their zone, and a share of their jitter that is drawn once for each Pod', () => {
  const schedules = [
    { action: 'Reload', cron: '0 3 * * *', timeZone: 'UTC', jitter: '1h30m' },
    { action: 'ReopenLogs', cron: '@daily', timeZone: 'UTC', jitter: '0s' },
  ];
  const next = (seed: string): (number | undefined)[] =>
    instanceRules(base, { ...policy, schedules }, seed).rules.schedules.map((one) => one.next(noon));
  const [reload = 0, logs] = next('pod-1');
  assert.equal(logs, Date.UTC(2026, 10, 25));
  const three = Date.UTC(2026, 10, 25, 3);
  assert.ok(reload >= three && reload < three + 90 * 60_000);
  assert.deepEqual(next('pod-1'), [reload, logs]);
  assert.notEqual(next('pod-2')[0], reload);
});

test('a schedule that cannot be understood is told, and the others come', () => {
  const schedules = [
    { action: 'Reload', cron: 'every day' },
    { action: 'Dance', cron: '@daily' },
    { action: 'Reload', cron: '@daily' },
  ];
  const { rules, conditions } = instanceRules(base, { ...policy, schedules }, 'pod');
  assert.equal(rules.schedules.length, 1);
  assert.equal(conditions[0]?.type, 'ScheduleRefused');
  assert.match(conditions[0]?.message ?? '', /every day.*Dance/s);
});
