/** One agent per publish directory, whoever dies, sleeps or starts at the same time. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StewardError } from '../../../src/base/errors.ts';
import { openPublisher } from '../../../src/publish/publisher.ts';
import { testDirectory } from '../../support/nginx.ts';

const publisherModule = fileURLToPath(new URL('../../../src/publish/publisher.ts', import.meta.url));
const holder = `
  import { openPublisher } from ${JSON.stringify(publisherModule)};
  try {
    await openPublisher(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 1e6);
  } catch (error) {
    console.log(error.code);
  }
`;

interface Holder {
  readonly process: ChildProcess;
  readonly answer: string;
}

/** Starts another process that opens the directory; it keeps it where it gets it. */
async function hold(directory: string, wrapper: readonly string[] = []): Promise<Holder> {
  const command = [...wrapper, process.execPath, '--input-type=module', '-e', holder, directory];
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, answer: chunk.toString().trim() };
}

async function end({ process: child }: Holder): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const { path, remove } = testDirectory();
  try {
    await work(join(path, 'published'));
  } finally {
    remove();
  }
}

const isRefused = (directory: string) => (error: unknown) =>
  error instanceof StewardError && error.code === 'STEWARD_PUBLISH_LOCKED' && error.where === directory;

test('a second agent is refused, and told of the pid of the first', async () => {
  await withDirectory(async (directory) => {
    const first = await hold(directory);
    assert.equal(first.answer, 'held');
    await assert.rejects(openPublisher(directory), (error) => {
      assert.ok(isRefused(directory)(error));
      assert.match(String(error), new RegExp(`pid ${first.process.pid}`));
      return true;
    });
    await end(first);
  });
});

test('the lock of an agent that was killed is none', async () => {
  await withDirectory(async (directory) => {
    await end(await hold(directory));
    const publisher = await openPublisher(directory);
    const locks = readdirSync(directory).filter((name) => name.startsWith('.lock-'));
    assert.equal(locks.length, 1, 'the dead one is cleaned away');
    publisher.close();
    assert.deepEqual(readdirSync(directory), ['revisions']);
  });
});

test('an agent that was stopped still holds its lock', async () => {
  await withDirectory(async (directory) => {
    const first = await hold(directory);
    first.process.kill('SIGSTOP');
    await assert.rejects(openPublisher(directory), isRefused(directory));
    await end(first);
    (await openPublisher(directory)).close();
  });
});

test('a holder in another pid namespace, with the same pid as anybody, is seen', async () => {
  await withDirectory(async (directory) => {
    const namespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const first = await hold(directory, namespace);
    assert.equal(first.answer, 'held');
    const second = await hold(directory, namespace);
    assert.equal(second.answer, 'STEWARD_PUBLISH_LOCKED');
    await end(first);
    await once(second.process, 'exit');
    (await openPublisher(directory)).close();
  });
});

test("a holder of another user, whose socket one may not talk to, is no dead one's", async () => {
  await withDirectory(async (directory) => {
    const first = await hold(directory);
    // So that nothing keeps the other user from cleaning up but its own judgement.
    chmodSync(directory, 0o777);
    const names = readdirSync(directory).filter((name) => name.startsWith('.lock-'));
    process.seteuid?.(101);
    try {
      await assert.rejects(openPublisher(directory), isRefused(directory));
    } finally {
      process.seteuid?.(0);
    }
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('.lock-')),
      names,
    );
    assert.equal(statSync(join(directory, names[0] ?? '')).mode & 0o777, 0o600);
    await end(first);
  });
});

test('of six that start at the same moment over a dead lock, exactly one gets it', async () => {
  await withDirectory(async (directory) => {
    await end(await hold(directory));
    const all = await Promise.all(Array.from({ length: 6 }, () => hold(directory)));
    assert.deepEqual(all.map(({ answer }) => answer).sort(), [
      ...Array.from({ length: 5 }, () => 'STEWARD_PUBLISH_LOCKED'),
      'held',
    ]);
    await Promise.all(all.map(end));
  });
});

test('a directory deeper than the address of a socket can name is locked all the same', async () => {
  await withDirectory(async (base) => {
    const directory = join(base, 'x'.repeat(90), 'y'.repeat(90));
    mkdirSync(join(base, 'x'.repeat(90)), { recursive: true });
    const first = await openPublisher(directory);
    await assert.rejects(openPublisher(directory), isRefused(directory));
    first.close();
    (await openPublisher(directory)).close();
  });
});
