/**
 * Namespaces of its own for a program that starts nginx, as a Pod with a shared process namespace has them: pids (so that
 * it sees no other nginx), mounts, and a network with nothing but loopback (so that its ports are its own). A shell stays
 * as PID 1 and reaps orphans, as a pause container does.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** Whether this process is already inside. */
export function insidePod(): boolean {
  return process.env['STEWARD_TEST_POD'] !== undefined;
}

/** Runs this very program again inside new namespaces and ends with its exit code. Needs root, which the message says. */
export function runAgainInsidePod(): never {
  if (process.getuid?.() !== 0) {
    process.stderr.write('This makes pid, mount and network namespaces: run it as root.\n');
    process.exit(1);
  }
  const namespaces = ['--pid', '--fork', '--kill-child', '--mount', '--mount-proc', '--net'];
  const script = 'ip link set lo up && "$@"; exit $?';
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const result = spawnSync('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...command], {
    stdio: 'inherit',
    env: { ...process.env, STEWARD_TEST_POD: '1' },
  });
  if (result.error !== undefined) process.stderr.write(`unshare: ${result.error.message}\n`);
  process.exit(result.status ?? 1);
}
