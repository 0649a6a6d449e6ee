/**
 * One agent per publish directory. The lock is a Unix socket that its holder listens on: whether it lives, the kernel
 * tells whoever connects, with no pid to be reused and from any pid namespace.
 */
import { linkSync, renameSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { StewardError } from '../base/errors.ts';
import { publishError } from './durable.ts';

export interface Lock {
  release(): void;
}

const lockName = '.agent.lock';

/** @throws StewardError STEWARD_PUBLISH_LOCKED when another agent holds it. */
export async function takeLock(directory: string): Promise<Lock> {
  const path = join(directory, lockName);
  const own = `${path}.${process.pid}`;
  tryUnlink(own);
  const server = await listen(own, directory);
  try {
    // A link appears whole or not at all: of two agents that start together, one gets the name.
    if (!tryLink(own, path)) {
      if (await isAlive(path)) throw held(directory);
      const stale = `${own}.stale`;
      renameSync(path, stale);
      const wasStale = !(await isAlive(stale));
      if (wasStale) tryUnlink(stale);
      else renameSync(stale, path);
      if (!wasStale || !tryLink(own, path)) throw held(directory);
    }
  } catch (error) {
    server.close();
    throw publishError(error, 'the lock cannot be taken', path);
  } finally {
    tryUnlink(own);
  }
  return {
    release: () => {
      tryUnlink(path);
      server.close();
    },
  };
}

function held(directory: string): StewardError {
  return new StewardError('STEWARD_PUBLISH_LOCKED', 'another agent publishes here and is alive', {
    where: directory,
  });
}

async function listen(path: string, directory: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(publishError(error, 'the lock cannot be made', directory)));
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
    socket.once('error', () => resolve(false));
  });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there.
  }
}
