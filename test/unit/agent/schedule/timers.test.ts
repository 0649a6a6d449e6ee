import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { due, nextDue, parseSchedule } from '../../../../src/agent/schedule/timers.ts';
import { StewardError } from '../../../../src/base/errors.ts';

function times(flag: string, from: string, count: number): string[] {
  const schedule = parseSchedule(flag, 0);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = schedule.next(at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

test('a nightly reload in a time zone follows its changes of clocks', () => {
  const flag = 'reload=TZ=Europe/Berlin 30 2 * * *';
  assert.deepEqual(times(flag, '2026-03-28T00:00:00Z', 3), [
    '2026-03-28T01:30',
    '2026-03-29T01:00', // 02:30 does not exist: it comes when the clocks change
    '2026-03-30T00:30',
  ]);
  assert.deepEqual(times(flag, '2026-10-24T12:00:00Z', 2), [
    '2026-10-25T00:30', // 02:30 comes twice: once only
    '2026-10-26T01:30',
  ]);
});

test('an hourly one comes every hour through both changes of clocks', () => {
  const flag = 'reload=CRON_TZ=Europe/Berlin 30 * * * *';
  for (const from of ['2026-03-28T22:00:00Z', '2026-10-24T22:00:00Z']) {
    const found = times(flag, from, 8).map((time) => Date.parse(`${time}Z`));
    assert.ok(found.every((time, i) => i === 0 || time - (found[i - 1] ?? 0) === 3_600_000));
  }
});

test('names, six fields and the leap day are understood', () => {
  assert.deepEqual(times('reopen-logs=TZ=UTC @daily', '2026-01-01T12:00:00Z', 1), ['2026-01-02T00:00']);
  assert.deepEqual(times('reload=TZ=UTC */30 * * * * *', '2026-01-01T00:00:01Z', 1), ['2026-01-01T00:00']);
  assert.deepEqual(times('reload=TZ=UTC 0 0 29 FEB *', '2026-01-01T00:00:00Z', 1), ['2028-02-29T00:00']);
});

test('jitter delays by a share drawn once, sixty seconds and a tenth of the gap at most', () => {
  const at = Date.parse('2026-01-01T03:00:00Z');
  const delay = (flag: string, random: number) => (parseSchedule(flag, random).next(at - 1) ?? 0) - at;
  assert.equal(delay('reload=TZ=UTC 0 3 * * *', 0.5), 30_000);
  assert.equal(delay('reload=TZ=UTC * * * * *', 0.5), 3000);
  assert.equal(delay('reload=TZ=UTC 0 3 * * * ~10m', 0.5), 300_000);
  assert.equal(delay('reload=TZ=UTC 0 3 * * * ~0s', 0.9), 0);
});

test('asked inside the jitter, a schedule still names the run that is to come', () => {
  const schedule = parseSchedule('reload=TZ=UTC 0 3 * * * ~10m', 0.5);
  const run = Date.parse('2026-01-01T03:05:00Z');
  assert.equal(schedule.next(run - 240_000), run);
  assert.equal(schedule.next(run), run + 86_400_000);
});

test('next is always later, and nothing lies between', () => {
  const schedule = parseSchedule('reload=TZ=Europe/Berlin 15,45 1-3 * * *', 0.7);
  fc.assert(
    fc.property(fc.integer({ min: 1.7e12, max: 1.9e12 }), (after) => {
      const next = schedule.next(after) ?? 0;
      assert.ok(next > after);
      assert.equal(schedule.next(after + Math.floor((next - after) / 2)), next);
    }),
    { numRuns: 100 },
  );
});

test('what was slept through is due once', () => {
  const schedules = [
    parseSchedule('reload=TZ=UTC 0 * * * *', 0),
    parseSchedule('reopen-logs=TZ=UTC @daily', 0),
  ];
  const since = Date.parse('2026-01-01T12:00:00Z');
  const later = since + 5 * 3_600_000;
  assert.deepEqual(
    due(schedules, since, later).map(({ action }) => action),
    ['reload'],
  );
  assert.deepEqual(due(schedules, later, later + 1000), []);
  assert.equal(nextDue(schedules, since), since + 3_600_000);
  assert.equal(nextDue([], since), undefined);
});

test('a bad schedule is refused with the flag, the column and the reason', () => {
  const cases: readonly (readonly [flag: string, message: RegExp])[] = [
    ['0 3 * * *', /--schedule '0 3 \* \* \*': column 1: .*reload= or reopen-logs=/],
    ['restart=@daily', /column 1: "restart" is no action/],
    ['reload=0 25 * * *', /column 10: "25" is no hour/],
    ['reload=0 3 * * 9', /column 16: "9" is no weekday/],
    ['reload=TZ=Europe/Berlin 0 3 * JANUARYY *', /column 31: "JANUARYY" is no month/],
    ['reload=61 0 3 * * *', /column 8: "61" is no second/],
    ['reload=0 3 * *', /column 8: "0 3 \* \*" has 4 fields/],
    ['reload=@dialy', /column 8: "@dialy"/],
    ['reload=@reboot', /column 8: "@reboot"/],
    ['reload=TZ=Europe/Berlim 0 3 * * *', /column 11: no time zone is called "Europe\/Berlim"/],
    ['reload=0 0 30 2 *', /column 8: "0 0 30 2 \*" names a date that never comes/],
    ['reload=0 3 * * * ~soon', /column 19: "soon" is no duration/],
    ['reload=', /column 8: "" has 0 fields/],
  ];
  for (const [flag, message] of cases)
    assert.throws(
      () => parseSchedule(flag, 0),
      (error) => {
        assert.ok(error instanceof StewardError && error.code === 'STEWARD_SCHEDULE', String(error));
        assert.match(error.message, message);
        return true;
      },
    );
});
