/** What the agent knows → `status` of its NginxInstance, cut to what the schema takes. Pure. */
import type { AgentStatus, Attempt } from '../status.ts';
import type { InstanceStatus } from './instance.ts';

export interface StatusInput {
  readonly agent: AgentStatus;
  readonly acknowledged: NonNullable<InstanceStatus['acknowledged']>;
  /** Undefined where it cannot be known. */
  readonly nginxVersion: string | undefined;
  /** What the object says now: the times of what did not change stay, and the verdict of an agent before this one. */
  readonly previous: InstanceStatus | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Conditions = NonNullable<InstanceStatus['conditions']>;
type Verdict = NonNullable<InstanceStatus['verdict']>;

/** The schema's limits; one text too long, and the server refuses the whole status. */
const limits = { message: 2048, reason: 512, lines: 8, certificates: 20, conditions: 16 };
/** A master's start is computed from its age, anew at each look: nearer than this it is the same one. */
const sameStartMs = 200;
/** Of no use to whoever can read it: then the API is there. */
const localConditions = new Set(['ApiUnavailable']);

export function instanceStatus({
  agent,
  acknowledged,
  nginxVersion,
  previous,
  now,
}: StatusInput): InstanceStatus {
  const { proven, master } = agent;
  const verdict = verdictOf(agent.attempts) ?? previous?.verdict;
  return {
    state: agent.state,
    message: cut(agent.message, limits.message),
    ready: agent.ready,
    ...(proven?.revision !== undefined && { revision: proven.revision, provenAt: proven.at }),
    ...(verdict !== undefined && { verdict }),
    ...(acknowledged.length > 0 && { acknowledged }),
    certificates: certificatesOf(agent),
    certificateCount: agent.certificateCount,
    ...(master !== undefined && {
      workers: master.workers,
      masterStartedAt: startOf(master.startedAt, previous?.masterStartedAt),
    }),
    versions: { agent: agent.version, ...(nginxVersion !== undefined && { nginx: nginxVersion }) },
    conditions: conditionsOf(agent, previous?.conditions ?? [], now),
  };
}

/** Of the newest attempt on a revision. */
function verdictOf(attempts: readonly Attempt[]): Verdict | undefined {
  const attempt = attempts.find(({ revision }) => revision !== undefined);
  if (attempt?.revision === undefined) return undefined;
  const { revision, verdict, message, lines, putBack, at, milliseconds } = attempt;
  const took = milliseconds.verify;
  return {
    revision: revision.name,
    hash: revision.hash,
    ...(revision.number !== undefined && { number: revision.number }),
    kind: verdict,
    message: cut(message, limits.message),
    ...(lines.length > 0 && {
      lines: lines.slice(0, limits.lines).map(({ level, text, source }) => ({
        level,
        text: cut(text, limits.message),
        ...(source !== undefined && { source }),
      })),
    }),
    ...(putBack !== undefined && { putBack }),
    at,
    ...(took !== undefined && { durationMilliseconds: Math.round(took) }),
  };
}

/** One that cannot be read has no date: nginx's line or a finding tells of it. */
function certificatesOf({ certificates }: AgentStatus): NonNullable<InstanceStatus['certificates']> {
  return certificates
    .filter(({ notAfter }) => notAfter !== '')
    .slice(0, limits.certificates)
    .map(({ path, notAfter, served, reason }) => ({
      path,
      notAfter,
      served,
      ...(reason !== undefined && { reason: cut(reason, limits.reason) }),
    }));
}

/** One of each type, as lists by type have it. */
function conditionsOf({ conditions }: AgentStatus, before: Conditions, now: number): Conditions {
  const byType = new Map<string, Conditions[number]>();
  for (const { type, reason, message } of conditions) {
    if (localConditions.has(type)) continue;
    const known = byType.get(type);
    const since = before.find((one) => one.type === type && one.status === 'True')?.lastTransitionTime;
    byType.set(type, {
      type,
      status: 'True',
      reason: known?.reason ?? reason,
      message: cut(known === undefined ? message : `${known.message}; ${message}`, limits.message),
      lastTransitionTime: since ?? new Date(now).toISOString(),
    });
  }
  return [...byType.values()].slice(0, limits.conditions);
}

function startOf(startedAt: string, before: string | undefined): string {
  const isSame = before !== undefined && Math.abs(Date.parse(startedAt) - Date.parse(before)) < sameStartMs;
  return isSame ? before : startedAt;
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
