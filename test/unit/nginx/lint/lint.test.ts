import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { readConfiguration } from '../../../../src/nginx/language/read-configuration.ts';
import { formatFinding } from '../../../../src/nginx/lint/format.ts';
import { type LintOptions, lint } from '../../../../src/nginx/lint/lint.ts';

const nothing = { read: () => undefined, list: () => undefined };
type Files = Readonly<Record<string, string>>;

function linted(main: string, options: LintOptions = {}, others: Files = {}): string[] {
  const inMemory = new Map([['/t/nginx.conf', Buffer.from(main)]]);
  for (const [path, text] of Object.entries(others)) inMemory.set(path, Buffer.from(text));
  const files = overlayFiles(inMemory, nothing);
  return lint(readConfiguration(files, '/t/nginx.conf', { serverPrefix: '/p' }), options).map(formatFinding);
}

/** A configuration around a server, quiet by itself. */
const around = (server: string): string =>
  `worker_shutdown_timeout 1m;\nevents {}\nhttp {\nserver {\n${server}\n}\n}\n`;
const tree = { tree: '/t' };

test('a good configuration has no findings', () => {
  const good = around(`listen 80;
    location / { if ($uri = "a") { return 204; } limit_except GET { deny all; } root /srv; proxy_pass http://up; }
    some_module_of_ours on; their_block { anything { worker_processes 5; } }`);
  assert.deepEqual(linted(good, tree), []);
});

for (const [what, main, found] of [
  [
    'a lexical error',
    around('listen 80 }'),
    /^\/t\/nginx\.conf:5:11: error: unexpected "}": the directive "listen".*\[syntax\]$/,
  ],
  [
    'a missing semicolon before a block',
    around('listen 80\n location / { }'),
    /:6:13: error: directive "listen" is not terminated by ";".*\[syntax\]/,
  ],
  [
    'a block without its brace',
    around('location /;'),
    /:5:11: error: directive "location" has no opening "\{".*\[syntax\]/,
  ],
  [
    'a block among values',
    around('} map $a $b { x y { }'),
    /:5:19: error: unexpected "\{": "map" holds values.*\[syntax\]/,
  ],
  [
    'an include with a block',
    around('include x { }'),
    /:5:11: error: directive "include" is not terminated.*\[syntax\]/,
  ],
  [
    'a byte order mark',
    '\ufeffevents {}\nworker_shutdown_timeout 1m;\nhttp {}',
    /:1:1: error: the file begins with a byte order mark.*\[byte-order-mark\]/,
  ],
  [
    'a directive in the wrong place',
    around('worker_connections 5;'),
    /:5:1: warning: "worker_connections" is not allowed in a block "server": it may stand in events \[context\]/,
  ],
  [
    'too many arguments',
    around('server_tokens on\n listen 80;'),
    /:5:1: warning: "server_tokens" takes 1 argument, not 3: is a ";" missing.*\[arguments\]/,
  ],
  [
    'a directive twice',
    around('gzip on;\n gzip off;'),
    /:6:2: warning: "gzip" is duplicate: it stands already in \/t\/nginx\.conf:5.*\[duplicate\]/,
  ],
  [
    'a listen twice',
    around('listen 80;\n listen *:80;'),
    /:6:2: warning: a duplicate listen \*:80.*\[duplicate\]/,
  ],
  [
    'two default servers',
    around('listen 80 default_server; }\n server { listen 80 default_server;'),
    /:6:11: warning: a duplicate default server for \*:80.*nginx\.conf:5 \[duplicate\]/,
  ],
  [
    'a typing mistake',
    around('server_nam a;'),
    /:5:1: warning: "server_nam" is not known: is "server_name" meant\? \[misspelt\]/,
  ],
  [
    'no shutdown timeout',
    'events {} http { }',
    /:1:1: warning: worker_shutdown_timeout is not set.*\[shutdown-timeout\]/,
  ],
  ['a daemon', `daemon on;${around('')}`, /:1:1: warning: "daemon on".*\[daemon\]/],
  ['no master', `master_process off;${around('')}`, /\[master-process\]/],
] as const) {
  test(`finds ${what}`, () => {
    const findings = linted(main, tree);
    assert.match(findings[0] ?? 'nothing', found);
    assert.equal(findings.length, 1, findings.join('\n'));
  });
}

test('errors come in the order in which nginx would find them', () => {
  const findings = linted('worker_shutdown_timeout 1; include a; events { include b;', tree, {
    '/t/a': 'user x\nhttp { }',
    '/t/b': 'y "',
  });
  assert.deepEqual(
    findings.map((one) => one.split(' error')[0]),
    ['/t/a:2:6:', '/t/b:1:4:', '/t/nginx.conf:1:58:'],
  );
});

test('a finding in a file that is included often comes once', () => {
  const text = around('include s; } server { include s; } server { include s;');
  assert.equal(linted(text, tree, { '/t/s': 'gzip on off;' }).length, 1);
});

for (const [what, server, others, found] of [
  [
    'an include that should be in the tree',
    'include x.conf;',
    {},
    ['error: "x.conf" is not among the sources'],
  ],
  [
    'a file of the image by relative name',
    'types { include mime.types; }',
    {},
    [
      'error: "mime.types" is not among the sources, and relative names start at the published tree: name the image\'s own file by absolute path, /etc/nginx/mime.types [missing-file]',
    ],
  ],
  [
    'a file of the image by absolute name',
    'types { include /etc/nginx/mime.types; }',
    {},
    ['warning: /etc/nginx/mime.types is not there'],
  ],
  [
    'a pattern that matches nothing',
    'include conf.d/*.conf;',
    {},
    ['warning: nothing matches /t/conf.d/*.conf'],
  ],
  ['an include of a module of its own', 'their_block { include x; }', {}, ['warning: /t/x is not there']],
  [
    'a password file, which nginx always opens',
    'ssl_password_file pw;',
    {},
    ['error: "pw" is not among the sources'],
  ],
  ['a CA, which nginx may not need', 'ssl_client_certificate ca;', {}, ['warning: /t/ca is not there']],
  ['a certificate, which is judged with its key', 'ssl_certificate c; ssl_certificate_key k;', {}, []],
  [
    'a file that nginx opens late',
    'auth_basic_user_file users;',
    { '/t/users': '' },
    ['warning: nginx opens "users" after loading'],
  ],
  ['a file that nginx opens late, elsewhere', 'auth_basic_user_file /u;', { '/u': '' }, []],
  [
    'a file that includes itself',
    'include x;',
    { '/t/x': 'include x;' },
    ['error: /t/x is included while it is being read'],
  ],
] as const) {
  test(`judges ${what}`, () => {
    const findings = linted(around(server), tree, others);
    assert.equal(findings.length, found.length, findings.join('\n'));
    for (const [index, start] of found.entries())
      assert.ok(findings[index]?.includes(start), `${findings[index]} should have: ${start}`);
  });
}

test('without a tree, a missing include is a warning', () => {
  assert.match(linted(around('include x.conf;'))[0] ?? '', /warning: .*\[absent-file\]/);
});

test('a missing entry file is an error where it should be published', () => {
  const findings = lint(readConfiguration(nothing, '/t/nginx.conf'), tree);
  assert.deepEqual(
    findings.map(({ rule }) => rule),
    ['missing-file'],
  );
});

test('what only new releases have is asked of them alone', () => {
  const rules = (nginxVersion?: string): string[] =>
    linted(around(''), nginxVersion === undefined ? {} : { nginxVersion });
  assert.deepEqual([undefined, '1.22.1', '1.27.3', '0.9.9'].flatMap(rules), []);
  for (const version of ['1.27.4', '1.28.0', 'nginx/1.30.6', '2.0.0'])
    assert.match(rules(version)[0] ?? '', /:3:1: info: .*\[keepalive-min-timeout\]/);
});

test('what the command line sets already may not stand in the file', () => {
  const findings = linted(`daemon off;${around('')}`, { globals: 'daemon off;' });
  assert.match(findings[0] ?? '', /"daemon" is duplicate: nginx gets it on its command line/);
});

test('columns of the first line are counted without what was put before it', () => {
  const prefix = 'error_log stderr; ';
  assert.match(linted(`${prefix}a;;`, { firstLineOffset: prefix.length })[0] ?? '', /^\/t\/nginx\.conf:1:3:/);
});

test('a fragment is judged in the block where it belongs', () => {
  for (const fragment of [
    'server { listen 80; }',
    'location / { }',
    'proxy_set_header Host $host;',
    'upstream a { server b; }',
  ])
    assert.deepEqual(linted(fragment, { isFragment: true }), [], fragment);
  assert.match(linted('server { listen 80; }')[0] ?? '', /\[context\]/);
});
