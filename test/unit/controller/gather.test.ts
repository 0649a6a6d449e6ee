import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ConfigMapContent,
  type Gathered,
  gather,
  neededConfigMaps,
} from '../../../src/controller/gather.ts';
import { configMapOf, configOf, contentsOf } from '../../support/config-maps.ts';

async function files(spec: unknown, ...configMaps: readonly ConfigMapContent[]): Promise<string[]> {
  const gathered = await gather(configOf(spec), contentsOf(...configMaps));
  if (gathered.kind === 'refused') assert.fail(gathered.problems.map(({ message }) => message).join('\n'));
  return gathered.files.map(
    ({ path, content, origin }) => `${path}=${Buffer.from(content).toString()} [${origin}]`,
  );
}

async function refused(
  spec: unknown,
  ...configMaps: readonly ConfigMapContent[]
): Promise<Extract<Gathered, { kind: 'refused' }>> {
  const gathered = await gather(configOf(spec), contentsOf(...configMaps));
  if (gathered.kind !== 'refused') assert.fail('it was gathered');
  return gathered;
}

const site = configMapOf(
  'site',
  { 'b.conf': 'B', 'a.conf': 'A' },
  { version: '7', labels: { part: 'site' } },
);
const extra = configMapOf('extra', { 'c.conf': 'C' }, { version: '9', labels: { part: 'site' } });

test('inline content is the file at its path', async () => {
  assert.deepEqual(await files({ files: [{ path: 'nginx.conf', inline: 'events {}' }] }), [
    'nginx.conf=events {} [NginxConfig web spec.files[0].inline]',
  ]);
});

test('one key goes to its path, or else is called as it is', async () => {
  const spec = {
    files: [
      { configMap: { name: 'site', key: 'a.conf' } },
      { path: 'conf.d/x.conf', configMap: { name: 'site', key: 'a.conf' } },
    ],
  };
  assert.deepEqual(await files(spec, site), [
    'a.conf=A [ConfigMap site key a.conf]',
    'conf.d/x.conf=A [ConfigMap site key a.conf]',
  ]);
});

test('all keys go into the directory that path names, in the order of their names', async () => {
  assert.deepEqual(await files({ files: [{ path: 'conf.d', configMap: { name: 'site' } }] }, site), [
    'conf.d/a.conf=A [ConfigMap site key a.conf]',
    'conf.d/b.conf=B [ConfigMap site key b.conf]',
  ]);
  assert.deepEqual(await files({ files: [{ configMap: { name: 'extra' } }] }, extra), [
    'c.conf=C [ConfigMap extra key c.conf]',
  ]);
});

test('a selector takes all keys of what matches, in the order of the names of ConfigMaps', async () => {
  const spec = { files: [{ path: 'd', configMapSelector: { matchLabels: { part: 'site' } } }] };
  assert.deepEqual(await files(spec, site, extra, configMapOf('other', { x: '' })), [
    'd/c.conf=C [ConfigMap extra key c.conf]',
    'd/a.conf=A [ConfigMap site key a.conf]',
    'd/b.conf=B [ConfigMap site key b.conf]',
  ]);
});

test('a selector that matches nothing gives no file', async () => {
  assert.deepEqual(
    await files({ files: [{ configMapSelector: { matchLabels: { part: 'none' } } }] }, site),
    [],
  );
});

test('binaryData arrives byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async (bytes) => {
      const binaryData = { 'geo.dat': Buffer.from(bytes).toString('base64') };
      const spec = { files: [{ configMap: { name: 'geo' } }] };
      const gathered = await gather(configOf(spec), contentsOf(configMapOf('geo', {}, { binaryData })));
      assert.ok(gathered.kind === 'gathered');
      assert.deepEqual(new Uint8Array(gathered.files[0]?.content ?? []), bytes);
      assert.equal(gathered.files[0]?.mode, 0o644);
    }),
  );
});

test('keys that every object knows are keys like any other', async () => {
  const data = JSON.parse('{"__proto__": "P", "constructor": "K"}') as Record<string, string>;
  assert.deepEqual(await files({ files: [{ configMap: { name: 'odd' } }] }, configMapOf('odd', data)), [
    '__proto__=P [ConfigMap odd key __proto__]',
    'constructor=K [ConfigMap odd key constructor]',
  ]);
  const { reason } = await refused({ files: [{ configMap: { name: 'extra', key: 'toString' } }] }, extra);
  assert.equal(reason, 'KeyMissing');
});

test('where each file came from is told by the path of the rendered file', async () => {
  const tls = configMapOf('tls', { 'tls.conf.liquid': '' }, { version: '3' });
  const spec = {
    files: [
      { path: 'x', configMap: { name: 'tls' } },
      { path: 'i', inline: '' },
    ],
  };
  const gathered = await gather(configOf(spec), contentsOf(tls));
  assert.ok(gathered.kind === 'gathered');
  assert.deepEqual(
    [...gathered.provenance],
    [
      [
        'x/tls.conf',
        {
          path: 'x/tls.conf',
          origin: 'ConfigMap tls key tls.conf.liquid',
          configMap: 'tls',
          key: 'tls.conf.liquid',
          resourceVersion: '3',
        },
      ],
      ['i', { path: 'i', origin: 'NginxConfig web spec.files[1].inline' }],
    ],
  );
});

test('sources are all ConfigMaps that were looked at; those that are not there have no version', async () => {
  const spec = {
    files: [
      { configMap: { name: 'site' } },
      { configMap: { name: 'later', optional: true } },
      { path: 'd', configMapSelector: { matchLabels: { part: 'site' } } },
    ],
    values: { configMaps: [{ name: 'values', key: 'v.yaml', optional: true }] },
  };
  const gathered = await gather(configOf(spec), contentsOf(site, extra));
  assert.deepEqual(gathered.sources, [
    { name: 'extra', resourceVersion: '9' },
    { name: 'later', resourceVersion: '' },
    { name: 'site', resourceVersion: '7' },
    { name: 'values', resourceVersion: '' },
  ]);
});

test('needed are those that are named, there or not, and those that selectors choose', () => {
  const spec = {
    files: [
      { configMap: { name: 'zeta' } },
      { configMap: { name: 'site', key: 'a' } },
      { configMapSelector: { matchLabels: { part: 'site' } } },
    ],
    values: { configMaps: [{ name: 'values', key: 'v' }] },
  };
  const other = configMapOf('other', {});
  assert.deepEqual(neededConfigMaps(configOf(spec), [other, site, extra]), [
    'extra',
    'site',
    'values',
    'zeta',
  ]);
});

test('a ConfigMap that lost its label since it was chosen is no part of it', async () => {
  const spec = { files: [{ configMapSelector: { matchLabels: { part: 'site' } } }] };
  const gathered = await gather(configOf(spec), contentsOf(extra, { ...site, labels: {} }));
  assert.ok(gathered.kind === 'gathered');
  assert.deepEqual(gathered.sources, [{ name: 'extra', resourceVersion: '9' }]);
});

test('values: later ConfigMaps win, and inline wins over all', async () => {
  const values = configMapOf('values', {
    'a.yaml': 'x: 1\ny: {p: 1, q: 1}\n',
    'b.json': '{"y": {"q": 2}, "z": 2}',
  });
  const spec = {
    files: [{ path: 'nginx.conf', inline: '' }],
    values: {
      inline: { z: 3 },
      configMaps: [
        { name: 'values', key: 'a.yaml' },
        { name: 'values', key: 'b.json' },
        { name: 'none', key: 'c', optional: true },
        { name: 'values', key: 'none.yaml', optional: true },
      ],
    },
  };
  const gathered = await gather(configOf(spec), contentsOf(values));
  assert.ok(gathered.kind === 'gathered');
  assert.deepEqual(gathered.values, { x: 1, y: { p: 1, q: 2 }, z: 3 });
});

const selecting = (selector: unknown): unknown => ({ files: [{ configMapSelector: selector }] });
const valuesOf = (values: unknown): unknown => ({ files: [{ path: 'nginx.conf', inline: '' }], values });

const refusals: readonly (readonly [
  what: string,
  spec: unknown,
  configMaps: readonly ConfigMapContent[],
  reason: string,
  message: RegExp,
])[] = [
  [
    'a ConfigMap that is not there',
    { files: [{ path: 'a', inline: '' }, { configMap: { name: 'gone' } }] },
    [],
    'ConfigMapMissing',
    /^NginxConfig web spec\.files\[1\]\.configMap: there is no ConfigMap gone in the namespace$/,
  ],
  [
    'a key that is not there',
    { files: [{ configMap: { name: 'site', key: 'c.conf' } }] },
    [site],
    'KeyMissing',
    /^NginxConfig web spec\.files\[0\]\.configMap: ConfigMap site has no key c\.conf$/,
  ],
  [
    'values from a ConfigMap that is not there',
    valuesOf({ configMaps: [{ name: 'gone', key: 'v' }] }),
    [],
    'ConfigMapMissing',
    /spec\.values\.configMaps\[0\]: there is no ConfigMap gone/,
  ],
  [
    'values from a key that is not there',
    valuesOf({ configMaps: [{ name: 'site', key: 'v' }] }),
    [site],
    'KeyMissing',
    /spec\.values\.configMaps\[0\]: ConfigMap site has no key v/,
  ],
  [
    'values that are no YAML',
    valuesOf({ configMaps: [{ name: 'values', key: 'v.yaml' }] }),
    [configMapOf('values', { 'v.yaml': 'a: 1\nb: [1\n' })],
    'ValuesError',
    /^ConfigMap values key v\.yaml:\d+:\d+: /,
  ],
  [
    'values that are no text',
    valuesOf({ configMaps: [{ name: 'values', key: 'v' }] }),
    [configMapOf('values', {}, { binaryData: { v: '/w==' } })],
    'ValuesError',
    /^ConfigMap values key v: it is not UTF-8 text/,
  ],
  [
    'inline values with a reserved name',
    valuesOf({ inline: { steward: 1 } }),
    [],
    'ValuesError',
    /^NginxConfig web spec\.values\.inline: the name `steward` is reserved/,
  ],
  [
    'a selector that Kubernetes would refuse',
    selecting({ matchLabels: { 'a b': 'c' } }),
    [],
    'SelectorInvalid',
    /^NginxConfig web spec\.files\[0\]\.configMapSelector: "a b" is no label's key/,
  ],
  [
    'one path from two ConfigMaps',
    { files: [{ configMap: { name: 'site' } }, { configMap: { name: 'twin' } }] },
    [site, configMapOf('twin', { 'a.conf': 'other' })],
    'PathConflict',
    /^ConfigMap twin key a\.conf: a\.conf has two sources: this one and ConfigMap site key a\.conf$/,
  ],
  [
    'a template and the file that it becomes',
    {
      files: [
        { path: 'a', inline: '' },
        { path: 'a.liquid', inline: '' },
      ],
    },
    [],
    'PathConflict',
    /^NginxConfig web spec\.files\[1\]\.inline: a has two sources: this one and NginxConfig web spec\.files\[0\]/,
  ],
  [
    'a file that another one needs as a directory',
    {
      files: [
        { path: 'a', inline: '' },
        { path: 'a', configMap: { name: 'site' } },
      ],
    },
    [site],
    'PathConflict',
    /a\/a\.conf needs a to be a directory, and NginxConfig web spec\.files\[0\]\.inline makes it a file/,
  ],
  [
    'a path that leads out of the tree',
    { files: [{ path: '../../etc', configMap: { name: 'site', key: 'a.conf' } }] },
    [site],
    'PathInvalid',
    /^ConfigMap site key a\.conf: the name has the part `\.\.`/,
  ],
  [
    'a path longer than a path may be',
    { files: [{ path: '€€/'.repeat(170), configMap: { name: 'site' } }] },
    [site],
    'PathInvalid',
    /longer than 1024 bytes/,
  ],
  [
    'more than a revision could ever hold',
    { files: [{ configMap: { name: 'big' } }] },
    [configMapOf('big', { small: 'x', huge: 'y'.repeat(9 * 1024 * 1024) })],
    'TooLarge',
    /^NginxConfig web: its sources are 9\.00 MiB, and at most 8\.00 MiB are taken\. The largest: huge \(9\.00 MiB, ConfigMap big key huge\), small \(1 bytes/,
  ],
];

for (const [what, spec, configMaps, reason, message] of refusals)
  test(`${what} is refused, with its place`, async () => {
    const refusal = await refused(spec, ...configMaps);
    assert.equal(refusal.reason, reason);
    assert.ok(
      refusal.problems.some((problem) => message.test(problem.message)),
      refusal.problems.map((problem) => problem.message).join('\n'),
    );
  });

test('everything that is wrong is said at once, and the reason is that of the first', async () => {
  const spec = {
    files: [{ configMap: { name: 'site', key: 'none' } }, { configMap: { name: 'gone' } }],
    values: { inline: { steward: 1 } },
  };
  const { reason, problems } = await refused(spec, site);
  assert.equal(reason, 'KeyMissing');
  assert.equal(problems.length, 3);
  assert.equal(
    problems[0]?.fix,
    'Add the key, mend its name, or set `optional: true`. It has: a.conf, b.conf.',
  );
});

test('too many ConfigMaps are refused, and the status has room for those that it lists', async () => {
  const many = Array.from({ length: 5001 }, (_, n) => configMapOf(`c${n}`, {}, { labels: { part: 'site' } }));
  const refusal = await refused(selecting({ matchLabels: { part: 'site' } }), ...many);
  assert.equal(refusal.reason, 'TooLarge');
  assert.match(
    refusal.problems[0]?.message ?? '',
    /its sources are 5001 ConfigMaps, and at most 5000 are taken/,
  );
  assert.equal(refusal.sources.length, 5000);
});

test('optional is for the object and for the key', async () => {
  const spec = {
    files: [
      { configMap: { name: 'gone', optional: true } },
      { configMap: { name: 'gone', key: 'a', optional: true } },
      { configMap: { name: 'site', key: 'gone', optional: true } },
    ],
  };
  assert.deepEqual(await files(spec, site), []);
});

test('what two selectors and a name choose alike is one file', async () => {
  const selector = { matchLabels: { part: 'site' } };
  const spec = {
    files: [
      { configMapSelector: selector },
      { configMap: { name: 'extra' } },
      { configMapSelector: { ...selector, matchExpressions: [{ key: 'part', operator: 'Exists' }] } },
    ],
  };
  assert.equal((await files(spec, site, extra)).length, 3);
});

test('the order in which ConfigMaps come does not matter', async () => {
  const spec = {
    files: [
      { path: 'd', configMapSelector: { matchLabels: { part: 'site' } } },
      { configMap: { name: 'main' } },
    ],
    values: { configMaps: [{ name: 'main', key: 'v' }] },
  };
  const all = [
    site,
    extra,
    configMapOf('main', { v: 'a: 1' }),
    configMapOf('more', {}, { labels: { part: 'site' } }),
  ];
  const expected = await gather(configOf(spec), contentsOf(...all));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(all, { minLength: all.length }), async (shuffled) => {
      assert.deepEqual(await gather(configOf(spec), contentsOf(...shuffled)), expected);
    }),
    { numRuns: 24 },
  );
});
