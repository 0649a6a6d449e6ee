/** The judgement must not depend on how often the agent gets a CPU. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EmergLog } from '../../../../src/nginx/reload/emerg-log.ts';
import type { ExpectedWorkers } from '../../../../src/nginx/reload/expected-workers.ts';
import { reload } from '../../../../src/nginx/reload/reload.ts';
import type { Verdict } from '../../../../src/nginx/reload/verdict.ts';
import { type ScriptedNginx, scriptedNginx, takes, titles } from '../../../support/scripted-nginx.ts';

const refusal: EmergLog = {
  mark: () => undefined,
  linesSince: () => [{ level: 'emerg', text: 'unexpected end of file in /etc/nginx/nginx.conf:3' }],
  truncateIfLarge: () => false,
};

function run(
  { table, clock, master }: ScriptedNginx,
  expectedWorkers: ExpectedWorkers,
  emergLog?: EmergLog,
): Promise<Verdict> {
  return reload({ table, clock, ...(emergLog !== undefined && { emergLog }) }, { master, expectedWorkers });
}

/** Sleeps on a machine that is short of CPU. */
const oversleeps = fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 40 });

test('however slow the looks are, a taken configuration is never said to be refused or an outage', async () => {
  await fc.assert(
    fc.asyncProperty(
      oversleeps,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 900 }),
      fc.boolean(),
      async (pauses, workers, parseMs, idlers) => {
        const nginx = scriptedNginx(workers);
        nginx.oversleep = slow(pauses);
        nginx.onSignal = () => {
          const old = nginx.workers();
          takes(nginx, workers, parseMs);
          // Workers without connections are gone as soon as they are told to leave.
          if (idlers) for (const { pid } of old) nginx.after(parseMs + 101.5, () => nginx.end(pid));
        };
        const verdict = await run(nginx, { kind: 'exactly', counts: [workers] });
        assert.match(verdict.kind, /Applied|Unproven/, verdict.summary);
        if (Math.max(...pauses) <= 20) assert.equal(verdict.kind, 'Applied', verdict.summary);
      },
    ),
    { numRuns: 300 },
  );
});

test('however slow the looks are, a refused configuration is never said to be taken', async () => {
  await fc.assert(
    fc.asyncProperty(
      oversleeps,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 2600 }),
      fc.integer({ min: 0, max: 4 }),
      fc.boolean(),
      fc.boolean(),
      async (pauses, workers, busyMs, crashes, logged, known) => {
        const nginx = scriptedNginx(workers);
        nginx.oversleep = slow(pauses);
        nginx.onSignal = () => {
          nginx.busy();
          const victims = nginx.workers().slice(0, crashes);
          nginx.after(busyMs / 2, () => {
            for (const victim of victims) Object.assign(victim, { state: 'Z', args: [] });
          });
          nginx.after(busyMs, () => {
            for (const { pid } of victims) {
              nginx.end(pid);
              nginx.spawn(titles.worker);
            }
            nginx.idle();
          });
        };
        const expected = known
          ? ({ kind: 'exactly', counts: [workers] } as const)
          : ({ kind: 'unknown' } as const);
        const verdict = await run(nginx, expected, logged ? refusal : undefined);
        assert.match(verdict.kind, /Rejected|Unproven/, verdict.summary);
        if (crashes === 0 || logged || Math.max(...pauses) < 80)
          assert.equal(verdict.kind, 'Rejected', verdict.summary);
      },
    ),
    { numRuns: 300 },
  );
});

function slow(pauses: readonly number[]): (ms: number) => number {
  let index = 0;
  return (ms) => {
    index += 1;
    return Math.max(ms, pauses[index % pauses.length] ?? ms);
  };
}
