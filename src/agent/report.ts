/** Step four of the loop: everything that is known, as one value for people and tools. */
import { type Context, obstacleOf } from './context.ts';
import type { AgentState, AgentStatus, Attempt, Revision } from './status.ts';

/** What the loop itself knows. */
export interface Beside {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly ready: boolean;
  readonly watch: AgentStatus['watch'];
}

const refusing: readonly Attempt['verdict'][] = ['Rejected', 'Degraded', 'RefusedByLint', 'RefusedByProbe'];

export function reportStatus(context: Context, beside: Beside): AgentStatus {
  const { ports, options, memory, masters, requests } = context;
  const { candidate, schedule } = memory;
  const now = ports.clock.now();
  const good = ports.subject.lastGood();
  const runs = schedule.proven === undefined ? undefined : good;
  // Of two revisions with the same files the wanted one is told.
  const runsWanted = candidate !== undefined && candidate.key === schedule.proven;
  const { view } = masters;
  const { state, message } = stateOf(context);
  return {
    version: options.version,
    startedAt: iso(beside.startedAt),
    mode: ports.subject.mode,
    state,
    message,
    started: ports.subject.started(),
    ready: beside.ready,
    ...(view.kind === 'master' && {
      master: {
        pid: view.identity.pid,
        commandLine: view.commandLine,
        startedAt: iso(view.startedAt),
        workers: { running: view.running.length, draining: view.draining.length },
      },
    }),
    ...(candidate !== undefined && { wanted: { hash: candidate.hash, ...revisionOf(candidate) } }),
    ...(runs !== undefined && {
      proven: { hash: runs.hash, at: iso(runs.at), ...revisionOf(runsWanted ? candidate : runs) },
    }),
    ...(memory.pending !== undefined && { pending: memory.pending }),
    attempts: memory.history,
    findings: candidate?.findings ?? [],
    certificates: ports.certificates.report(now),
    certificateCount: ports.certificates.count,
    conditions: conditionsOf(context),
    watch: beside.watch,
    unwatched: candidate?.unwatched ?? [],
    acknowledged: requests.acknowledged,
    schedules: options.rules().schedules.flatMap((schedule) => {
      const { action, cron } = schedule;
      const time = schedule.next(now);
      return time === undefined ? [] : [{ action, cron, next: iso(time) }];
    }),
  };
}

/** The one word for how this Pod is, and a sentence. */
export function stateOf(context: Context): { readonly state: AgentState; readonly message: string } {
  const { ports, memory, masters } = context;
  const { schedule, candidate, unreadable } = memory;
  const last = memory.history[0];
  const isRefused = schedule.failure !== undefined && schedule.failure.hash === schedule.seen?.hash;
  if (unreadable !== undefined && !ports.subject.started()) return { state: 'Starting', message: unreadable };
  if (!ports.subject.started()) {
    const reason = memory.trouble ?? (isRefused ? last?.message : memory.pending?.message);
    return { state: 'Starting', message: reason ?? 'looking at the sources' };
  }
  if (memory.putBackDue !== undefined)
    return {
      state: 'PutBackFailed',
      message: 'the last good state is staged, and nginx is not proven to run it',
    };
  if (schedule.attempt !== undefined)
    return { state: 'Proving', message: `${candidate?.hash ?? ''} is being tried` };
  if (masters.view.kind === 'none') return { state: 'WaitingForMaster', message: masters.view.message };
  const obstacle = obstacleOf(context);
  if (obstacle !== undefined) return { state: 'Blocked', message: obstacle };
  if (unreadable !== undefined) return { state: 'Pending', message: unreadable };
  if (isRefused && last !== undefined && refusing.includes(last.verdict))
    return { state: 'Refused', message: last.message };
  if (isRefused) return { state: 'Unproven', message: last?.message ?? 'the last attempt proved nothing' };
  if (schedule.seen !== undefined && schedule.seen.hash === schedule.proven && !schedule.again)
    return { state: 'Proven', message: `nginx runs ${candidate?.hash ?? ''}` };
  return { state: 'Pending', message: memory.pending?.message ?? 'a change is on its way' };
}

function conditionsOf(context: Context): AgentStatus['conditions'] {
  const { ports, memory, masters } = context;
  const { candidate, schedule } = memory;
  const conditions: { type: string; reason: string; message: string }[] = [];
  const obstacle = obstacleOf(context);
  if (masters.view.kind === 'master' && obstacle !== undefined)
    conditions.push({ type: 'NotReadingTree', reason: 'OtherConfiguration', message: obstacle });
  if (memory.trouble !== undefined)
    conditions.push({ type: 'CannotGoOn', reason: 'Failed', message: memory.trouble });
  if (memory.unreadable !== undefined)
    conditions.push({ type: 'SourcesUnreadable', reason: 'LookFailed', message: memory.unreadable });
  const pair = schedule.seen?.pair;
  // What nginx reads where it lies is already wrong for a start; what is published is still whole.
  if (
    pair !== undefined &&
    (ports.subject.mode === 'in-place' || candidate?.mounted.has(pair.certificate) === true)
  )
    conditions.push({
      type: 'ColdStartAtRisk',
      reason: 'CertificatePair',
      message: `a restart of nginx would fail: ${pair.certificate} and ${pair.key} do not belong together`,
    });
  if (ports.subject.mode === 'in-place' && (candidate?.refusals.length ?? 0) > 0)
    conditions.push({
      type: 'ColdStartAtRisk',
      reason: 'BrokenConfiguration',
      message: `a restart of nginx would fail: ${candidate?.refusals[0] ?? ''}`,
    });
  for (const certificate of ports.certificates.report(ports.clock.now()))
    if (certificate.served === 'no')
      conditions.push({
        type: 'CertificateNotServed',
        reason: 'OtherServed',
        message: `${certificate.path}: ${certificate.reason ?? ''}`,
      });
  return [...conditions, ...ports.findings(), ...memory.borders];
}

function revisionOf({ revision }: { readonly revision?: Revision | undefined }): {
  readonly revision?: Revision;
} {
  return revision === undefined ? {} : { revision };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
