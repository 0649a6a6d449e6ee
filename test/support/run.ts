import { spawnSync } from 'node:child_process';

/** Runs a program of this machine to its end and returns what it wrote; fails when the program does. */
export function run(program: string, ...args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
}
