import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invocationOf } from '../../../src/cli/the-master.ts';

for (const [commandLine, entry, prefix, globals, isCertain] of [
  ['nginx', '/etc/nginx/nginx.conf', '/etc/nginx', '', false],
  ['nginx -g daemon off;', '/etc/nginx/nginx.conf', '/etc/nginx', 'daemon off;', false],
  ['/usr/sbin/nginx -c /a/nginx.conf', '/a/nginx.conf', '/etc/nginx', '', true],
  ['nginx -c/a/nginx.conf -e stderr', '/a/nginx.conf', '/etc/nginx', '', true],
  ['nginx -p /srv -c conf/site.conf', '/srv/conf/site.conf', '/srv', '', true],
  [
    'nginx -g daemon off; worker_processes 3; -c /a/b.conf',
    '/a/b.conf',
    '/etc/nginx',
    'daemon off; worker_processes 3;',
    true,
  ],
  // What stands inside of -g is no argument of nginx.
  ['nginx -g env A= -c; -c /a/b.conf', '/a/b.conf', '/etc/nginx', 'env A= -c;', true],
] as const)
  test(`a master started as "${commandLine}" reads ${entry}`, () => {
    assert.deepEqual(invocationOf(commandLine, '/etc/nginx'), { entry, prefix, globals, isCertain });
  });
