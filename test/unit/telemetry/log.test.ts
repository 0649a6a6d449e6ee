import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../../src/telemetry/log.ts';

async function written(
  options: { level?: string; format?: string },
  work: (log: Awaited<ReturnType<typeof createLog>>) => void,
): Promise<string[]> {
  const lines: string[] = [];
  work(
    await createLog({
      level: options.level ?? 'info',
      format: options.format ?? 'json',
      write: (line) => void lines.push(line),
    }),
  );
  return lines;
}

test('a line is one object with time, level, message and fields', async () => {
  const [line = ''] = await written({}, (log) => log.info({ verdict: 'Applied', message: 'seen' }, 'reload'));
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(rest, { level: 'info', verdict: 'Applied', message: 'seen', msg: 'reload' });
  assert.equal(new Date(String(time)).toISOString(), time);
});

test('what is less severe than the level is not written', async () => {
  const lines = await written({ level: 'warn' }, (log) => {
    log.debug({}, 'debug');
    log.info({}, 'info');
    log.warn({}, 'warn');
    log.error({}, 'error');
  });
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['warn', 'error'],
  );
});

const key = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----';

for (const format of ['json', 'pretty'])
  test(`no private key leaves through the log (${format})`, async () => {
    const lines = await written({ format }, (log) => {
      log.warn({ reason: `unexpected "${key}" in a.conf:3`, after: 'still here' }, 'refused');
      log.warn({ reason: key.slice(0, 40), after: 'still here' }, `cut off ${key.slice(0, 40)}`);
      log.warn({ password: 'c2VjcmV0', deep: { token: 'c2VjcmV0' } }, 'fields');
    });
    assert.equal(lines.length, 3);
    for (const line of lines) assert.doesNotMatch(line, /c2Vj/);
    for (const line of lines.slice(0, 2)) assert.match(line, /still here/);
    if (format === 'json') for (const line of lines) JSON.parse(line);
  });

test('for people a line begins with the time of day and the level', async () => {
  const [line = ''] = await written({ format: 'pretty' }, (log) =>
    log.info({ verdict: 'Applied' }, 'reload'),
  );
  assert.match(line, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: reload \{"verdict":"Applied"\}\n$/);
});
