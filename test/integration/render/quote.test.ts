import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { longestParameter } from '../../../src/render/quote.ts';
import { createRenderer, sourcePosition } from '../../../src/render/render.ts';
import type { Values } from '../../../src/render/values.ts';
import { nginxBuilds, startNginx, testConfiguration, testDirectory, until } from '../../support/nginx.ts';

/** What could end a parameter, a directive, a block or a line, and what a naive escape would mend twice. */
const hostile: readonly string[] = [
  'plain',
  '',
  ' ',
  'x; } evil {',
  '"',
  "'",
  '\\',
  '\\"',
  '\\\\n',
  '\\n\\t\\',
  'a\nb\r\nc\td',
  '# no comment',
  '{}',
  '};',
  '\'; return 200 "',
  'é🙂\u0001\u007f',
  `${'\\'.repeat(40)}"`,
  'x'.repeat(longestParameter),
  '"'.repeat(longestParameter / 2),
];

async function render(template: string, values: Values): Promise<string> {
  const file = {
    path: 'nginx.conf.liquid',
    content: Buffer.from(template),
    mode: 0o644,
    origin: 'nginx.conf.liquid',
  };
  const result = await createRenderer().render([file], values, { treeToken: '' });
  if (result.kind === 'refused') throw result.problems[0];
  return Buffer.from(result.files[0]?.content ?? []).toString();
}

function fetchText(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: 80, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}

for (const build of nginxBuilds) {
  test(`${build.name}: every quoted value arrives as one parameter, byte for byte`, async () => {
    const directory = testDirectory();
    const template = `
      user www-data; pid ${directory.path}/pid; error_log ${directory.path}/error.log; events {}
      http {
        access_log off; server_names_hash_bucket_size 128;
        geo $money { default {{ money | nginx_quote: allow: "$" }}; }
        server {
          listen 80;
          {%- for value in values %}
          location = /{{ forloop.index0 }} { return 200 {{ value | nginx_quote }}; }
          {%- endfor %}
          location = /money { return 200 $money; }
        }
        server { listen 80; server_name {{ names | nginx_quote }}; return 200 named; }
      }`;
    const configuration = join(directory.path, 'nginx.conf');
    const values = { values: hostile, money: 'cost: 5$ {x}', names: ['one.example', 'two.example'] };
    writeFileSync(configuration, await render(template, values));
    const nginx = startNginx({ build, configuration });
    try {
      await until('nginx answers', () => fetchText('/0').catch(() => ''));
      for (const [index, value] of hostile.entries()) assert.equal(await fetchText(`/${index}`), value);
      assert.equal(await fetchText('/money'), values.money);
      for (const host of values.names) assert.equal(await fetchText('/', { host }), 'named');
    } finally {
      await nginx.stop();
      directory.remove();
    }
  });

  test(`${build.name}: without the filter the same value adds directives of its own`, async () => {
    const directory = testDirectory();
    const values = { greeting: 'hello; } location /evil { return 200 evil' };
    const template = (output: string): string =>
      `user www-data; pid ${directory.path}/pid; error_log ${directory.path}/error.log; events {} http { access_log off; server { listen 80; location / { return 200 ${output}; } } }`;
    const configuration = join(directory.path, 'nginx.conf');
    for (const [output, answer] of [
      ['{{ greeting }}', 'evil'],
      ['{{ greeting | nginx_quote }}', values.greeting],
    ] as const) {
      writeFileSync(configuration, await render(template(output), values));
      const nginx = startNginx({ build, configuration });
      try {
        await until('nginx answers', () => fetchText('/').catch(() => ''));
        assert.equal(await fetchText('/evil'), answer);
      } finally {
        await nginx.stop();
      }
    }
    directory.remove();
  });

  test(`${build.name}: nginx's line of a rendered file leads to the template's`, async () => {
    const directory = testDirectory();
    const template =
      'events {}\nhttp {\n{%- for n in (1..5) %}\n  map $uri $m{{ n }} { default 1; }\n{%- endfor %}\n\n  nonsense on;\n}\n';
    const file = { path: 'nginx.conf.liquid', content: Buffer.from(template), mode: 0o644, origin: 'a' };
    const result = await createRenderer().render([file], {}, { treeToken: '' });
    assert.equal(result.kind, 'rendered');
    const [rendered] = result.kind === 'rendered' ? result.files : [];
    assert.ok(rendered);
    const configuration = join(directory.path, 'nginx.conf');
    writeFileSync(configuration, rendered.content);
    const line = Number(/nonsense.*:(\d+)/.exec(testConfiguration(build, configuration).output)?.[1]);
    assert.equal(line, 9);
    assert.equal(sourcePosition(rendered, line).line, template.split('\n').indexOf('  nonsense on;') + 1);
    directory.remove();
  });
}
