import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  parseCommandLine,
  parseCpuList,
  parsePids,
  parseStat,
  parseStatus,
} from '../../../../src/nginx/processes/proc-text.ts';

const status = `Name:\tnginx
State:\tS (sleeping)
Pid:\t57
PPid:\t1
Uid:\t101\t102\t103\t101
Gid:\t0\t0\t0\t0
NSpid:\t57\t7
SigPnd:\t0000000000000000
ShdPnd:\t0000000000000001
SigBlk:\tffffffff18016a07
Cpus_allowed:\tff,00000003
voluntary_ctxt_switches:\t30
nonvoluntary_ctxt_switches:\t12
`;

test('the status says who it is, what it blocks, and how it calls itself in its own namespace', () => {
  assert.deepEqual(parseStatus(status), {
    state: 'S',
    uids: { real: 101, effective: 102, saved: 103 },
    gids: { real: 0, effective: 0, saved: 0 },
    signals: { blocked: 0x18016a07, pending: 1 },
    innermostPid: 7,
    allowedCpus: 10,
    switches: 42,
  });
});

test('what the kernel does not tell is missing, not guessed', () => {
  const bare = status
    .split('\n')
    .filter((line) => !/^(Sig|Shd|NSpid|Cpus|.*ctxt)/.test(line))
    .join('\n');
  assert.deepEqual(parseStatus(bare), {
    state: 'S',
    uids: { real: 101, effective: 102, saved: 103 },
    gids: { real: 0, effective: 0, saved: 0 },
    signals: undefined,
    innermostPid: 57,
    allowedCpus: undefined,
    switches: undefined,
  });
});

test('a status that breaks off gives no half mask', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: status.length }), (length) => {
      const signals = parseStatus(status.slice(0, length))?.signals;
      assert.ok(signals === undefined || signals.blocked === 0x18016a07);
    }),
  );
});

test('a program may be called anything', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (comm) => {
      const rest = Array.from({ length: 48 }, (_, index) => index).join(' ');
      const stat = parseStat(`42 (${comm}) S 1 ${rest}\n`);
      assert.deepEqual(stat, { pid: 42, comm, state: 'S', parent: 1, startTime: 17 });
    }),
  );
  assert.equal(parseStat(''), undefined);
  assert.equal(parseStat('42 (x'), undefined);
});

test('lists', () => {
  assert.deepEqual(parsePids('12 13 \n'), [12, 13]);
  assert.deepEqual(parsePids(''), []);
  assert.deepEqual(parseCommandLine('nginx\0-g\0daemon off;\0\0\0'), ['nginx', '-g', 'daemon off;']);
  assert.deepEqual(parseCommandLine(''), []);
  assert.deepEqual(['0\n', '0-3,8\n', '0-1,4-7', ''].map(parseCpuList), [1, 5, 6, undefined]);
});
