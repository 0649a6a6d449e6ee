/** One reload, proven: wait until the master is idle, note its workers, SIGHUP, read until it is idle again, judge. */
import type { MasterProcess } from '../processes/find-master.ts';
import { signalMaster } from '../processes/signal-master.ts';
import type { ExpectedWorkers } from './expected-workers.ts';
import { type Judgement, judge } from './judge.ts';
import type { Look } from './look.ts';
import {
  defaultTimeoutMs,
  hasUpgrade,
  nextLook,
  type ProofPorts,
  pauseAfter,
  waitUntilIdle,
} from './proof.ts';
import { ReloadRecord } from './record.ts';
import { summarize } from './summary.ts';
import type { Verdict } from './verdict.ts';

export interface ReloadRequest {
  readonly master: MasterProcess;
  readonly expectedWorkers: ExpectedWorkers;
  /** For the wait before the signal, and again for the one after it. Default 60,000. */
  readonly timeoutMs?: number;
  /** Called just before the signal is sent: from here until the verdict it is unknown what nginx reads. */
  readonly onSignal?: () => void;
}

/**
 * Reloads `master` and says what became of it, which nginx alone decides: see `judge`.
 *
 * Throws `STEWARD_NOT_PERMITTED` where the signal is not let through, and the abort's reason when aborted.
 */
export async function reload(ports: ProofPorts, request: ReloadRequest): Promise<Verdict> {
  const { table, clock, signal, emergLog } = ports;
  const { master, timeoutMs = defaultTimeoutMs } = request;
  const before = await waitUntilIdle(ports, master, timeoutMs);
  if (before.master !== 'idle' || hasUpgrade(before)) return withoutSignal(request, before);

  const position = emergLog?.mark();
  const { innermostPid = master.pid } = table.status(master.pid) ?? {};
  request.onSignal?.();
  const signalAt = clock.monotonic();
  if (signalMaster(table, master, 'SIGHUP') === 'gone')
    return withoutSignal(request, { ...before, master: 'ended' });
  // nginx gets the CPU first: what it does takes longer than this, and refusing is known soon enough after it.
  await clock.sleep(1, signal);
  const record = new ReloadRecord(before, signalAt);
  for (;;) {
    const look = nextLook(ports, master, record.lastChildrenAt);
    record.add(look);
    const elapsed = look.at - signalAt;
    const timedOut = elapsed >= timeoutMs;
    if (look.master === 'idle' || look.master === 'ended' || timedOut) {
      const lines = emergLog?.linesSince(position, innermostPid);
      const seen = record.seen(lines);
      const judgement = judge(seen, request.expectedWorkers, timedOut);
      if (judgement !== 'look again') {
        const summary = summarize(judgement, seen, request.expectedWorkers);
        const noted = seen.noted.map(({ identity }) => identity);
        return asVerdict(judgement, request, look, {
          noted,
          lines: seen.lines,
          durationMs: elapsed,
          summary,
        });
      }
    }
    await clock.sleep(Math.max(1, Math.min(pauseAfter(elapsed), timeoutMs - elapsed)), signal);
  }
}

/** What is said when it never came to the signal. */
function withoutSignal(request: ReloadRequest, look: Look): Verdict {
  const sight = { noted: [], lines: [], durationMs: 0 };
  const [judgement, what] = whyNotSignalled(look);
  return asVerdict(judgement, request, look, { ...sight, summary: `${what}; no signal was sent` });
}

function whyNotSignalled(look: Look): readonly [Judgement, string] {
  if (look.master === 'ended') return [{ kind: 'Stopping', reason: 'master-ended' }, 'the master has ended'];
  if (hasUpgrade(look))
    return [
      { kind: 'Unproven', reason: 'upgrade' },
      'a new binary was started (USR2) and has not taken over yet',
    ];
  if (look.master === 'stopped')
    return [
      { kind: 'Unproven', reason: 'stopped' },
      'the master is stopped (SIGSTOP or a debugger): it goes on after SIGCONT',
    ];
  return [
    { kind: 'Unproven', reason: 'timeout' },
    'the master works on something else and did not get done in time',
  ];
}

function asVerdict(
  judgement: Judgement,
  { master }: ReloadRequest,
  { evidence }: Look,
  rest: Pick<Verdict, 'noted' | 'lines' | 'durationMs' | 'summary'>,
): Verdict {
  return { ...judgement, ...rest, evidence, master: { pid: master.pid, startTime: master.startTime } };
}
