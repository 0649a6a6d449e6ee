import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificatePair } from '../../../../src/nginx/language/certificate-pairs.ts';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { namedFiles } from '../../../../src/nginx/language/named-files.ts';
import { readConfiguration } from '../../../../src/nginx/language/read-configuration.ts';

const nothing = { read: () => undefined, list: () => undefined };
function pairsIn(text: string): readonly CertificatePair[] {
  const files = overlayFiles(new Map([['/c/nginx.conf', Buffer.from(text)]]), nothing);
  return namedFiles(readConfiguration(files, '/c/nginx.conf')).pairs;
}
const pair = (name: string): string => `ssl_certificate /${name}.crt; ssl_certificate_key /${name}.key;`;

/** `certificate key @ addresses = names`, one for each place. */
function shown(text: string): string[] {
  return pairsIn(text).flatMap(({ certificate, key, served }) => {
    const places = served.map(({ listens, names }) => {
      const addresses = listens.map((one) => {
        const flags = [
          one.ssl && 'ssl',
          one.quic && 'quic',
          one.proxyProtocol && 'proxy',
          one.rejectHandshake && 'reject',
        ];
        return [`${one.address}:${one.port}`, one.defaultServer && 'default', ...flags]
          .filter(Boolean)
          .join(' ');
      });
      return ` @ ${addresses.join(', ')} = ${names.join(' ')}`;
    });
    return (places.length === 0 ? [''] : places).map((place) => `${certificate.path} ${key.path}${place}`);
  });
}

for (const [what, text, found] of [
  [
    'a server',
    `http { server { listen 443 ssl; server_name a.example www.a.example; ${pair('a')} } }`,
    ['/a.crt /a.key @ *:443 default ssl = a.example www.a.example'],
  ],
  [
    'two certificates of a server, by their order',
    `http { server { listen 443 ssl; ssl_certificate /r.crt; ssl_certificate /e.crt; ssl_certificate_key /r.key; ssl_certificate_key /e.key; } }`,
    ['/r.crt /r.key @ *:443 default ssl = ', '/e.crt /e.key @ *:443 default ssl = '],
  ],
  [
    'what a server inherits, also from a line behind it',
    `http { server { listen 443 ssl; server_name a; } ssl_reject_handshake on; ${pair('h')} }`,
    ['/h.crt /h.key @ *:443 default ssl reject = a'],
  ],
  [
    'servers of one certificate as one place, others apart',
    `http { ${pair('h')} server { listen 443 ssl default_server; server_name a; } server { listen 443 ssl; server_name b; }
      server { listen 443 ssl; server_name c; } server { listen 8443 ssl; server_name d; } }`,
    [
      '/h.crt /h.key @ *:443 default ssl = a',
      '/h.crt /h.key @ *:443 ssl = b c',
      '/h.crt /h.key @ *:8443 default ssl = d',
    ],
  ],
  [
    'settings that one server makes for all at its address',
    `http { server { listen 443 ssl proxy_protocol; server_name a; ${pair('a')} } server { listen 0.0.0.0:443; server_name b; ${pair('b')} } }`,
    ['/a.crt /a.key @ *:443 default ssl proxy = a', '/b.crt /b.key @ 0.0.0.0:443 ssl proxy = b'],
  ],
  [
    'addresses of every kind',
    `http { server { listen [::]:443 ssl; listen unix:/s ssl; listen 10.0.0.1:8443 quic; listen localhost:1 ssl; ${pair('a')} } }`,
    [
      '/a.crt /a.key @ [::]:443 default ssl, unix:/s:0 default ssl, 10.0.0.1:8443 default quic, localhost:1 default ssl = ',
    ],
  ],
  [
    'names made concrete, and none that another server has first',
    `http { server { listen 443 ssl; server_name taken; ${pair('x')} }
      server { listen 443 ssl; server_name *.a.example .b.example c.* ~^d $hostname taken ""; ${pair('a')} } }`,
    [
      '/x.crt /x.key @ *:443 default ssl = taken',
      '/a.crt /a.key @ *:443 ssl = steward-probe.a.example b.example c.steward-probe',
    ],
  ],
  [
    'another loopback address where the usual one is taken',
    `http { server { listen 127.0.0.1:443 ssl; ${pair('x')} } server { listen 443 ssl; ${pair('a')} } }`,
    ['/x.crt /x.key @ 127.0.0.1:443 default ssl = ', '/a.crt /a.key @ 127.0.0.2:443 default ssl = '],
  ],
  [
    'no place where Lua chooses the certificate',
    `http { server { listen 443 ssl; ssl_certificate_by_lua_block { } ${pair('a')} } }`,
    ['/a.crt /a.key'],
  ],
  [
    'a client certificate, which is served nowhere',
    'http { server { location / { proxy_ssl_certificate c; proxy_ssl_certificate_key k; } } }',
    ['/c/c /c/k'],
  ],
  [
    'streams and mail',
    `stream { server { listen 1 ssl; ${pair('s')} } } mail { server { listen 993 ssl; server_name m; ${pair('m')} } }`,
    ['/s.crt /s.key @ *:1 default ssl = ', '/m.crt /m.key @ *:993 default ssl = m'],
  ],
  [
    'nothing of a key with a variable',
    'http { server { listen 443 ssl; ssl_certificate /a; ssl_certificate_key $k; } }',
    [],
  ],
  ['nothing of a certificate that no server has', `http { ${pair('a')} }`, []],
] as const) {
  test(`finds ${what}`, () => {
    assert.deepEqual(shown(text), found);
  });
}
