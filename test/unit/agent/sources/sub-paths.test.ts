import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neverUpdated } from '../../../../src/agent/sources/sub-paths.ts';

const volumes = '/var/lib/kubelet/pods/0b3/volumes/kubernetes.io~configmap';
const mountinfo = `
22 28 0:21 / /proc rw,nosuid - proc proc rw
90 28 254:1 ${volumes}/whole /etc/nginx/conf.d ro,relatime - ext4 /dev/vda1 rw
91 28 254:1 ${volumes}/sub/..2026_01_02_03_04_05.678/nginx.conf /etc/nginx/nginx.conf ro,relatime - ext4 /dev/vda1 rw
92 28 254:1 ${volumes}/old/..2025_01_02_03_04_05.678/a\\040b//deleted /etc/nginx/a\\040b ro,relatime - ext4 /dev/vda1 rw
`;

test('files mounted by subPath are told apart from whole volumes', () => {
  const paths = [
    '/etc/nginx/conf.d/site.conf',
    '/etc/nginx/nginx.conf',
    '/etc/nginx/nginx.conf2',
    '/etc/nginx/a b/c',
  ];
  assert.deepEqual(neverUpdated(paths, mountinfo), ['/etc/nginx/nginx.conf', '/etc/nginx/a b/c']);
});
