import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { type NamedFiles, namedFiles } from '../../../../src/nginx/language/named-files.ts';
import { readConfiguration } from '../../../../src/nginx/language/read-configuration.ts';

const nothing = { read: () => undefined, list: () => undefined };
function namedIn(
  main: string,
  others: Readonly<Record<string, string>> = {},
  serverPrefix?: string,
): NamedFiles {
  const inMemory = new Map([['/c/nginx.conf', Buffer.from(main)]]);
  for (const [path, text] of Object.entries(others)) inMemory.set(path, Buffer.from(text));
  const files = overlayFiles(inMemory, nothing);
  return namedFiles(
    readConfiguration(files, '/c/nginx.conf', serverPrefix === undefined ? {} : { serverPrefix }),
  );
}

const server = (directives: string): string => `http { server { ${directives} } }`;

/** role, path, and whether it is opened late or a directory. */
function listed({ files }: NamedFiles): string[] {
  return files.map(({ role, path, isLate, kind }) =>
    [role, path, ...(isLate ? ['late'] : []), ...(kind === 'directory' ? ['directory'] : [])].join(' '),
  );
}

for (const [directives, found] of [
  [
    'ssl_certificate a.crt; ssl_certificate_key /k/a.key;',
    ['certificate /c/a.crt', 'certificate-key /k/a.key'],
  ],
  ['ssl_trusted_certificate ca; ssl_client_certificate cc;', ['ca /c/ca', 'ca /c/cc']],
  [
    'ssl_crl crl; ssl_dhparam dh; ssl_session_ticket_key t1;',
    ['crl /c/crl', 'dhparam /c/dh', 'ticket-key /c/t1'],
  ],
  ['ssl_password_file ../pw; ssl_stapling_file o;', ['password /pw', 'ocsp /c/o']],
  [
    'location / { proxy_ssl_certificate c; proxy_ssl_certificate_key k; grpc_ssl_crl r; uwsgi_ssl_trusted_certificate t; }',
    ['certificate /c/c', 'certificate-key /c/k', 'crl /c/r', 'ca /c/t'],
  ],
  ['auth_basic_user_file users;', ['htpasswd /c/users late']],
  [
    'root html; location / { alias /srv/$host/www; }',
    ['other /p/html late directory', 'other /srv late directory'],
  ],
  [
    'content_by_lua_file lua/a.lua; set_by_lua_file $x /b.lua $arg;',
    ['lua /p/lua/a.lua late', 'lua /b.lua late'],
  ],
] as const) {
  test(`finds the files of ${directives}`, () => {
    assert.deepEqual(listed(namedIn(server(directives), {}, '/p')), found);
  });
}

test('finds files at the other levels, each from its own starting place', () => {
  const main = `load_module modules/a.so;
    http {
      init_by_lua_file i.lua; lua_package_path "$prefix/lib/?.lua;/opt/?/init.lua;;"; geoip_country g.dat;
      js_path js; js_import m from main.js; js_import beside.js; geoip2 /geo.mmdb { auto_reload 5m; }
      geo $x { include geo/*; } types { include mime.types; }
    }
    stream { server { listen 1; ssl_certificate s.crt; ssl_certificate_key s.key; } }`;
  const others = { '/c/geo/b': '10.0.0.0/8 1;', '/c/geo/a': '', '/c/js/main.js': '', '/c/beside.js': '' };
  assert.deepEqual(listed(namedIn(main, others, '/p')), [
    'module /p/modules/a.so',
    'lua /p/i.lua',
    'lua /p/lib late directory',
    'lua /opt late directory',
    'geo /c/g.dat',
    'js /c/js directory',
    'geo /geo.mmdb late',
    'include /c/geo/a',
    'include /c/geo/b',
    'include /c/geo directory',
    'include /c/mime.types',
    'certificate /c/s.crt',
    'certificate-key /c/s.key',
    'js /c/js/main.js',
    'js /c/beside.js',
  ]);
});

test('what nobody can watch is counted, with the reason', () => {
  const { unwatchable } = namedIn(
    server(`ssl_certificate data:$pem; ssl_certificate_key engine:e:1; auth_basic_user_file /u/$host;
      ssl_certificate $ssl_server_name.crt; content_by_lua_file x.lua;`),
  );
  assert.deepEqual(
    unwatchable.map(({ directive, value, reason }) => [directive, value, reason.slice(0, 30)]),
    [
      ['ssl_certificate', 'data:$pem', '"data:" names no file'],
      ['ssl_certificate_key', 'engine:e:1', '"engine:" names no file'],
      ['auth_basic_user_file', '/u/$host', 'its name holds a variable: ngi'],
      ['ssl_certificate', '$ssl_server_name.crt', 'its name holds a variable: ngi'],
      ['content_by_lua_file', 'x.lua', "its name is relative to nginx'"],
    ],
  );
});

test('a file is listed once for each role, at the place that names it first', () => {
  const { files } = namedIn(server('ssl_trusted_certificate a;\n ssl_client_certificate a; ssl_crl a;'));
  assert.deepEqual(
    files.map(({ role, directive, position }) => [role, directive, position.line]),
    [
      ['ca', 'ssl_trusted_certificate', 1],
      ['crl', 'ssl_crl', 2],
    ],
  );
});

test('lines of values name no files', () => {
  assert.deepEqual(listed(namedIn('http { map $a $b { root /x; ssl_crl y; } types { root a; } }')), []);
});
