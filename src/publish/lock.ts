/**
 * One agent per publish directory. Whoever wants it listens on a Unix socket of its own in there, and has it when no other
 * socket is alive. The kernel says whether one is: a dead process listens to nothing, a stopped or busy one still does; no
 * pid is compared, which could be reused or belong to another namespace.
 *
 * It cannot go wrong by bad timing: a socket is there before its owner looks for others and stays until it gives up, so of
 * two that look at the same time at least one sees the other. Both may, and then both step back and try again.
 */
import { randomInt } from 'node:crypto';
import { chmodSync, closeSync, constants, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import type { Clock } from '../base/clock.ts';
import { StewardError } from '../base/errors.ts';
import { errorCode, publishError } from './publish-error.ts';

export interface Lock {
  /** The uid that the file system gives to what this process makes: its own, but where a server maps users. */
  readonly owner: number;
  release(): void;
}

const namePattern = /^\.lock-(\d+)-\d+$/;
const tries = 5;
/** Milliseconds to wait at least, and at most after the first time: later twice as long, so that some are alone in the end. */
const shortestPause = 20;
const longestPause = 100;

/**
 * Takes the directory for this process, as long as it lives or until `release`.
 *
 * @throws StewardError STEWARD_PUBLISH_LOCKED when another agent holds it, STEWARD_PUBLISH when the directory does not let.
 */
export async function takeLock(directory: string, clock: Clock): Promise<Lock> {
  for (let count = 1; ; count += 1) {
    const lock = await tryLock(directory);
    if (typeof lock !== 'string') return lock;
    if (count === tries)
      throw new StewardError(
        'STEWARD_PUBLISH_LOCKED',
        `another agent, which is alive, publishes here${lock}`,
        {
          where: directory,
        },
      );
    await clock.sleep(randomInt(shortestPause, longestPause * 2 ** (count - 1)));
  }
}

/** The lock, or words for who has it. */
async function tryLock(directory: string): Promise<Lock | string> {
  const name = `.lock-${process.pid}-${randomInt(2 ** 40)}`;
  const path = join(directory, name);
  let descriptor: number | undefined;
  let server: Server | undefined;
  try {
    descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    // A socket's path has at most 107 bytes: this one is short, however deep the directory lies.
    const near = `/proc/self/fd/${descriptor}`;
    server = await listen(`${near}/${name}`);
    chmodSync(path, 0o600);
    const other = await findOther(directory, near, name);
    if (other === undefined) {
      const held = server;
      const owner = lstatSync(path).uid;
      server = undefined;
      return { owner, release: () => withdraw(held, path) };
    }
    return other;
  } catch (error) {
    throw publishError(error, 'the lock cannot be taken', directory);
  } finally {
    if (server !== undefined) withdraw(server, path);
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

async function findOther(directory: string, near: string, own: string): Promise<string | undefined> {
  for (const name of readdirSync(directory)) {
    const pid = namePattern.exec(name)?.[1];
    if (pid === undefined || name === own) continue;
    if (await isAlive(`${near}/${name}`)) return ` (pid ${pid} in its own pid namespace)`;
    // Its name is never used again: whoever removes it removes no other.
    unlinkQuietly(join(directory, name));
  }
  return undefined;
}

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Any other refusal (another user's, a queue that is full) comes from one that listens, or may.
    socket.once('error', (error) =>
      resolve(!['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(errorCode(error) ?? '')),
    );
  });
}

function withdraw(server: Server, path: string): void {
  unlinkQuietly(path);
  server.close();
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody was faster; or it stays, and is dead to whoever looks.
  }
}
