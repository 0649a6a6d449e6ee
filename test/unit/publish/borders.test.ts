import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import {
  type Agent,
  borderFindings,
  credentialsOf,
  type NginxProcess,
  ownIdentity,
  parseCredentials,
} from '../../../src/publish/borders.ts';

const agent: Agent = { uid: 101, gid: 10101, dumpable: true };
const master: NginxProcess = {
  name: 'the nginx master',
  uids: [101, 101, 101],
  gids: [101, 101, 101],
  groups: [],
  mayTrace: false,
};

const cases: readonly [
  what: string,
  agent: Partial<Agent>,
  nginx: Partial<NginxProcess>,
  reason: string | undefined,
][] = [
  ['a primary group of its own keeps nginx out', {}, {}, undefined],
  ['one group for both lets nginx in', { gid: 101 }, {}, 'SharedGroup'],
  ['a saved group is as good as an effective one', {}, { gids: [101, 101, 10101] }, 'SharedGroup'],
  ['a supplementary group can be made the primary one', {}, { groups: [4, 10101] }, 'SupplementaryGroup'],
  ['a program that cannot be read keeps nginx out', { gid: 101, dumpable: false }, {}, undefined],
  ['another uid keeps nginx out', { gid: 101 }, { uids: [33, 33, 33] }, undefined],
  ['the saved uid counts', { gid: 101 }, { uids: [33, 33, 101] }, 'SharedGroup'],
  ['the right to trace goes through everything', { dumpable: false }, { mayTrace: true }, 'TraceCapability'],
];

for (const [what, ours, theirs, reason] of cases)
  test(what, () => {
    const findings = borderFindings({ ...agent, ...ours }, [{ ...master, ...theirs }]);
    assert.deepEqual(
      findings.map((one) => one.reason),
      reason === undefined ? [] : [reason],
    );
    for (const { message } of findings) assert.match(message, /the nginx master can read steward's/);
  });

test('many workers alike are told of once', () => {
  const worker = { ...master, name: 'a worker' };
  assert.equal(borderFindings({ ...agent, gid: 101 }, [worker, worker, worker]).length, 1);
});

test('ids and rights are read from the text of /proc', () => {
  const status = [
    'Name:\tnginx',
    'Uid:\t0\t33\t0\t33',
    'Gid:\t1\t2\t3\t4',
    'Groups:\t4 20 ',
    'CapEff:\t0000000000080000',
  ];
  assert.deepEqual(parseCredentials(status.join('\n')), {
    uids: [0, 33, 0],
    gids: [1, 2, 3],
    groups: [4, 20],
    mayTrace: true,
  });
  assert.equal(parseCredentials('Name:\tx\n'), undefined);
});

test('this process is seen as it is', () => {
  const { uid, gid, dumpable } = ownIdentity();
  assert.deepEqual([uid, gid, dumpable], [process.geteuid?.(), process.getegid?.(), true]);
  assert.equal(credentialsOf(process.pid)?.uids[1], uid);
  assert.equal(credentialsOf(2 ** 30), undefined);
});
