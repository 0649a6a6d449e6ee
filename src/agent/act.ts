/** Step three of the loop: attempts, what follows from them, and putting back. */
import type { Verdict } from '../nginx/reload/verdict.ts';
import { attemptReload, type Before, type Outcome, retryPutBack, undoDeadGeneration } from './attempt.ts';
import type { Candidate } from './candidate.ts';
import { type Context, type DeadGeneration, obstacleOf, type PutBackDue, runningBefore } from './context.ts';
import type { Trigger } from './ports.ts';
import { finished, started } from './schedule/state.ts';

const historyLength = 20;

export async function attempt(context: Context, trigger: Trigger, signal: AbortSignal): Promise<void> {
  const { ports, memory, requests, now } = context;
  const { candidate } = memory;
  if (candidate === undefined) throw new Error('an attempt without a candidate');
  memory.schedule = started(memory.schedule, now());
  requests.askers.started();
  const before = runningBefore(context);
  if (candidate.refusals.length === 0) memory.firstMoments.abort();
  const outcome = await concluded(context, () => attemptReload(ports, candidate, trigger, before, signal));
  finish(context, outcome);
  if (outcome.applied === undefined) return;
  memory.putBackDue = undefined;
  if (candidate.workerProcesses === 'auto' && outcome.applied.kind === 'Applied')
    memory.autoWorkers = outcome.applied.generation.length;
  ports.store.update({ ready: true });
  settled(context, candidate.key);
  void watchFirstMoments(context, candidate, before, outcome.applied);
}

/** A generation died within its first moments: back to what ran before it. */
export async function undoDead(context: Context, died: DeadGeneration, signal: AbortSignal): Promise<void> {
  const { ports, memory, now } = context;
  memory.died = undefined;
  if (memory.schedule.seen === undefined) return;
  memory.schedule = started(memory.schedule, now());
  const { candidate, before, applied } = died;
  const undo = (): Promise<Outcome> =>
    undoDeadGeneration(ports, candidate, 'put-back', before, applied, signal);
  finish(context, await concluded(context, undo));
}

/** Tries once more to make nginx run the last good state, which is staged. */
export async function putBackAgain(context: Context, due: PutBackDue, signal: AbortSignal): Promise<void> {
  const { ports, memory } = context;
  const good = ports.subject.lastGood();
  if (good === undefined) {
    memory.putBackDue = undefined;
    return;
  }
  const isProven =
    obstacleOf(context) === undefined && (await retryPutBack(ports, runningBefore(context), signal));
  if (!isProven) {
    putBackLater(context, due.tries + 1);
    return;
  }
  memory.putBackDue = undefined;
  ports.store.update({ attempt: undefined });
  memory.schedule = { ...memory.schedule, proven: good.key };
}

/** nginx provably runs `key`: what follows from that, apart from the schedule. */
export function settled({ ports, memory }: Context, key: string): void {
  const { candidate } = memory;
  if (candidate?.key !== key) return;
  ports.metrics.config(candidate.revision?.name ?? candidate.hash, candidate.hash);
  memory.firstMoments = new AbortController();
  void ports.certificates.lookAtServed(candidate.pairs, memory.firstMoments.signal).then(ports.changed);
}

/** An attempt that began has an end, also when the disk fails in the middle: then it is not known what nginx runs. */
async function concluded(context: Context, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    const { memory, ports, options, now } = context;
    const result = { outcome: 'failed', signalled: true, runs: undefined } as const;
    memory.schedule = finished(memory.schedule, now(), result, ports.random(), options.rules().policy);
    context.requests.askers.finished({
      outcome: 'Failed',
      message: error instanceof Error ? error.message : '',
      lines: [],
    });
    throw error;
  }
}

function finish(context: Context, outcome: Outcome): void {
  const { ports, memory, options, masters, requests, now } = context;
  const { attempt: record, result } = outcome;
  memory.schedule = finished(memory.schedule, now(), result, ports.random(), options.rules().policy);
  memory.history = [record, ...memory.history].slice(0, historyLength);
  if (outcome.putBackFailed === true) putBackLater(context, 0);
  // It is known what nginx runs: nothing is left to finish after a restart of the agent.
  else if (result.runs !== undefined && result.signalled) ports.store.update({ attempt: undefined });
  const lines = record.lines.map(
    ({ level, text, source }) => `[${level}] ${text}${source === undefined ? '' : ` (${source})`}`,
  );
  requests.askers.finished({ outcome: record.verdict, message: record.message, lines });
  masters.refresh();
}

async function watchFirstMoments(
  context: Context,
  candidate: Candidate,
  before: Before,
  applied: Verdict,
): Promise<void> {
  const { ports, memory, wake } = context;
  const { signal } = memory.firstMoments;
  const watched = await ports.nginx.watch(applied, signal);
  if (watched !== 'died' || signal.aborted) return;
  memory.died = { candidate, before, applied };
  wake();
}

function putBackLater({ memory, options, now }: Context, tries: number): void {
  const { policy } = options.rules();
  const pause = Math.min(policy.backoffMaxMs, policy.backoffMs * 2 ** Math.min(tries, 20));
  memory.putBackDue = { at: now() + pause, tries };
}
