/** What keeps sources from becoming a revision. */
import type { StewardError } from '../base/errors.ts';
import type { Reason } from './reasons.ts';

/** Something that is wrong, with the reason that a condition gives for it. */
export interface Problem {
  readonly reason: Reason;
  readonly error: StewardError;
}

export interface Refusal {
  readonly kind: 'refused';
  /** Of the first problem. */
  readonly reason: Reason;
  /** All of them, each with its place. */
  readonly problems: readonly StewardError[];
}

/** Undefined when nothing is wrong. */
export function refusalOf(problems: readonly Problem[]): Refusal | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  return { kind: 'refused', reason: first.reason, problems: problems.map(({ error }) => error) };
}
