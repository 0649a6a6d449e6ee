import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { lateFiles, type MainFacts, mainFacts } from '../../../../src/nginx/language/facts.ts';
import { namedFiles } from '../../../../src/nginx/language/named-files.ts';
import { type Configuration, readConfiguration } from '../../../../src/nginx/language/read-configuration.ts';

const nothing = { read: () => undefined, list: () => undefined };
function configuration(text: string, others: Readonly<Record<string, string>> = {}): Configuration {
  const inMemory = new Map([['/c/nginx.conf', Buffer.from(text)]]);
  for (const [path, content] of Object.entries(others)) inMemory.set(path, Buffer.from(content));
  return readConfiguration(overlayFiles(inMemory, nothing), '/c/nginx.conf', { serverPrefix: '/p' });
}

const nothingSaid: MainFacts = {
  workerProcesses: undefined,
  daemon: undefined,
  masterProcess: undefined,
  errorLogs: [],
  user: undefined,
  pid: undefined,
  usesInitByLua: false,
};

for (const [what, text, globals, facts] of [
  ['nothing', 'http { error_log /x; }', '', {}],
  ['a number of workers', 'worker_processes 4;', '', { workerProcesses: 4 }],
  ['as many workers as CPUs', 'worker_processes auto;', '', { workerProcesses: 'auto' }],
  ['what is no number', 'worker_processes $n;', '', {}],
  [
    'what the command line says',
    'user a;',
    'daemon off; worker_processes 2;',
    { user: 'a', daemon: false, workerProcesses: 2 },
  ],
  ['included files', 'include /i;', '', { pid: 'x', masterProcess: true }],
  ['init_by_lua of each kind', 'http { init_by_lua_block { } }', '', { usesInitByLua: true }],
] as const) {
  test(`knows ${what}`, () => {
    const read = configuration(text, { '/i': 'pid x; master_process ON;' });
    assert.deepEqual(mainFacts(read, globals), { ...nothingSaid, ...facts });
  });
}

test('knows every error log of the main level', () => {
  const text =
    'error_log l/e.log; error_log stderr warn; error_log syslog:server=x; error_log memory:1m debug; error_log "";';
  assert.deepEqual(
    mainFacts(configuration(text)).errorLogs.map(({ kind, path, level }) => [kind, path, level]),
    [
      ['file', '/p/l/e.log', 'error'],
      ['stderr', undefined, 'warn'],
      ['syslog', undefined, 'error'],
      ['memory', undefined, 'debug'],
      ['file', undefined, 'error'],
    ],
  );
});

test('knows which files of the tree nginx opens late', () => {
  const read = configuration(
    'http { server { auth_basic_user_file users; root /c; ssl_dhparam d; location / { alias /elsewhere; } } }',
  );
  assert.deepEqual(
    lateFiles(namedFiles(read).files, '/c').map(({ path }) => path),
    ['/c/users', '/c'],
  );
});
