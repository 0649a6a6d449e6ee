/** One agent per publish directory, whoever dies, sleeps or starts at the same time. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StewardError } from '../../../src/base/errors.ts';
import { openPublisher } from '../../../src/publish/publisher.ts';
import { withoutRights } from '../../support/hidden-agent.ts';
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

type Hold = (wrapper?: readonly string[], node?: string) => Promise<Holder>;

/** `hold` starts another process that opens the directory, and keeps it where it gets it; none outlives the test. */
async function withDirectory(work: (directory: string, hold: Hold) => Promise<void>): Promise<void> {
  const { path, remove } = testDirectory();
  const directory = join(path, 'published');
  const holders: Holder[] = [];
  try {
    await work(directory, async (wrapper = [], node = process.execPath) => {
      const command = [...wrapper, node, '--input-type=module', '-e', holder, directory];
      const [program = '', ...args] = command;
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
      const started: Holder = { process: child, answer: chunk.toString().trim() };
      holders.push(started);
      return started;
    });
  } finally {
    await Promise.all(holders.map(end));
    remove();
  }
}

async function end({ process: child }: Holder): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const isRefused = (directory: string) => (error: unknown) =>
  error instanceof StewardError && error.code === 'STEWARD_PUBLISH_LOCKED' && error.where === directory;

test('a second agent is refused, and told of the pid of the first', async () => {
  await withDirectory(async (directory, hold) => {
    const first = await hold();
    assert.equal(first.answer, 'held');
    await assert.rejects(openPublisher(directory), (error) => {
      assert.ok(isRefused(directory)(error));
      assert.match(String(error), new RegExp(`pid ${first.process.pid}`));
      return true;
    });
  });
});

test('the lock of an agent that was killed is none', async () => {
  await withDirectory(async (directory, hold) => {
    await end(await hold());
    const publisher = await openPublisher(directory);
    const locks = readdirSync(directory).filter((name) => name.startsWith('.lock-'));
    assert.equal(locks.length, 1, 'the dead one is cleaned away');
    publisher.close();
    assert.deepEqual(readdirSync(directory), ['revisions']);
  });
});

test('an agent that was stopped still holds its lock', async () => {
  await withDirectory(async (directory, hold) => {
    const first = await hold();
    first.process.kill('SIGSTOP');
    await assert.rejects(openPublisher(directory), isRefused(directory));
    await end(first);
    (await openPublisher(directory)).close();
  });
});

test('a holder in another pid namespace, with the same pid as anybody, is seen', async () => {
  await withDirectory(async (directory, hold) => {
    const namespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const first = await hold(namespace);
    assert.equal(first.answer, 'held');
    const second = await hold(namespace);
    assert.equal(second.answer, 'STEWARD_PUBLISH_LOCKED');
    await end(first);
    await end(second);
    (await openPublisher(directory)).close();
  });
});

test("a holder of another user, whose socket one may not talk to, is no dead one's", async () => {
  await withDirectory(async (directory, hold) => {
    await hold();
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
  });
});

test('an agent whose own /proc belongs to root, since nobody may read its program, locks like any other', async () => {
  await withDirectory(async (directory, hold) => {
    mkdirSync(directory);
    chownSync(directory, 101, 101);
    const node = `${directory}-node`;
    copyFileSync(process.execPath, node);
    chmodSync(node, 0o111);
    const first = await hold(['sh', '-c', `exec ${withoutRights(101, 101)} "$@"`, 'sh'], node);
    assert.equal(first.answer, 'held');
    await assert.rejects(openPublisher(directory), isRefused(directory));
  });
});

test('of six that start at the same moment over a dead lock, exactly one gets it', async () => {
  await withDirectory(async (_, hold) => {
    await end(await hold());
    const all = await Promise.all(Array.from({ length: 6 }, () => hold()));
    assert.deepEqual(all.map(({ answer }) => answer).sort(), [
      ...Array.from({ length: 5 }, () => 'STEWARD_PUBLISH_LOCKED'),
      'held',
    ]);
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
