/**
 * Which tree a starting nginx finds while no master runs.
 *
 * The last good tree comes first: a restart must not boot what was never proven. But what was good may have stopped being
 * so (an upstream's name, a mounted certificate), and nginx would then restart for ever with the mend lying unpublished.
 * So the two take turns, each longer than the one before, since the kubelet's pauses between restarts grow as well.
 */
export interface Absence {
  /** Milliseconds since the master was last seen (or since the agent began to wait for one). */
  readonly forMs: number;
  readonly lastGood: string | undefined;
  /** What the sources say, checked; undefined where it must not be tried (lint refused it, a certificate lacks its half). */
  readonly wanted: string | undefined;
}

const firstTurnMs = 30_000;
const longestTurnMs = 600_000;

/** The hash that `current` should name, undefined when nothing can be published; and milliseconds until the next turn. */
export function treeToBoot(absence: Absence): {
  readonly tree: string | undefined;
  readonly turnMs?: number;
} {
  const { forMs, lastGood, wanted } = absence;
  if (lastGood === undefined) return { tree: wanted };
  if (wanted === undefined || wanted === lastGood) return { tree: lastGood };
  let end = firstTurnMs;
  let length = firstTurnMs;
  let goodsTurn = true;
  while (forMs >= end) {
    length = Math.min(length * 2, longestTurnMs);
    end += length;
    goodsTurn = !goodsTurn;
  }
  return { tree: goodsTurn ? lastGood : wanted, turnMs: end - forMs };
}
