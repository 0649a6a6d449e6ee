import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayFiles } from '../../../../src/nginx/language/config-files.ts';
import { readConfiguration } from '../../../../src/nginx/language/read-configuration.ts';
import { lintHostNames } from '../../../../src/nginx/lint/host-names.ts';

test('only names that nginx looks up while it loads are looked up', async () => {
  const text = `http {
    upstream group { server one.example:80; server gone.example weight=2; server later.example resolve; server 10.0.0.1; }
    server {
      location /a { proxy_pass http://two.example/x; }
      location /b { proxy_pass http://$host; }
      location /c { proxy_pass http://GROUP; }
      location /d { fastcgi_pass unix:/run/php.sock; }
      location /e { fastcgi_pass gone.example:9000; }
      location /f { grpc_pass grpcs://[::1]:1; }
    }
  }`;
  const nothing = { read: () => undefined, list: () => undefined };
  const files = overlayFiles(new Map([['/n', Buffer.from(text)]]), nothing);
  const asked: string[] = [];
  const findings = await lintHostNames(readConfiguration(files, '/n'), async (name) => {
    asked.push(name);
    return name !== 'gone.example';
  });
  assert.deepEqual(asked.toSorted(), ['gone.example', 'one.example', 'two.example']);
  assert.deepEqual(
    findings.map(({ line, rule }) => [line, rule]),
    [
      [2, 'unknown-host'],
      [8, 'unknown-host'],
    ],
  );
});
