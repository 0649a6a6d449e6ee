/** Step one of the loop: who the master is, what it provably started with, and what a starting one would find. */

import { settled } from './act.ts';
import { treeToBoot } from './boot.ts';
import { type Context, obstacleOf } from './context.ts';
import { blocked, drains, masterStarted } from './schedule/state.ts';
import { generationsAmong } from './store.ts';

/**
 * What changed this short a time (milliseconds) before a process started may or may not have been read by it: start times
 * are counted in 10 ms, change times by the kernel's tick.
 */
const clockGrainMs = 30;

export async function observe(context: Context, signal: AbortSignal): Promise<void> {
  const { ports, memory, masters } = context;
  const event = masters.observe();
  const { view } = masters;
  memory.schedule = blocked(memory.schedule, obstacleOf(context));
  countWorkers(context);
  if (event === 'ended') ports.log.warn({ reason: view.kind === 'none' ? view.message : '' }, 'master ended');
  if (event === 'appeared' && view.kind === 'master') await greet(context, signal);
  if (view.kind !== 'master' || !ports.subject.started()) await stageForStart(context);
  if (view.kind === 'master') await ports.subject.collect([...view.running, ...view.draining]);
}

export function countWorkers({ ports, memory, masters: { view } }: Context): void {
  const running = view.kind === 'master' ? view.running.length : 0;
  const draining = view.kind === 'master' ? view.draining : [];
  ports.metrics.workers(running, draining.length);
  memory.schedule = drains(memory.schedule, generationsAmong(ports.store.get(), draining));
}

/** A master that is not the one of before: a new start of nginx, or the first look of a new agent. */
async function greet(context: Context, signal: AbortSignal): Promise<void> {
  const { ports, memory, masters, options, now } = context;
  const { view } = masters;
  if (view.kind !== 'master') return;
  memory.autoWorkers = undefined;
  memory.borders = ports.borders(view.identity, view.running);
  for (const { type, reason, message } of memory.borders) ports.log.warn({ type, reason }, message);
  const { master, attempt } = ports.store.get();
  const good = ports.subject.lastGood();
  const isKnown = master?.pid === view.identity.pid && master.startTime === view.identity.startTime;
  if (isKnown && good !== undefined && attempt === undefined) {
    // It was proven by the agent before this one, and nothing was begun since.
    memory.schedule = masterStarted(memory.schedule, now(), good.key, options.rules().policy);
    settled(context, good.key);
    return;
  }
  if (!isKnown) {
    ports.log.info({ master: view.identity.pid, commandLine: view.commandLine }, 'master started');
    ports.metrics.masterStart();
    ports.store.update({ master: view.identity });
  }
  if (obstacleOf(context) === undefined) await proveStart(context, view.startedAt, signal);
}

/** No signal was sent, so what is proven is that it runs completely; what it read follows from the order of events. */
async function proveStart(context: Context, startedAt: number, signal: AbortSignal): Promise<void> {
  const { ports, memory, options, now } = context;
  const { subject } = ports;
  const { candidate } = memory;
  const staged = subject.staged();
  const isWanted = candidate !== undefined && candidate.hash === staged?.hash;
  const workerProcesses = isWanted ? candidate.workerProcesses : 'unknown';
  const verdict = await ports.nginx.proveStart(
    { workerProcesses, previous: undefined, log: undefined },
    signal,
  );
  const good = subject.lastGood();
  let runs: string | undefined;
  const wasRead = (changed: number): boolean => changed + clockGrainMs <= startedAt;
  if (verdict.kind === 'Applied' && staged !== undefined) {
    if (isWanted && wasRead(Math.max(staged.since, candidate.newestChange))) {
      await subject.proven(candidate, verdict.generation);
      runs = candidate.key;
    } else if (staged.hash === good?.hash && wasRead(staged.since)) {
      runs = good.key;
    }
  }
  ports.log.info(
    { verdict: verdict.kind, summary: verdict.summary },
    runs === undefined ? 'what the new master runs is not certain: it is reloaded' : 'new master proven',
  );
  memory.schedule = masterStarted(memory.schedule, now(), runs, options.rules().policy);
  if (runs === undefined) return;
  // It started with what is proven: whatever was begun before has ended with the master before.
  memory.putBackDue = undefined;
  ports.store.update({ ready: true, attempt: undefined });
  settled(context, runs);
}

/** No master runs, or nothing was ever published: what a starting one finds. */
async function stageForStart(context: Context): Promise<void> {
  const { ports, memory, masters, now } = context;
  const { candidate } = memory;
  const seen = memory.schedule.seen;
  const isBelieved = candidate !== undefined && seen?.hash === candidate.key && seen.pair === undefined;
  const { tree } = treeToBoot({
    forMs: now() - (masters.absentSince ?? now()),
    lastGood: ports.subject.lastGood()?.hash,
    wanted: isBelieved && candidate.refusals.length === 0 ? candidate.hash : undefined,
  });
  if (tree === undefined || tree === ports.subject.staged()?.hash) return;
  if (tree === candidate?.hash) await ports.subject.stage(candidate);
  else await ports.subject.restore();
  ports.log.info({ hash: tree }, 'published for the start of nginx');
}
