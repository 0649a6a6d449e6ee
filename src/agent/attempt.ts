/**
 * One attempt to make nginx run a candidate: stage → signal → verdict → keep, or put back. Everything that it does is
 * read back before it is reported.
 */
import type { Clock } from '../base/clock.ts';
import { StewardError } from '../base/errors.ts';
import type { NginxLine, ProcessIdentity, Verdict } from '../nginx/reload/verdict.ts';
import type { Candidate } from './candidate.ts';
import type { Nginx } from './nginx.ts';
import type { Log, Metrics, Phase, Trigger } from './ports.ts';
import type { AttemptResult } from './schedule/state.ts';
import type { Attempt } from './status.ts';
import type { Subject } from './subject.ts';

export interface AttemptPorts {
  readonly subject: Subject;
  readonly nginx: Nginx;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Resolves with why not, or undefined for yes. */
  readonly probe: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

export interface Outcome {
  readonly attempt: Attempt;
  readonly result: AttemptResult;
  /** Of an `Applied` attempt: for the watch over its first moments. */
  readonly applied?: Verdict;
  /** The last good state is staged and nginx could not be brought to run it. */
  readonly putBackFailed?: boolean;
}

/** What ran before: its key, and how many workers this master starts under `auto`, once that is known. */
export interface Before {
  readonly key: string | undefined;
  readonly autoWorkers: number | undefined;
}

export async function attemptReload(
  ports: AttemptPorts,
  candidate: Candidate,
  trigger: Trigger,
  before: Before,
  signal: AbortSignal,
): Promise<Outcome> {
  const record = recorder(ports, candidate, trigger);
  if (candidate.refusals.length > 0) {
    const attempt = record.end('RefusedByLint', candidate.refusals.join('\n'), []);
    return { attempt, result: { outcome: 'refused', signalled: false, runs: before.key } };
  }
  let verdict: Verdict;
  try {
    await record.phase('publish', () => ports.subject.stage(candidate));
    const asked = ports.clock.monotonic();
    verdict = await ports.nginx.reload(expectation(candidate, before), signal);
    record.took('signal', ports.clock.monotonic() - asked - verdict.durationMs);
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    return {
      attempt: record.end('Failed', `${error.message}. ${error.fix}`, []),
      result: { outcome: 'failed', signalled: false, runs: before.key },
    };
  }
  record.took('verify', verdict.durationMs);
  ports.metrics.reload(trigger, verdict.kind);
  const lines = locate(verdict.lines, candidate);
  const message = explain(verdict, candidate);
  switch (verdict.kind) {
    case 'Applied': {
      const objection = await ports.probe?.(signal);
      if (objection !== undefined) {
        const back = await putBack(ports, before, verdict, true, signal);
        const attempt = record.end('RefusedByProbe', objection, lines, back.putBack);
        return { attempt, ...resultOf('rejected', back) };
      }
      await ports.subject.proven(candidate, verdict.generation);
      const attempt = record.end('Applied', message, lines);
      return {
        attempt,
        result: { outcome: 'proven', signalled: true, runs: candidate.key },
        applied: verdict,
      };
    }
    case 'Rejected':
    case 'Degraded': {
      const back = await putBack(ports, before, verdict, verdict.kind === 'Degraded', signal);
      return {
        attempt: record.end(verdict.kind, message, lines, back.putBack),
        ...resultOf('rejected', back),
      };
    }
    case 'Unproven':
      // It stays staged: nginx may have read it, and a further look or attempt will tell.
      return {
        attempt: record.end('Unproven', message, lines),
        result: { outcome: 'failed', signalled: true, runs: undefined },
      };
    case 'Stopping': {
      // Whatever starts next must find the last good state.
      await ports.subject.restore();
      return {
        attempt: record.end('Stopping', message, lines),
        result: { outcome: 'stopping', signalled: true, runs: undefined },
      };
    }
  }
}

/** A generation that was `Applied` has died within its first moments. */
export async function undoDeadGeneration(
  ports: AttemptPorts,
  candidate: Candidate,
  trigger: Trigger,
  before: Before,
  applied: Verdict,
  signal: AbortSignal,
): Promise<Outcome> {
  const record = recorder(ports, candidate, trigger);
  const verdict: Verdict = { ...applied, kind: 'Degraded', reason: 'generation-died' };
  ports.metrics.reload(trigger, 'Degraded');
  ports.subject.demote();
  const back = await putBack(ports, before, verdict, true, signal);
  const attempt = record.end(
    'Degraded',
    'workers of the new generation died within two seconds',
    [],
    back.putBack,
  );
  return { attempt, ...resultOf('rejected', back) };
}

/** Brings nginx to run the last good state, which is staged already; for a put back that failed before. */
export async function retryPutBack(
  ports: AttemptPorts,
  before: Before,
  signal: AbortSignal,
): Promise<boolean> {
  const restored = await ports.subject.restore();
  if (restored.kind === 'nothing') return false;
  const { workerProcesses } = restored;
  const verdict = await ports.nginx.reload(
    { workerProcesses, previous: before.autoWorkers, log: undefined },
    signal,
  );
  ports.metrics.reload('put-back', verdict.kind);
  return verdict.kind === 'Applied';
}

interface Back {
  readonly putBack: Attempt['putBack'];
  readonly runs: string | undefined;
}

/**
 * The link goes back at once, so that a restart boots the last good state. nginx itself kept that state when it refused,
 * unless it was degraded, a generation or a worker was born meanwhile, or workers open files late: then a second reload,
 * proven like any other, must end what they have read.
 */
async function putBack(
  ports: AttemptPorts,
  before: Before,
  verdict: Verdict,
  must: boolean,
  signal: AbortSignal,
): Promise<Back> {
  const restored = await ports.subject.restore();
  if (restored.kind === 'nothing') return { putBack: undefined, runs: must ? undefined : before.key };
  ports.metrics.rollback();
  if (!must && !restored.openedLate && !bornSince(ports.nginx, verdict.noted))
    return { putBack: 'proven', runs: restored.key };
  const expect = { workerProcesses: restored.workerProcesses, previous: before.autoWorkers, log: undefined };
  try {
    const second = await ports.nginx.reload(expect, signal);
    ports.metrics.reload('put-back', second.kind);
    if (second.kind === 'Applied') return { putBack: 'proven', runs: restored.key };
    ports.log.error(
      { verdict: second.kind, summary: second.summary },
      'the last good state is not proven to run',
    );
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    ports.log.error({ code: error.code, reason: error.message }, 'the last good state could not be put back');
  }
  return { putBack: 'failed', runs: undefined };
}

function bornSince(nginx: Nginx, noted: readonly ProcessIdentity[]): boolean {
  const view = nginx.look();
  if (view.kind !== 'master') return true;
  return view.running.some(
    (worker) => !noted.some((one) => one.pid === worker.pid && one.startTime === worker.startTime),
  );
}

function resultOf(outcome: 'rejected', back: Back): Pick<Outcome, 'result' | 'putBackFailed'> {
  const result: AttemptResult = { outcome, signalled: true, runs: back.runs };
  return back.putBack === 'failed' ? { result, putBackFailed: true } : { result };
}

function expectation(candidate: Candidate, before: Before): Parameters<Nginx['reload']>[0] {
  return {
    workerProcesses: candidate.workerProcesses,
    previous: before.autoWorkers,
    log: candidate.ownErrorLog,
  };
}

function explain(verdict: Verdict, candidate: Candidate): string {
  const nowhere = verdict.kind === 'Rejected' && verdict.lines.length === 0;
  if (!nowhere) return verdict.summary;
  const place = candidate.ownErrorLog ?? 'the configuration names no error_log file at main level';
  return `${verdict.summary}; the reason is not known: no error_log that steward can read says it (${place})`;
}

function locate(lines: readonly NginxLine[], candidate: Candidate): Attempt['lines'] {
  return lines.map((line) => {
    const source = line.at === undefined ? undefined : candidate.source(line.at.file, line.at.line);
    return source === undefined ? line : { ...line, source };
  });
}

interface Recorder {
  phase<T>(phase: Phase, work: () => Promise<T>): Promise<T>;
  took(phase: Phase, milliseconds: number): void;
  end(
    verdict: Attempt['verdict'],
    message: string,
    lines: Attempt['lines'],
    putBack?: Attempt['putBack'],
  ): Attempt;
}

/** Collects one attempt's durations and writes its one line into the log. */
function recorder(ports: AttemptPorts, candidate: Candidate, trigger: Trigger): Recorder {
  const { clock, log, metrics } = ports;
  const at = new Date(clock.now()).toISOString();
  const milliseconds: Partial<Record<Phase, number>> = {};
  const took = (phase: Phase, duration: number): void => {
    milliseconds[phase] = Number(duration.toFixed(3));
    metrics.phase(phase, duration);
  };
  return {
    took,
    phase: async (phase, work) => {
      const start = clock.monotonic();
      try {
        return await work();
      } finally {
        took(phase, clock.monotonic() - start);
      }
    },
    end: (verdict, message, lines, putBack) => {
      const attempt: Attempt = {
        at,
        trigger,
        hash: candidate.hash,
        ...(candidate.revision !== undefined && { revision: candidate.revision }),
        verdict,
        message,
        lines,
        milliseconds,
        ...(putBack === undefined ? {} : { putBack }),
      };
      metrics.lastReload(verdict === 'Applied', clock.now());
      const fields = {
        trigger,
        verdict,
        hash: candidate.hash,
        revision: candidate.revision?.name,
        message,
        milliseconds,
        putBack,
        lines: lines.map((line) => line.text),
      };
      if (verdict === 'Applied') log.info(fields, 'reload');
      else log.warn(fields, 'reload');
      return attempt;
    },
  };
}
