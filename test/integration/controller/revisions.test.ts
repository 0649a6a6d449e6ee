/** The built controller on a real API server; what agents would say is written by the test. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { test } from 'node:test';
import type { NginxConfig } from '../../../src/api/nginx-config.ts';
import type { NginxRevision } from '../../../src/api/nginx-revision.ts';
import { builtProgram } from '../../support/agent.ts';
import { startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { until } from '../../support/nginx.ts';

const skip = withoutControlPlane;

test('an edit of a ConfigMap becomes a revision, a broken one a condition that names the line', {
  skip,
}, async () => {
  const plane = await startControlPlane();
  const child = spawn(process.execPath, [builtProgram, 'controller', '--kubeconfig', plane.kubeconfig], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
    });
  const base = '/apis/nginx-steward.io/v1alpha1/namespaces/shop';
  const config = async (): Promise<NginxConfig> =>
    (await plane.api.request({ method: 'GET', path: `${base}/nginxconfigs/web` })) as NginxConfig;
  const apply = async (text: string): Promise<void> => {
    const answer = await plane.kubectl(['apply', '-n', 'shop', '-f', '-'], text);
    assert.equal(answer.code, 0, answer.stderr);
  };
  const source = (body: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'site' },
      data: { 'nginx.conf': body },
    });
  try {
    await plane.applyCrds();
    await plane.namespace('shop');
    await apply(source('events {}\nhttp { server { listen 8080; return 200 one; } }\n'));
    await apply(
      JSON.stringify({
        apiVersion: 'nginx-steward.io/v1alpha1',
        kind: 'NginxConfig',
        metadata: { name: 'web' },
        spec: { files: [{ configMap: { name: 'site' } }] },
      }),
    );
    const first = await until('a first revision', async () => (await config()).status?.latestRevision);
    const ready = (await config()).status?.conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual([ready?.status, ready?.reason], ['True', 'NoInstances']);

    await apply(source('events {}\nhttp { server { listen 8080; return 200 two; } }\n'));
    const second = await until('a second revision', async () => {
      const latest = (await config()).status?.latestRevision;
      return latest === first ? undefined : latest;
    });
    const { status } = (await plane.api.request({
      method: 'GET',
      path: `${base}/nginxrevisions/${second}`,
    })) as NginxRevision;
    assert.equal(status?.number, 2);

    await apply(source('events {}\nhttp { server { listen 8080 } }\n'));
    const rendered = await until('the condition', async () => {
      const one = (await config()).status?.conditions?.find(({ type }) => type === 'Rendered');
      return one?.status === 'False' ? one : undefined;
    });
    assert.equal(rendered.reason, 'LintError');
    assert.match(rendered.message, /ConfigMap site key nginx\.conf:2:/);
    assert.equal((await config()).status?.latestRevision, second);
  } catch (error) {
    throw new Error(`${String(error)}\n${log}`, { cause: error });
  } finally {
    child.kill('SIGTERM');
    await plane.stop();
  }
});
