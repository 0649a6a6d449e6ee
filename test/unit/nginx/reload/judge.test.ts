import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExpectedWorkers } from '../../../../src/nginx/reload/expected-workers.ts';
import { judge } from '../../../../src/nginx/reload/judge.ts';
import type { NewWorker, NotedWorker, Seen } from '../../../../src/nginx/reload/record.ts';
import type { NginxLine } from '../../../../src/nginx/reload/verdict.ts';

const two: ExpectedWorkers = { kind: 'exactly', counts: [2] };
const emerg: NginxLine = { level: 'emerg', text: 'unknown directive "lisen" in /etc/nginx/nginx.conf:3' };
const fatal: NginxLine = {
  level: 'alert',
  text: 'worker process 20 exited with fatal code 2 and cannot be respawned',
};
const crash: NginxLine = { level: 'alert', text: 'worker process 11 exited on signal 11' };

let nextPid = 1;
function noted(state: NotedWorker['state'], more: Partial<NotedWorker> = {}): NotedWorker {
  nextPid += 1;
  return {
    identity: { pid: nextPid, startTime: 1 },
    state,
    drained: state === 'draining',
    early: false,
    ...more,
  };
}

function born(state: NewWorker['state'], more: Partial<NewWorker> = {}): NewWorker {
  nextPid += 1;
  const titled = state === 'running' || state === 'draining';
  return { identity: { pid: nextPid, startTime: 2 }, state, titled, birth: 'reload', ...more };
}

const runs = noted('running');
const drains = noted('draining');
const gone = noted('gone');
const early = noted('draining', { drained: false, early: true });
const fresh = born('running');
const respawned = born('running', { birth: 'respawn' });
const unclear = born('running', { birth: 'unclear' });

/** Two workers served; the master was busy for as long as a good reload takes, and has been idle for a moment. */
function seen(more: Partial<Seen>): Seen {
  return {
    master: 'idle',
    evidence: 'signal-mask',
    upgrade: false,
    drainingBefore: 0,
    noted: [],
    born: [],
    met: 0,
    busyMs: 110,
    idleMs: 1,
    unchangedMs: 1,
    lines: [],
    logRead: more.lines !== undefined,
    ...more,
  };
}

const quick = { busyMs: 3 } as const;
const later = { idleMs: 2500, unchangedMs: 2500 } as const;
const hidden = { evidence: 'children', master: 'idle' } as const;
const settled = { ...hidden, idleMs: 3100, unchangedMs: 3100 } as const;

type Row = readonly [sentence: string, sight: Partial<Seen>, wanted: string, expected?: ExpectedWorkers];

const rows: readonly Row[] = [
  ['new and complete, old ones draining', { noted: [drains, drains], born: [fresh, fresh] }, 'Applied'],
  ['new and complete, old ones gone', { noted: [gone, gone], born: [fresh, fresh] }, 'Applied'],
  ['new and complete, an old one busy for now', { noted: [runs, gone], born: [fresh, fresh] }, 'look again'],
  [
    'new and complete, an old one busy for long',
    { noted: [runs, drains], born: [fresh, fresh], ...later },
    'Applied',
  ],
  ['more than expected', { noted: [drains], born: [fresh, fresh, fresh] }, 'Applied'],
  [
    'one of two possible numbers',
    { noted: [drains], born: [fresh] },
    'Applied',
    { kind: 'exactly', counts: [1, 4] },
  ],
  ['an unknown number', { noted: [drains], born: [fresh] }, 'Applied', { kind: 'unknown' }],
  [
    'a crash beside a good reload',
    { noted: [gone, drains], born: [fresh, fresh], lines: [crash] },
    'Applied',
  ],
  [
    'a new worker that crashed once and is back',
    { noted: [drains, drains], born: [fresh, born('gone', { titled: true }), respawned] },
    'Applied',
  ],
  ['a new worker still starting', { noted: [drains, drains], born: [fresh, born('newborn')] }, 'look again'],
  [
    'refused, yet complete, and nobody seen to leave',
    { noted: [gone, gone], born: [fresh, fresh], lines: [emerg] },
    'Unproven signs-disagree',
  ],

  ['nothing moved, with a reason', { noted: [runs, runs], ...quick, lines: [emerg] }, 'Rejected'],
  ['nothing moved, quickly, just now', { noted: [runs, runs], ...quick }, 'look again'],
  ['nothing moved, quickly, a moment ago', { noted: [runs, runs], ...quick, idleMs: 30 }, 'Rejected'],
  ['nothing moved, slowly, just now', { noted: [runs, runs], busyMs: 700 }, 'look again'],
  ['nothing moved, slowly, long ago', { noted: [runs, runs], busyMs: 700, ...later }, 'Rejected'],
  ['nothing moved, slowly, with a reason', { noted: [runs, runs], busyMs: 2500, lines: [emerg] }, 'Rejected'],
  ['a crash that was made good', { noted: [gone, runs], born: [respawned], busyMs: 2500 }, 'Rejected'],
  ['the only worker crashed and is back', { noted: [gone], born: [respawned], busyMs: 2500 }, 'Rejected'],
  ['a crash not made good yet', { noted: [gone, runs], ...quick }, 'look again'],
  ['a crash never made good', { noted: [gone, runs], ...quick, ...later }, 'Rejected'],
  [
    'workers of an earlier generation leave while ours is refused',
    { noted: [early, runs], ...quick, ...later },
    'Rejected',
  ],
  [
    'looks too far apart, a crash, a reason',
    { noted: [gone, gone], born: [unclear, unclear], lines: [emerg] },
    'Rejected',
  ],
  [
    'looks too far apart, a crash, the other still there',
    { noted: [gone, runs], born: [unclear], ...later },
    'Rejected',
  ],
  ['nobody served, and a reason', { lines: [emerg], ...quick }, 'Rejected'],

  ['old ones leave and nobody came', { noted: [drains, drains], ...later }, 'Degraded no-generation'],
  [
    'old ones leave and the new ones died starting',
    { noted: [drains, gone], born: [born('gone')], ...later },
    'Degraded no-generation',
  ],
  [
    'old ones leave and nginx says that the new ones are lost',
    { noted: [gone, gone], born: [born('gone')], lines: [fatal] },
    'Degraded no-generation',
  ],
  [
    'one old one is too busy to leave, nobody came',
    { noted: [runs, drains], ...later },
    'Degraded no-generation',
  ],
  ['half a generation, for a moment', { noted: [drains, drains], born: [fresh, born('gone')] }, 'look again'],
  [
    'half a generation, for good',
    { noted: [drains, drains], born: [fresh, born('gone')], ...later },
    'Degraded incomplete-generation',
  ],
  ['nobody served and nobody came', { ...later }, 'Degraded no-generation'],
  ['nobody served and nobody came yet', {}, 'look again'],

  ['the master ended', { master: 'ended', noted: [runs] }, 'Stopping master-ended'],
  ['already quitting', { drainingBefore: 2, ...quick }, 'Stopping quit'],
  [
    'QUIT before our signal, one gone unseen',
    { drainingBefore: 1, noted: [gone], ...quick, ...later },
    'Stopping quit',
  ],
  ['QUIT before our signal', { noted: [early, early], ...quick, ...later }, 'Stopping quit'],
  ['QUIT after a refusal', { noted: [drains, gone], ...quick, ...later }, 'Stopping quit'],
  [
    'QUIT while a port was tried',
    { noted: [drains, gone], busyMs: 2500, lines: [emerg], ...later },
    'Stopping quit',
  ],
  [
    'QUIT after a good reload, new ones drain',
    { noted: [drains], born: [born('draining'), born('gone', { titled: true })] },
    'Stopping quit',
  ],
  [
    'QUIT after a good reload, new ones already gone',
    { noted: [drains], born: [born('gone', { titled: true }), born('gone', { titled: true })], ...later },
    'Stopping quit',
  ],

  ['a new binary', { upgrade: true, noted: [runs] }, 'Unproven upgrade'],
  [
    'looks too far apart, everybody replaced, no reason',
    { noted: [gone, gone], born: [unclear, unclear], ...later },
    'Unproven signs-disagree',
  ],
  [
    'looks too far apart, but both generations were seen together',
    { noted: [gone, gone], born: [unclear, unclear], met: 2 },
    'Applied',
  ],
  [
    'looks too far apart, and nginx tells of one crash only',
    { noted: [gone, gone], born: [unclear, unclear], lines: [crash] },
    'Applied',
  ],
  [
    'looks too far apart, and nginx tells of as many crashes',
    { noted: [gone, gone], born: [unclear, unclear], lines: [crash, crash], ...later },
    'Unproven signs-disagree',
  ],
  [
    'looks too far apart, but an old one drains',
    { noted: [gone, drains], born: [unclear, unclear] },
    'Applied',
  ],

  [
    'masks hidden: nothing moved for a second',
    { ...hidden, noted: [runs, runs], unchangedMs: 1000 },
    'look again',
  ],
  ['masks hidden: nothing moved for three seconds', { ...settled, noted: [runs, runs] }, 'Rejected'],
  [
    'masks hidden: a new generation, old ones drain',
    { ...hidden, noted: [drains, drains], born: [unclear, unclear] },
    'Applied',
  ],
  [
    'masks hidden: old ones leave, nobody came',
    { ...settled, noted: [drains, gone] },
    'Degraded no-generation',
  ],
];

for (const [sentence, sight, wanted, expected = two] of rows)
  test(`${sentence}: ${wanted}`, () => {
    const judgement = judge(seen(sight), expected);
    const reason = judgement !== 'look again' && 'reason' in judgement ? ` ${judgement.reason}` : '';
    assert.equal(judgement === 'look again' ? judgement : `${judgement.kind}${reason}`, wanted);
  });

const timeouts: readonly Row[] = [
  ['a master that still works', { master: 'busy', noted: [runs] }, 'timeout'],
  ['a master that is stopped', { master: 'stopped', noted: [runs] }, 'stopped'],
  ['a worker that still starts', { noted: [drains], born: [fresh, born('newborn')] }, 'unsettled'],
  ['workers alone as evidence, not settled', { ...hidden, noted: [runs] }, 'unsettled'],
];

for (const [sentence, sight, wanted] of timeouts)
  test(`out of time with ${sentence}: Unproven ${wanted}`, () => {
    assert.deepEqual(judge(seen(sight), two, true), { kind: 'Unproven', reason: wanted });
    assert.equal(judge(seen(sight), two, false), 'look again');
  });
