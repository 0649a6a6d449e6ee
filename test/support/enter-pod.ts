/**
 * Loaded before every integration test file (`node --import`): runs the file again inside namespaces of its own, as a
 * Pod with a shared process namespace has them: pids (so that it sees no other nginx), mounts, and a network with
 * nothing but loopback (so that its ports are its own). The shell stays as PID 1 and reaps orphans, as a pause container
 * does. Needs root, which the message says.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const isTestFile =
  process.env['NODE_TEST_CONTEXT'] !== undefined && process.env['STEWARD_TEST_POD'] === undefined;

if (isTestFile) {
  if (process.getuid?.() !== 0) {
    process.stderr.write('The integration tests make pid, mount and network namespaces: run them as root.\n');
    process.exit(1);
  }
  const script = 'ip link set lo up && "$@"; exit $?';
  const namespaces = ['--pid', '--fork', '--kill-child', '--mount', '--mount-proc', '--net'];
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const result = spawnSync('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...command], {
    stdio: 'inherit',
    env: { ...process.env, STEWARD_TEST_POD: '1' },
  });
  if (result.error !== undefined) process.stderr.write(`unshare: ${result.error.message}\n`);
  process.exit(result.status ?? 1);
}
