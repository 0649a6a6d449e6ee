/** A small syntax error, without any lint before it: from the signal to knowing that nginx refused. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { findMaster } from '../../src/nginx/processes/find-master.ts';
import { procTable } from '../../src/nginx/processes/proc-table.ts';
import { emergLog } from '../../src/nginx/reload/emerg-log.ts';
import { reload } from '../../src/nginx/reload/reload.ts';
import { nginxBuilds } from '../support/nginx.ts';
import { type Figure, median, percentile, round } from './figure.ts';
import { openSetting, site } from './setting.ts';

const rounds = 100;

export async function knownRejected(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const build of nginxBuilds) {
    const setting = openSetting();
    try {
      const configuration = join(setting.directory, 'nginx.conf');
      const log = join(setting.directory, 'emerg.log');
      writeFileSync(log, '');
      const content = `error_log ${log} alert; error_log stderr emerg; ${site(setting, { port: 8087, body: 'fine' })}`;
      writeFileSync(configuration, content);
      await setting.startNginx(build, configuration, 8087);
      writeFileSync(configuration, content.replace('listen ', 'lisen '));
      const table = procTable();
      const times: number[] = [];
      for (let count = 0; count < rounds; count += 1) {
        const found = findMaster(table, { match: /steward-bench/ });
        if (found.kind !== 'found') throw new Error(`no master: ${found.kind}`);
        const expectedWorkers = { kind: 'exactly', counts: [2] } as const;
        const verdict = await reload(
          { table, clock: systemClock, emergLog: emergLog(log) },
          { master: found.master, expectedWorkers },
        );
        if (verdict.kind !== 'Rejected' || verdict.lines.length === 0)
          throw new Error(`${verdict.kind}: ${verdict.summary}`);
        times.push(verdict.durationMs);
      }
      figures.push({
        what: `syntax error, lint off: signal → known rejected, ${build.name}`,
        measured: `${round(median(times), 2)} ms (p95 ${round(percentile(times, 95), 2)}, slowest ${round(percentile(times, 100), 2)})`,
        target: '≤ 10 ms',
        reached: percentile(times, 95) <= 10,
        numbers: { medianMs: median(times), p95Ms: percentile(times, 95), slowestMs: percentile(times, 100) },
      });
    } finally {
      await setting.close();
    }
  }
  return figures;
}
