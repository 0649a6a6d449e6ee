/** `spec.policy` of an instance → the rules of the agent. Pure. */
import { createHash } from 'node:crypto';
import type { InstancePolicy } from '../../api/nginx-instance.ts';
import { StewardError } from '../../base/errors.ts';
import type { Rules } from '../rules.ts';
import { parseSchedule, type Schedule } from '../schedule/timers.ts';
import type { AgentStatus } from '../status.ts';

export interface InstanceRules {
  readonly rules: Rules;
  /** Schedules that cannot be understood; the others are kept. */
  readonly conditions: AgentStatus['conditions'];
}

type ScheduleSpec = NonNullable<InstancePolicy['schedules']>[number];

const actions: Readonly<Record<string, string>> = { Reload: 'reload', ReopenLogs: 'reopen-logs' };
const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/**
 * @param base what holds where the policy says nothing, and until there is one.
 * @param seed of this Pod: each schedule's share of its jitter is drawn once for each Pod, and stays.
 */
export function instanceRules(base: Rules, policy: InstancePolicy | undefined, seed: string): InstanceRules {
  if (policy === undefined) return { rules: base, conditions: [] };
  const { minIntervalMs, maxDraining, maxDrainWaitMs, timeoutMs, probe } = policy;
  const schedules: Schedule[] = [];
  const problems: string[] = [];
  for (const spec of policy.schedules ?? []) {
    const flag = flagOf(spec);
    try {
      schedules.push(parseSchedule(flag, shareOf(`${seed} ${flag}`)));
    } catch (error) {
      if (!(error instanceof StewardError)) throw error;
      problems.push(error.message);
    }
  }
  const message = `of spec.schedules of the NginxConfig, not understood: ${problems.join('; ')}`;
  return {
    rules: {
      policy: { ...base.policy, minIntervalMs, maxDraining, maxDrainWaitMs },
      schedules,
      timeoutMs,
      probe,
    },
    conditions: problems.length === 0 ? [] : [{ type: 'ScheduleRefused', reason: 'NotUnderstood', message }],
  };
}

/** As it would stand behind --schedule. */
function flagOf({ action, cron, timeZone, jitter }: ScheduleSpec): string {
  const zone = timeZone === undefined ? '' : `TZ=${timeZone} `;
  const delay = jitter === undefined ? '' : ` ~${Math.round(secondsOf(jitter))}s`;
  return `${actions[action] ?? action}=${zone}${cron}${delay}`;
}

/** Of a duration as Kubernetes writes them: `1m30s`. */
function secondsOf(duration: string): number {
  let sum = 0;
  for (const [, count, unit] of duration.matchAll(/([0-9]+)(ms|s|m|h)/g))
    sum += Number(count) * (units[unit ?? ''] ?? 0);
  return sum;
}

/** In [0, 1). */
function shareOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
