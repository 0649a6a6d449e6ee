/** The three kinds on a real API server: what it takes, what it refuses and how it says so, and what kubectl shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { apiVersion, type Kind } from '../../../src/api/names.ts';
import { encodeRevision } from '../../../src/api/revision-data.ts';
import { ApiError, patchTypes } from '../../../src/kube/api.ts';
import { own, pathOf } from '../../../src/kube/resource.ts';
import { type ControlPlane, startControlPlane, withoutControlPlane } from '../../support/control-plane.ts';
import { type Fields, files, rules } from './rule-cases.ts';

const top = join(import.meta.dirname, '../../..');
describe('the three kinds on an API server', { skip: withoutControlPlane }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await plane.namespace('shop');
    for (const { spec } of customResourceDefinitions()) {
      const file = join(top, 'deploy/crds', `${spec.group}_${spec.names.plural}.yaml`);
      const { code, stderr } = await plane.kubectl(['apply', '-f', file]);
      assert.equal(code, 0, stderr);
    }
    await plane.applyCrds();
  });
  after(() => plane.stop());

  /** Without `store` the server checks it and forgets it. */
  const create = async (kind: Kind, name: string, spec: Fields, store = false): Promise<Stored> =>
    (await plane.api.request({
      method: 'POST',
      path: pathOf(own(kind), 'shop'),
      query: { fieldValidation: 'Strict', ...(!store && { dryRun: 'All' }) },
      body: { apiVersion, kind, metadata: { name }, spec },
    })) as Stored;
  const writeStatus = (kind: Kind, name: string, status: Fields): Promise<unknown> =>
    plane.api.request({
      method: 'PATCH',
      path: pathOf(own(kind), 'shop', name, 'status'),
      contentType: patchTypes.merge,
      body: { status },
    });
  const refusal = (kind: Kind, name: string, spec: Fields): Promise<string> =>
    messageOf(create(kind, name, spec));

  for (const { field, wrong, right, says } of rules)
    test(`${field} is refused with an example of a right one: ${says.source}`, async () => {
      for (const spec of wrong) {
        const message = await refusal('NginxConfig', 'web', { files, ...spec });
        const causes = causesOf(message).filter((cause) => cause.startsWith(`${field}: `));
        assert.ok(
          causes.some((cause) => says.test(cause)),
          `${JSON.stringify(spec)}: ${message}`,
        );
      }
      for (const spec of right) await create('NginxConfig', 'web', { files, ...spec });
    });

  test('every rule of the schemas is among those that are tried here', () => {
    const tried = rules.map(({ says }) => says);
    const elsewhere = [/^a name of at most 63/, /^a revision never changes/];
    for (const message of everyMessage())
      assert.ok(
        [...tried, ...elsewhere].some((says) => says.test(message)),
        message,
      );
  });

  test('an NginxConfig has a name that fits into a label', async () => {
    await create('NginxConfig', 'w'.repeat(63), { files });
    assert.match(
      await refusal('NginxConfig', 'w'.repeat(64), { files }),
      /at most 63 characters, such as web: /,
    );
    const revision = { ...revisionSpec('x'), config: 'w'.repeat(63) };
    await create('NginxRevision', `${'w'.repeat(63)}-0123456789abcdef0123`, revision);
  });

  test('files must be there, at least one, and unknown fields are named', async () => {
    assert.match(await refusal('NginxConfig', 'web', {}), /spec\.files: Required value/);
    assert.match(await refusal('NginxConfig', 'web', { files: [] }), /at least 1 item/);
    assert.match(await refusal('NginxConfig', 'web', { files, file: 1 }), /unknown field "spec\.file"/);
  });

  test('a thousand files with the longest paths, names and selectors stay within what rules may cost', async () => {
    const expression = { key: 'k'.repeat(63), operator: 'In', values: Array(20).fill('v'.repeat(63)) };
    const many = Array.from({ length: 1000 }, (_, index) => ({
      path: `${'d/'.repeat(200)}${index}`.slice(-500),
      ...(index % 2 === 0
        ? { configMap: { name: 'n'.repeat(253), key: 'k'.repeat(253) } }
        : {
            configMapSelector: {
              matchExpressions: index < 200 ? [expression] : [{ key: 'a', operator: 'Exists' }],
            },
          }),
    }));
    await create('NginxConfig', 'web', { files: many });
  });

  test('the server fills in the defaults', async () => {
    const { spec } = await create('NginxConfig', 'web', { files, reload: { timeout: '5s' } });
    assert.deepEqual(spec, {
      files,
      entrypoint: 'nginx.conf',
      reload: { minInterval: '1s', maxDraining: 4, maxDrainWait: '10m', timeout: '5s', settle: '0s' },
      rollout: { maxConcurrent: '25%', progressDeadline: '10m' },
      revisionHistoryLimit: 5,
    });
  });

  test('values are kept as they are, whatever is in them', async () => {
    const inline = { a: { b: [1, 'x', { c: null }], d: 1.5, e: true }, 'x-y': '' };
    const { spec } = await create('NginxConfig', 'web', { files, values: { inline } });
    assert.deepEqual(spec['values'], { inline });
  });

  test('the example of the API reference is taken as it stands there', async () => {
    const [, example = ''] =
      /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(top, 'docs/api.md'), 'utf8')) ?? [];
    assert.match(example, /^kind: NginxConfig$/m);
    const { code, stderr } = await plane.kubectl(['apply', '--dry-run=server', '-f', '-'], example);
    assert.equal(code, 0, stderr);
  });

  test('a revision never changes, while its status can be written whatever its data holds', async () => {
    const text = 'a+b/c+/=';
    await create('NginxRevision', 'web-1', revisionSpec(text), true);
    const noise = Array.from({ length: 90_000 }, (_, i) =>
      String.fromCharCode(33 + ((i * i * 31 + i) % 89)),
    ).join('');
    const compressed = revisionSpec(noise);
    assert.equal(compressed.encoding, 'Gzip');
    assert.match(compressed.data, /\+[\s\S]*\/|\/[\s\S]*\+/);
    await create('NginxRevision', 'web-2', compressed, true);
    for (const name of ['web-1', 'web-2']) {
      await writeStatus('NginxRevision', name, { number: 7, outcome: 'Applied', durationMilliseconds: 84 });
      for (const change of [{ data: '[]' }, { hash: 'other' }, { provenance: [] }, { config: 'api' }])
        assert.match(
          await messageOf(patchSpec(plane, 'NginxRevision', name, change)),
          /^.*spec: Invalid value: .*a revision never changes: edit the NginxConfig or its ConfigMaps instead$/,
        );
    }
    const stored = (await plane.api.request({
      method: 'GET',
      path: pathOf(own('NginxRevision'), 'shop', 'web-1'),
    })) as Stored;
    assert.equal(stored.spec['data'], revisionSpec(text).data);
    assert.equal(stored.status?.['number'], 7);
    await patchMetadata(plane, 'web-1');
  });

  test('spec and status have writers of their own', async () => {
    await create('NginxConfig', 'split', { files }, true);
    await writeStatus('NginxConfig', 'split', { summary: 'by the status', state: 'Ready' });
    const path = pathOf(own('NginxConfig'), 'shop', 'split');
    const body = { spec: { paused: true }, status: { summary: 'by the spec' } };
    const stored = (await plane.api.request({
      method: 'PATCH',
      path,
      contentType: patchTypes.merge,
      body,
    })) as Stored;
    assert.equal(stored.status?.['summary'], 'by the status');
    assert.equal(stored.spec['paused'], true);
  });

  test('a word that only a newer agent knows is taken in a status', async () => {
    await create('NginxInstance', 'newer', instanceSpec, true);
    const at = '2026-01-02T03:04:05.678Z';
    await writeStatus('NginxInstance', 'newer', {
      state: 'Levitating',
      verdict: { revision: 'web-1', hash: 'x', kind: 'Sublimated', message: 'm', at },
      acknowledged: [{ action: 'Rotate', origin: 'Node', token: '1', verdict: 'Sublimated', at }],
      certificates: [{ path: '/tls.crt', notAfter: '2026-01-02T03:04:05Z', served: 'perhaps' }],
      conditions: [{ type: 'New', status: 'Unknown', reason: 'New', message: 'm', lastTransitionTime: at }],
    });
    await writeStatus('NginxRevision', 'web-1', { outcome: 'Sublimated' });
  });

  test('kubectl get tells the state at a glance', async () => {
    const config = await create('NginxConfig', 'web', { files }, true);
    await writeStatus('NginxConfig', 'web', {
      state: 'Ready',
      latestNumber: 7,
      latestRevision: 'web-7',
      stableRevision: 'web-7',
      ready: '3/3',
      summary: 'rev 7 applied in 84ms',
    });
    await create('NginxRevision', 'web-7', revisionSpec('7'), true);
    await writeStatus('NginxRevision', 'web-7', { number: 7, outcome: 'Applied' });
    await create('NginxInstance', 'web-0', instanceSpec, true);
    await writeStatus('NginxInstance', 'web-0', {
      state: 'Proven',
      ready: true,
      revision: { name: 'web-7', hash: 'abc' },
      workers: { running: 2, draining: 1 },
      verdict: {
        revision: 'web-7',
        hash: 'abc',
        kind: 'Applied',
        message: 'm',
        at: config.metadata.creationTimestamp,
      },
      versions: { agent: '0.1.0', nginx: '1.30.6' },
    });
    const age = String.raw`\d+s`;
    const shown: readonly (readonly [string, string, string, RegExp])[] = [
      [
        'nginxconfigs',
        'web',
        'NAME STATE REVISION PODS SUMMARY',
        /^web +Ready +7 +3\/3 +rev 7 applied in 84ms *$/,
      ],
      [
        'nginxrevisions',
        'web-7',
        'NAME NUMBER CONFIG OUTCOME AGE',
        new RegExp(`^web-7 +7 +web +Applied +${age}$`),
      ],
      [
        'nginxinstances',
        'web-0',
        'NAME CONFIG STATE REVISION READY AGE',
        new RegExp(`^web-0 +web +Proven +web-7 +true +${age}$`),
      ],
    ];
    for (const [plural, name, head, row] of shown) {
      const { stdout, stderr } = await plane.kubectl(['get', '-n', 'shop', plural, name]);
      const [first = '', second = ''] = stdout.split('\n');
      assert.equal(first.trim().replaceAll(/ +/g, ' '), head, stderr);
      assert.match(second, row);
    }
    const wide = await plane.kubectl(['get', '-n', 'shop', 'nginxinstances', 'web-0', '-o', 'wide']);
    assert.match(wide.stdout, /^NAME .*AGE +WANTED +VERDICT +WORKERS +DRAINING +NGINX +MESSAGE *\n/);
    assert.match(wide.stdout, /web-7 +Applied +2 +1 +1\.30\.6/);
  });

  test('short names and the category find them', async () => {
    const names = async (what: string): Promise<string> =>
      (await plane.kubectl(['get', '-n', 'shop', what, '-o', 'name'])).stdout;
    await create('NginxConfig', 'found', { files }, true);
    await create('NginxRevision', 'found-1', revisionSpec('f'), true);
    await create('NginxInstance', 'found-0', instanceSpec, true);
    assert.match(await names('ngc'), /^nginxconfig\.nginx-steward\.io\/found$/m);
    assert.match(await names('ngr'), /^nginxrevision\.nginx-steward\.io\/found-1$/m);
    assert.match(await names('ngi'), /^nginxinstance\.nginx-steward\.io\/found-0$/m);
    const all = await names('nginx-steward');
    for (const one of ['nginxconfig', 'nginxrevision', 'nginxinstance'])
      assert.match(all, new RegExp(`^${one}\\.nginx-steward\\.io/found`, 'm'));
  });

  test('kubectl explain says what each field is', async () => {
    const explain = async (path: string): Promise<string> => {
      const { stdout, stderr } = await plane.kubectl(['explain', path]);
      assert.equal(stderr, '');
      return stdout.replaceAll(/\s+/g, ' ');
    };
    const ofFiles = await explain('nginxconfig.spec.files');
    assert.match(ofFiles, /FIELD: files <\[\]Object> DESCRIPTION: What the tree is made of\./);
    assert.match(ofFiles, /path <string> Where the file goes in the tree\./);
    assert.match(
      await explain('ngc'),
      /DESCRIPTION: The configuration of all nginx Pods that bear the label/,
    );
    assert.match(await explain('ngr.status'), /number <integer> Rises with every change/);
    assert.match(await explain('ngi.status.verdict.lines'), /source <string> The place in the ConfigMap/);
    assert.match(await explain('ngc.spec.rollout.maxConcurrent'), /How many Pods may be at a new revision/);
  });
});

interface Stored {
  readonly metadata: { readonly creationTimestamp: string };
  readonly spec: Fields;
  readonly status?: Fields;
}

const instanceSpec = {
  config: 'web',
  revision: { name: 'web-7', hash: 'abc' },
  policy: { minIntervalMs: 1000, maxDraining: 4, maxDrainWaitMs: 600_000, timeoutMs: 60_000 },
};

function revisionSpec(text: string) {
  const origin = 'ConfigMap web key nginx.conf';
  return {
    config: 'web',
    hash: '0123456789abcdef0123',
    entrypoint: 'nginx.conf',
    ...encodeRevision([{ path: 'nginx.conf', origin, content: Buffer.from(text) }]),
    provenance: [{ path: 'nginx.conf', origin, configMap: 'web', key: 'nginx.conf', resourceVersion: '1' }],
  };
}

function patchSpec(plane: ControlPlane, kind: Kind, name: string, spec: Fields): Promise<unknown> {
  const path = pathOf(own(kind), 'shop', name);
  return plane.api.request({ method: 'PATCH', path, contentType: patchTypes.merge, body: { spec } });
}

/** `steward undo` writes an annotation onto a revision. */
async function patchMetadata(plane: ControlPlane, name: string): Promise<void> {
  const path = pathOf(own('NginxRevision'), 'shop', name);
  const body = { metadata: { annotations: { 'nginx-steward.io/withdrawn': 'by hand' } } };
  await plane.api.request({ method: 'PATCH', path, contentType: patchTypes.merge, body });
}

/** What the server says against it. */
async function messageOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return error.message;
    throw error;
  }
  return 'nothing: it was taken';
}

/** The server puts several into one list: `… is invalid: [a: b, c: d]`. */
function causesOf(message: string): readonly string[] {
  const text = message.replace(/^.*?is invalid: \[?/s, '').replace(/\]$/, '');
  return text.split(/, (?=spec(?:\.|:))/);
}

function everyMessage(): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, one] of Object.entries(value)) {
      if (name === 'x-kubernetes-validations')
        found.push(...(one as readonly { message: string }[]).map(({ message }) => message));
      else walk(one);
    }
  };
  walk(customResourceDefinitions());
  return found;
}
