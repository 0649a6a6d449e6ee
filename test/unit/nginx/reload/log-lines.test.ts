import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFatalExit, isFinal, parseLog } from '../../../../src/nginx/reload/log-lines.ts';

const time = '2026/03/01 12:00:00';

test('a line has a level, a writer, a text and the place that it names', () => {
  assert.deepEqual(
    parseLog(`${time} [emerg] 42#42: unknown directive "lisen" in /etc/nginx/conf.d/a b.conf:17\n`),
    [
      {
        pid: 42,
        level: 'emerg',
        text: 'unknown directive "lisen" in /etc/nginx/conf.d/a b.conf:17',
        at: { file: '/etc/nginx/conf.d/a b.conf', line: 17 },
      },
    ],
  );
});

test('a connection number is no part of the text, and a text without a place has none', () => {
  assert.deepEqual(parseLog(`${time} [error] 7#8: *99 open() "/x" failed (2: No such file or directory)`), [
    { pid: 7, level: 'error', text: 'open() "/x" failed (2: No such file or directory)' },
  ]);
});

test('what is less than an error is left out, with all that follows it', () => {
  assert.deepEqual(
    parseLog(`${time} [warn] 7#7: careful\n\tin some place\n${time} [notice] 7#7: reconfiguring\n`),
    [],
  );
});

test('a stack trace belongs to its line', () => {
  const [line] = parseLog(
    `${time} [error] 7#7: init_by_lua error: boom\nstack traceback:\n\t[C]: in function 'error'\n`,
  );
  assert.equal(line?.text, "init_by_lua error: boom\nstack traceback:\n\t[C]: in function 'error'");
});

test('control characters come out as text', () => {
  const [line] = parseLog(`${time} [emerg] 7#7: unknown directive "\x1b[2J\x9b31m"\n`);
  assert.equal(line?.text, 'unknown directive "\\x1b[2J\\x9b31m"');
});

test('whatever is in the file, reading it is bounded and does not throw', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(`${time} [emerg] 7#7: x`))),
      (lines) => {
        const parsed = parseLog(lines.join('\n'));
        assert.ok(parsed.every(({ text }) => text.split('\n').length <= 17));
      },
    ),
  );
});

test('only what ends an attempt is final', () => {
  const line = (text: string) => ({ level: 'emerg', text }) as const;
  assert.ok(isFinal(line('unexpected end of file, expecting "}" in /etc/nginx/nginx.conf:3')));
  assert.ok(isFinal(line('still could not bind()')));
  assert.ok(isFinal(line('bind() to 0.0.0.0:80 failed (13: Permission denied)')));
  assert.ok(!isFinal(line('bind() to 0.0.0.0:80 failed (98: Address already in use)')));
  assert.ok(!isFinal(line('close() 0.0.0.0:80 failed (9: Bad file descriptor)')));
  assert.ok(!isFinal({ level: 'alert', text: 'worker process 7 exited on signal 11' }));
  assert.ok(
    isFatalExit({
      level: 'alert',
      text: 'worker process 7 exited with fatal code 2 and cannot be respawned',
    }),
  );
});
