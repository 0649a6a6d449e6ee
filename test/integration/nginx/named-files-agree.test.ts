/** Where relative names start: what we say a directive names is what the real nginx fails to open. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskFiles } from '../../../src/nginx/language/config-files.ts';
import { namedFiles } from '../../../src/nginx/language/named-files.ts';
import { readConfiguration } from '../../../src/nginx/language/read-configuration.ts';
import { makePair } from '../../support/certificates.ts';
import { nginxBuilds, nginxCommand, testDirectory } from '../../support/nginx.ts';

const own = 'ssl_certificate own.crt; ssl_certificate_key own.key;';
const inServer = (directives: string): string =>
  `http { server { listen 127.0.0.1:18998 ssl; ${directives} } }`;
const client = (directives: string): string =>
  inServer(`${own} location / { proxy_pass https://127.0.0.1; proxy_ssl_verify on; ${directives} }`);

/** Each names a file `gone` in its own way; everything else in it is there. */
const configurations: Readonly<Record<string, string>> = {
  include: 'include gone;',
  'include in map': 'http { map $uri $a { include gone; } }',
  'include in geo': 'http { geo $a { include gone; } }',
  'include in types': 'http { types { include gone; } }',
  load_module: 'load_module gone;',
  ssl_certificate: inServer('ssl_certificate gone; ssl_certificate_key own.key;'),
  ssl_certificate_key: inServer('ssl_certificate own.crt; ssl_certificate_key gone;'),
  ssl_client_certificate: inServer(`${own} ssl_verify_client on; ssl_client_certificate gone;`),
  ssl_trusted_certificate: inServer(`${own} ssl_trusted_certificate gone;`),
  ssl_crl: inServer(`${own} ssl_crl gone;`),
  ssl_dhparam: inServer(`${own} ssl_dhparam gone;`),
  ssl_session_ticket_key: inServer(`${own} ssl_session_ticket_key gone;`),
  ssl_password_file: inServer(`${own} ssl_password_file gone;`),
  ssl_stapling_file: inServer(`${own} ssl_stapling on; ssl_stapling_file gone;`),
  proxy_ssl_certificate: client(
    'proxy_ssl_certificate gone; proxy_ssl_certificate_key own.key; proxy_ssl_trusted_certificate own.crt;',
  ),
  proxy_ssl_trusted_certificate: client('proxy_ssl_trusted_certificate gone;'),
  proxy_ssl_crl: client('proxy_ssl_trusted_certificate own.crt; proxy_ssl_crl gone;'),
  proxy_ssl_password_file: client('proxy_ssl_trusted_certificate own.crt; proxy_ssl_password_file gone;'),
  lua_ssl_trusted_certificate:
    'http { lua_ssl_trusted_certificate gone; server { listen 127.0.0.1:18998; } }',
};

for (const build of nginxBuilds) {
  test(`${build.name}: looks for files where we say`, () => {
    const { path, remove } = testDirectory();
    try {
      const [conf, prefix] = [join(path, 'conf'), join(path, 'prefix')];
      mkdirSync(conf);
      mkdirSync(join(prefix, 'logs'), { recursive: true });
      const { certificate, key } = makePair();
      writeFileSync(join(conf, 'own.crt'), certificate);
      writeFileSync(join(conf, 'own.key'), key);
      for (const [name, text] of Object.entries(configurations)) {
        const file = join(conf, 'nginx.conf');
        writeFileSync(file, `${name.startsWith('lua_') ? build.luaModules : ''}${text}\nevents {}\n`);
        const { files } = namedFiles(readConfiguration(diskFiles(), file, { serverPrefix: prefix }));
        const gone = files.filter((one) => one.path.endsWith('/gone'));
        assert.equal(gone.length, 1, name);
        const globals = 'error_log stderr; pid /tmp/steward-named.pid;';
        const args = ['-t', '-q', '-p', prefix, '-c', file, '-g', globals];
        const [program = '', ...rest] = nginxCommand({ build }, args);
        const { stderr } = spawnSync(program, rest, { encoding: 'utf8' });
        assert.ok(stderr.includes(`"${gone[0]?.path}`), `${name}: ${gone[0]?.path} is not in: ${stderr}`);
      }
    } finally {
      remove();
    }
  });
}
