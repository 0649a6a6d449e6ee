import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { AgentStatus } from '../../../../src/agent/status.ts';
import { processStage } from '../../../../src/cli/status/stage.ts';
import { watchStatus } from '../../../../src/cli/status/watch.ts';
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts';
import { full, now, proven, statuses } from '../../../support/statuses.ts';

const enter = '\x1b[?1049h';
const leave = '\x1b[?1049l';

/** A process whose output is kept; what it is asked is answered from a list, the last answer for ever. */
class Theatre extends EventEmitter {
  readonly pid = 4711;
  readonly killed: string[] = [];
  readonly written: string[] = [];
  readonly clock: FakeClock = fakeClock(now);
  readonly stdout;

  constructor(isTTY: boolean) {
    super();
    const { written } = this;
    this.stdout = Object.assign(new EventEmitter(), {
      isTTY,
      columns: 80,
      rows: 24,
      write: (text: string) => written.push(text),
    });
  }

  kill(pid: number, signal: string): void {
    this.killed.push(`${pid} ${signal}`);
  }

  watch(...answers: readonly (AgentStatus | undefined)[]): Promise<number> {
    let asked = 0;
    return watchStatus({
      ask: () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)]),
      colour: false,
      stage: processStage(this),
      clock: this.clock,
    });
  }

  /** Until the watch has asked and drawn and sleeps again. */
  async seconds(count: number): Promise<void> {
    await settled();
    for (let second = 0; second < count; second++) {
      this.clock.advance(1000);
      await settled();
    }
  }

  async end(watching: Promise<number>, signal = 'SIGINT'): Promise<void> {
    this.emit(signal);
    assert.equal(await watching, 0);
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  test(`after ${signal} the terminal is as it was, and nobody listens any more`, async () => {
    const theatre = new Theatre(true);
    const watching = theatre.watch(proven);
    await theatre.seconds(1);
    await theatre.end(watching, signal);
    const all = theatre.written.join('');
    assert.ok(all.startsWith(`${enter}\x1b[?25l`));
    assert.ok(all.endsWith(`\x1b[?25h${leave}`));
    assert.deepEqual([...theatre.eventNames(), ...theatre.stdout.eventNames()], []);
  });

test('it draws in place each second, as far as the terminal has rows', async () => {
  const theatre = new Theatre(true);
  theatre.stdout.rows = 10;
  const watching = theatre.watch(full);
  await theatre.seconds(2);
  const drawings = theatre.written.filter((text) => text.startsWith('\x1b[H'));
  assert.equal(drawings.length, 3);
  for (const drawing of drawings) assert.equal(drawing.split('\r\n').length, 10);
  assert.match(drawings[0] ?? '', /more lines: steward status/);
  await theatre.end(watching);
});

test('it draws again at once when the terminal changes its size', async () => {
  const theatre = new Theatre(true);
  const watching = theatre.watch(full);
  await theatre.seconds(0);
  theatre.stdout.rows = 5;
  theatre.stdout.emit('resize');
  assert.equal(theatre.written.at(-1)?.split('\r\n').length, 5);
  await theatre.end(watching);
});

test('an agent that goes away is said, and it goes on asking', async () => {
  const theatre = new Theatre(true);
  const watching = theatre.watch(proven, undefined, statuses.Refused);
  await theatre.seconds(1);
  assert.match(theatre.written.at(-1) ?? '', /no agent answers \(Proven when it last did, 1 s ago\)/);
  await theatre.seconds(1);
  assert.match(theatre.written.at(-1) ?? '', /Refused/);
  await theatre.end(watching);
});

test('an agent that does not answer does not hold the end up', async () => {
  const theatre = new Theatre(true);
  const watching = watchStatus({
    ask: () => new Promise(() => undefined),
    colour: false,
    stage: processStage(theatre),
    clock: theatre.clock,
  });
  await theatre.end(watching);
});

test('stopped for a while, it gives the terminal back and takes it again', async () => {
  const theatre = new Theatre(true);
  const watching = theatre.watch(proven);
  await theatre.seconds(0);
  theatre.emit('SIGTSTP');
  assert.ok(theatre.written.at(-1)?.endsWith(leave));
  assert.deepEqual(theatre.killed, ['4711 SIGSTOP']);
  const { length } = theatre.written;
  await theatre.seconds(1);
  assert.equal(theatre.written.length, length, "the shell's screen is not drawn on");
  theatre.emit('SIGCONT');
  assert.ok(theatre.written.at(-2)?.startsWith(enter));
  assert.match(theatre.written.at(-1) ?? '', /Proven/);
  await theatre.end(watching);
});

test('an error gives the terminal back', async () => {
  const theatre = new Theatre(true);
  const watching = watchStatus({
    ask: () => Promise.reject(new Error('broken')),
    colour: false,
    stage: processStage(theatre),
    clock: theatre.clock,
  });
  await assert.rejects(watching, /broken/);
  assert.ok(theatre.written.at(-1)?.endsWith(leave));
});

test('without a terminal there is one plain block for each change', async () => {
  const theatre = new Theatre(false);
  const watching = theatre.watch(undefined, undefined, proven, proven, statuses.Refused);
  await theatre.seconds(6);
  await theatre.end(watching);
  const all = theatre.written.join('');
  assert.ok(!all.includes('\x1b'));
  assert.deepEqual(all.match(/^(?:no agent answers|Proven|Refused)|^--- \S+/gm), [
    '--- 2026-11-24T12:31:10.000Z',
    'no agent answers',
    '--- 2026-11-24T12:31:12.000Z',
    'Proven',
    '--- 2026-11-24T12:31:14.000Z',
    'Refused',
  ]);
});
