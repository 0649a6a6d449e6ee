/**
 * What was seen, judged. Pure: the same sight gives the same judgement, or the wish to look again.
 *
 * Each single sign can lie. A worker that crashed during a refused reload is replaced, which looks like a small new
 * generation; a generation that dies at once leaves what a refused reload leaves; QUIT makes workers drain as a reload
 * does. So a verdict needs all signs to agree, and time is given to those that come late.
 */
import { type ExpectedWorkers, fewest, isComplete } from './expected-workers.ts';
import { isCrash, isFatalExit, isFinal } from './log-lines.ts';
import { type Seen, shortestPauseMs } from './record.ts';
import type { ProcessIdentity, Sight, Verdict } from './verdict.ts';

type Bare<V> = V extends unknown ? Omit<V, keyof Sight> : never;
/** A verdict without the circumstances. */
export type Judgement = Bare<Verdict>;

const lookAgain = 'look again';

/** A worker in the middle of something (a long Lua loop, a slow disk) gets this long to show that it drains. */
const showsDrainMs = 2000;
/** An idle worker shows sooner than this that it was told to leave; only where nginx's own words do not settle it. */
const showsQuitMs = 25;
/** Before an outage is believed: a master that is going down needs a moment to go, a crashed worker to be replaced. */
const outageMs = 500;
/** Longer than nginx tries to bind a port (5 times, 500 ms apart), so that no change for so long means that it is done. */
const settledMs = 3000;

/** `timedOut`: there is no more time to look again. */
export function judge(seen: Seen, expected: ExpectedWorkers, timedOut = false): Judgement | typeof lookAgain {
  if (seen.master === 'ended') return { kind: 'Stopping', reason: 'master-ended' };
  if (seen.upgrade) return { kind: 'Unproven', reason: 'upgrade' };
  if (seen.master !== 'idle') {
    if (!timedOut) return lookAgain;
    return { kind: 'Unproven', reason: seen.master === 'stopped' ? 'stopped' : 'timeout' };
  }
  const judgement = judgeIdle(timedOut ? { ...seen, idleMs: Number.POSITIVE_INFINITY } : seen, expected);
  if (judgement !== lookAgain || !timedOut) return judgement;
  const unsettled = seen.evidence === 'children' || seen.born.some((born) => born.state === 'newborn');
  return { kind: 'Unproven', reason: unsettled ? 'unsettled' : 'signs-disagree' };
}

function judgeIdle(seen: Seen, expected: ExpectedWorkers): Judgement | typeof lookAgain {
  if (seen.born.some((born) => born.state === 'newborn')) return lookAgain;
  const newOnesLeave = seen.born.some(({ state }) => state === 'draining') && countRunning(seen) === 0;
  if (newOnesLeave && !seen.lines.some(isFatalExit)) return { kind: 'Stopping', reason: 'quit' };
  // What is new and dead already may have been a program that a module ran; the noted workers tell.
  if (countRunning(seen) === 0 && stillRunning(seen).length > 0) return judgeNoneLeft(seen);
  switch (originOf(seen)) {
    case 'none':
      return seen.noted.length === 0 ? judgeNobody(seen) : judgeNoneLeft(seen);
    case 'respawn':
      return judgeRespawned(seen);
    case 'reload':
      return judgeGeneration(seen, expected);
    case 'unclear':
      return judgeUnclear(seen, expected);
  }
}

/** What started the new workers. A noted worker that drains settles it where the looks alone could not. */
function originOf({ born, noted }: Seen): 'none' | 'respawn' | 'reload' | 'unclear' {
  if (born.length === 0) return 'none';
  if (born.some(({ birth }) => birth === 'reload')) return 'reload';
  if (born.every(({ birth }) => birth === 'respawn')) return 'respawn';
  return noted.some(({ drained }) => drained) ? 'reload' : 'unclear';
}

/** Nobody served before, and nobody came. */
function judgeNobody(seen: Seen): Judgement | typeof lookAgain {
  if (seen.lines.some(isFinal)) return { kind: 'Rejected' };
  // A master that quits does not read its configuration any more.
  if (seen.drainingBefore > 0) return { kind: 'Stopping', reason: 'quit' };
  return hasSettled(seen, outageMs) ? { kind: 'Degraded', reason: 'no-generation' } : lookAgain;
}

/** Somebody served before, and nobody new serves. */
function judgeNoneLeft(seen: Seen): Judgement | typeof lookAgain {
  const { noted } = seen;
  const running = stillRunning(seen).length;
  const refused = seen.lines.some(isFinal);
  if (running === noted.length) {
    if (refused) return { kind: 'Rejected' };
    // Without nginx's pause no generation can have been started: nobody can have been told to leave, except by QUIT.
    return hasSettled(seen, wasQuick(seen) ? showsQuitMs : showsDrainMs) ? { kind: 'Rejected' } : lookAgain;
  }
  if (running > 0) {
    // Some left. Were they told to, or did they crash? The others show it in time.
    if (refused) return { kind: 'Rejected' };
    if (!hasSettled(seen, showsDrainMs)) return lookAgain;
    const told = !wasQuick(seen) && noted.some(({ drained }) => drained);
    return told ? { kind: 'Degraded', reason: 'no-generation' } : { kind: 'Rejected' };
  }
  if (!hasSettled(seen, outageMs)) return lookAgain;
  // Nobody who crashes stays away, and no reload that was refused, or never begun, sends anybody away.
  const draining = noted.some(({ state }) => state === 'draining');
  const quit = wasQuick(seen) || noted.some(({ early }) => early) || (draining && refused);
  return quit ? { kind: 'Stopping', reason: 'quit' } : { kind: 'Degraded', reason: 'no-generation' };
}

/** All that is new replaces what crashed: nginx was refused its new configuration, or never got as far. */
function judgeRespawned(seen: Seen): Judgement | typeof lookAgain {
  if (countRunning(seen) + stillRunning(seen).length > 0) return { kind: 'Rejected' };
  return hasSettled(seen, showsDrainMs) ? { kind: 'Degraded', reason: 'no-generation' } : lookAgain;
}

/** A generation was started. */
function judgeGeneration(seen: Seen, expected: ExpectedWorkers): Judgement | typeof lookAgain {
  const running = countRunning(seen);
  const staying = stillRunning(seen);
  // nginx says itself that these are not started again: an outage need not be waited for.
  const fatal = seen.lines.some(isFatalExit);
  if (running > 0 && isComplete(running, expected)) {
    if (staying.length > 0 && !hasSettled(seen, showsDrainMs)) return lookAgain;
    // Refused, yet started: two reloads, of which only nginx knows which one read what.
    const told = seen.noted.some(({ drained }) => drained);
    if (!told && seen.lines.some(isFinal)) return { kind: 'Unproven', reason: 'signs-disagree' };
    return { kind: 'Applied', generation: generationOf(seen), stuck: staying };
  }
  if (running === 0) {
    if (!fatal && !hasSettled(seen, outageMs)) return lookAgain;
    // What had begun to serve is started again when it crashes; when it is not, it was told to leave.
    const left = !fatal && seen.born.some(({ titled }) => titled);
    return left ? { kind: 'Stopping', reason: 'quit' } : { kind: 'Degraded', reason: 'no-generation' };
  }
  return fatal || hasSettled(seen, outageMs)
    ? { kind: 'Degraded', reason: 'incomplete-generation' }
    : lookAgain;
}

/** Something new is there, and the looks do not tell why. */
function judgeUnclear(seen: Seen, expected: ExpectedWorkers): Judgement | typeof lookAgain {
  const running = countRunning(seen);
  const staying = stillRunning(seen);
  const crashed = seen.noted.filter(
    ({ state, drained, early }) => state === 'gone' && !drained && !early,
  ).length;
  const replaced = crashed > 0 && seen.born.length <= crashed;
  if (staying.length > 0) {
    if (!hasSettled(seen, showsDrainMs)) return lookAgain;
    return replaced ? { kind: 'Rejected' } : { kind: 'Unproven', reason: 'signs-disagree' };
  }
  if (running > 0 && isComplete(running, expected)) {
    if (seen.lines.some(isFinal))
      return replaced ? { kind: 'Rejected' } : { kind: 'Unproven', reason: 'signs-disagree' };
    // A whole new generation beside the old one, or old ones gone of whose crash nginx would have told.
    const together = seen.met >= fewest(expected);
    const told = seen.logRead && seen.lines.every(isCrash) && seen.lines.length < crashed;
    if (seen.noted.length === 0 || together || told)
      return { kind: 'Applied', generation: generationOf(seen), stuck: [] };
    return hasSettled(seen, showsDrainMs) ? { kind: 'Unproven', reason: 'signs-disagree' } : lookAgain;
  }
  if (!hasSettled(seen, showsDrainMs)) return lookAgain;
  if (running > 0) return { kind: 'Degraded', reason: 'incomplete-generation' };
  return { kind: 'Degraded', reason: 'no-generation' };
}

/** `ms` of an idle master; where its idleness cannot be seen, no change for longer than nginx itself ever pauses. */
function hasSettled(seen: Seen, ms: number): boolean {
  return seen.evidence === 'signal-mask' ? seen.idleMs >= ms : seen.unchangedMs >= settledMs;
}

function wasQuick(seen: Seen): boolean {
  return seen.evidence === 'signal-mask' && seen.busyMs < shortestPauseMs;
}

function countRunning(seen: Seen): number {
  return seen.born.filter(({ state }) => state === 'running').length;
}

function generationOf(seen: Seen): readonly ProcessIdentity[] {
  return seen.born.filter(({ state }) => state === 'running').map(({ identity }) => identity);
}

function stillRunning(seen: Seen): readonly ProcessIdentity[] {
  return seen.noted.filter(({ state }) => state === 'running').map(({ identity }) => identity);
}
