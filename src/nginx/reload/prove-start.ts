/** A master that steward did not reload, proven by its workers alone: nginx was started, or restarted. */
import type { MasterProcess } from '../processes/find-master.ts';
import { type ExpectedWorkers, isComplete } from './expected-workers.ts';
import type { Judgement } from './judge.ts';
import { type Look, lookAt } from './look.ts';
import { defaultTimeoutMs, hasUpgrade, type ProofPorts, pauseAfter } from './proof.ts';
import type { ProcessIdentity, Verdict } from './verdict.ts';

export interface StartRequest {
  readonly master: MasterProcess;
  readonly expectedWorkers: ExpectedWorkers;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/** A worker that is missing gets so long: one that crashed is replaced at once, one that could not begin never is. */
const missingMs = 500;

/**
 * Reads `master`, without any signal, until it is idle and has a complete, living set of workers, all of them done with
 * starting (`Applied`), or until it is plain that it will not (`Degraded`, `Stopping`, `Unproven`).
 */
export async function proveStart(ports: ProofPorts, request: StartRequest): Promise<Verdict> {
  const { table, clock, signal } = ports;
  const { master, expectedWorkers, timeoutMs = defaultTimeoutMs } = request;
  const start = clock.monotonic();
  let idleSince: number | undefined;
  for (;;) {
    const look = lookAt(table, clock, master);
    const elapsed = look.at - start;
    idleSince = look.master === 'idle' ? (idleSince ?? look.at) : idleSince;
    const judgement = judgeStart(look, expectedWorkers, {
      idleMs: idleSince === undefined ? 0 : look.at - idleSince,
      timedOut: elapsed >= timeoutMs,
    });
    if (judgement !== 'look again')
      return {
        ...judgement,
        master: { pid: master.pid, startTime: master.startTime },
        evidence: look.evidence,
        noted: [],
        lines: [],
        durationMs: elapsed,
        summary: summarizeStart(judgement, look, expectedWorkers),
      };
    await clock.sleep(Math.max(1, Math.min(pauseAfter(elapsed), timeoutMs - elapsed)), signal);
  }
}

/** One look at a master that was started by somebody else. Pure. */
function judgeStart(
  look: Look,
  expected: ExpectedWorkers,
  { idleMs, timedOut }: { readonly idleMs: number; readonly timedOut: boolean },
): Judgement | 'look again' {
  if (look.master === 'ended') return { kind: 'Stopping', reason: 'master-ended' };
  if (hasUpgrade(look)) return { kind: 'Unproven', reason: 'upgrade' };
  const newborn = (look.children ?? []).some(({ role }) => role === 'newborn');
  if (look.master !== 'idle' || newborn) {
    if (!timedOut) return 'look again';
    if (look.master === 'stopped') return { kind: 'Unproven', reason: 'stopped' };
    return { kind: 'Unproven', reason: look.master === 'idle' ? 'unsettled' : 'timeout' };
  }
  const generation = withRole(look, 'worker');
  if (generation.length > 0 && isComplete(generation.length, expected))
    return { kind: 'Applied', generation, stuck: [] };
  if (idleMs < missingMs && !timedOut) return 'look again';
  if (generation.length > 0) return { kind: 'Degraded', reason: 'incomplete-generation' };
  const draining = withRole(look, 'draining').length;
  return draining > 0 ? { kind: 'Stopping', reason: 'quit' } : { kind: 'Degraded', reason: 'no-generation' };
}

function withRole(look: Look, wanted: 'worker' | 'draining'): readonly ProcessIdentity[] {
  return (look.children ?? [])
    .filter(({ role }) => role === wanted)
    .map(({ pid, startTime }) => ({ pid, startTime }));
}

function summarizeStart(judgement: Judgement, look: Look, expected: ExpectedWorkers): string {
  const running = withRole(look, 'worker').length;
  const workers = `${running} ${running === 1 ? 'worker runs' : 'workers run'}`;
  switch (judgement.kind) {
    case 'Applied':
      return expected.kind === 'unknown' ? `${workers}; how many should is not known` : workers;
    case 'Stopping':
      return judgement.reason === 'quit' ? 'nginx is shutting down' : 'the master ended';
    case 'Unproven':
      return judgement.reason === 'upgrade'
        ? 'a new binary was started (USR2) and has not taken over yet'
        : `the master is not done with starting; ${workers}`;
    default:
      return expected.kind === 'unknown' ? workers : `${workers} of ${expected.counts.join(' or ')}`;
  }
}
