/**
 * A program for the tests: watches the directory named first, with as many inotify instances or watches as the sysctl
 * named second allows: none, until standard input ends. Says what it sees, one word a line. It runs as root of a user
 * namespace of its own, whose limits it may set.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { Watcher } from '../../src/agent/sources/watcher.ts';
import { systemClock } from '../../src/base/clock.ts';

const [directory = '', sysctl = ''] = process.argv.slice(2);
const limit = `/proc/sys/user/${sysctl}`;
const nothing = (): void => {};
const say = (word: string): void => {
  process.stdout.write(`${word}\n`);
};

writeFileSync(limit, '0');
const watcher = new Watcher({
  clock: systemClock,
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  changed: say,
  modeChanged: say,
  pollMs: 100,
  retryInotifyMs: 200,
});
process.stdin.resume().on('end', () => writeFileSync(limit, '64'));
await watcher.watch([directory]);
say('watching');
// The watcher's timers alone keep no process alive.
setInterval(nothing, 60_000);
