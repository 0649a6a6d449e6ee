/** What an agent or a reload of one's own answered, for people and for exit codes. */
import process from 'node:process';
import type { Answer } from '../../agent/askers.ts';

const exitCodes: Readonly<Record<string, number>> = {
  Applied: 0,
  Reopened: 0,
  Rejected: 1,
  RefusedByLint: 1,
  RefusedByProbe: 1,
  Degraded: 3,
  Unproven: 4,
  Stopping: 5,
  NoMaster: 5,
  Blocked: 5,
  Failed: 1,
};

/** Prints it and returns the exit code. */
export function printAnswer({ outcome, message, lines }: Answer): number {
  process.stdout.write(`${outcome}: ${message}\n`);
  for (const line of lines) process.stdout.write(`  ${line}\n`);
  return exitCodes[outcome] ?? 4;
}

export function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false;
  const { outcome, message, lines } = value as Partial<Record<keyof Answer, unknown>>;
  return (
    typeof outcome === 'string' &&
    typeof message === 'string' &&
    Array.isArray(lines) &&
    lines.every((line) => typeof line === 'string')
  );
}
