import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { nginxRevision } from '../../../src/api/nginx-revision.ts';
import { decodeRevision, revisionHash } from '../../../src/api/revision-data.ts';
import { treeToken } from '../../../src/base/tree-token.ts';
import { type ConfigMapContent, gather, type Refusal } from '../../../src/controller/gather.ts';
import { type Revised, revise } from '../../../src/controller/revise.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { configMapOf, configOf, contentsOf } from '../../support/config-maps.ts';

const renderer = createRenderer();

async function reviseOf(
  spec: unknown,
  ...configMaps: readonly ConfigMapContent[]
): Promise<Revised | Refusal> {
  const config = configOf(spec);
  const gathered = await gather(config, contentsOf(...configMaps));
  if (gathered.kind === 'refused') assert.fail(gathered.problems.map(({ message }) => message).join('\n'));
  return revise(config, gathered, renderer);
}

async function revised(spec: unknown, ...configMaps: readonly ConfigMapContent[]): Promise<Revised> {
  const result = await reviseOf(spec, ...configMaps);
  if (result.kind === 'refused') assert.fail(result.problems.map(({ message }) => message).join('\n'));
  return result;
}

async function refused(spec: unknown, ...configMaps: readonly ConfigMapContent[]): Promise<Refusal> {
  const result = await reviseOf(spec, ...configMaps);
  if (result.kind !== 'refused') assert.fail('it became a revision');
  return result;
}

const all = (...names: readonly string[]): unknown => ({
  files: names.map((name) => ({ configMap: { name } })),
});
const quiet = 'worker_shutdown_timeout 1m;\nevents {}\n';

test('a revision is named by its config and its content, and holds what was rendered', async () => {
  const main = configMapOf('main', { 'nginx.conf.liquid': `${quiet}# {{ a }}\n` }, { version: '5' });
  const spec = { ...(all('main') as object), values: { inline: { a: 'b' } } };
  const { name, spec: stored, findings } = await revised(spec, main);
  assert.equal(name, `web-${stored.hash}`);
  assert.deepEqual(nginxRevision.shape.spec.parse(stored), stored);
  assert.deepEqual(findings, []);
  const files = decodeRevision(stored, name);
  assert.equal(revisionHash(files, 'nginx.conf'), stored.hash);
  assert.deepEqual(
    files.map(({ path, content, origin }) => [path, Buffer.from(content).toString(), origin]),
    [['nginx.conf', `${quiet}# b\n`, 'ConfigMap main key nginx.conf.liquid']],
  );
  assert.deepEqual(stored.provenance, [
    {
      path: 'nginx.conf',
      origin: 'ConfigMap main key nginx.conf.liquid',
      configMap: 'main',
      key: 'nginx.conf.liquid',
      resourceVersion: '5',
    },
  ]);
});

test('the same content is the same revision, whatever the order of files and ConfigMaps and their versions', async () => {
  const key = fc.stringMatching(/^[a-z]{1,6}$/);
  const configMaps = fc.array(fc.dictionary(key, fc.string(), { maxKeys: 3 }), {
    minLength: 1,
    maxLength: 4,
  });
  const shuffle = fc.array(fc.nat(), { minLength: 5, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(configMaps, shuffle, async (data, ranks) => {
      const made = data.map((one, n) => configMapOf(`c${n}`, one, { version: `${n}` }));
      const files = [
        { path: 'nginx.conf', inline: quiet },
        ...made.map(({ name }) => ({ path: name, configMap: { name } })),
      ];
      const inOrder = await revised({ files }, ...made);
      const shuffled = files
        .map((file, n) => ({ file, rank: ranks[n] ?? 0 }))
        .sort((one, other) => one.rank - other.rank)
        .map(({ file }) => file);
      const newer = made.map((one) => ({ ...one, resourceVersion: '99' })).toReversed();
      const other = await revised({ files: shuffled }, ...newer);
      assert.equal(other.name, inOrder.name);
      assert.equal(other.spec.hash, inOrder.spec.hash);
      const paths = (of: Revised): string[] => of.spec.provenance.map(({ path }) => path);
      assert.deepEqual(paths(other), paths(inOrder));
    }),
    { numRuns: 40 },
  );
});

test('other bytes, another path or another entry file are another revision', async () => {
  const names = await Promise.all(
    [
      {
        files: [
          { path: 'nginx.conf', inline: quiet },
          { path: 'a', inline: '1' },
        ],
      },
      {
        files: [
          { path: 'nginx.conf', inline: quiet },
          { path: 'a', inline: '2' },
        ],
      },
      {
        files: [
          { path: 'nginx.conf', inline: quiet },
          { path: 'b', inline: '1' },
        ],
      },
      {
        files: [
          { path: 'nginx.conf', inline: quiet },
          { path: 'a', inline: '1' },
        ],
        entrypoint: 'a',
      },
    ].map(async (spec) => (await reviseOf(spec)).kind === 'revised' && (await revised(spec)).name),
  );
  assert.equal(new Set(names).size, names.length);
});

test('the place of the tree stays open until an agent knows it', async () => {
  const { spec } = await revised({
    files: [{ path: 'nginx.conf.liquid', inline: `${quiet}http { root {{ steward.tree }}/html; }` }],
  });
  assert.ok(spec.data.includes(`root ${treeToken}/html;`));
});

test('a template that cannot be rendered is refused with object, key and line', async () => {
  const main = configMapOf('main', { 'nginx.conf.liquid': 'events {}\n# {{ port }}\n' });
  const { reason, problems } = await refused(all('main'), main);
  assert.equal(reason, 'TemplateError');
  assert.match(problems[0]?.message ?? '', /^ConfigMap main key nginx\.conf\.liquid:2:\d+: /);
});

test('without the entry file there is no revision', async () => {
  const { reason, problems } = await refused({
    files: [
      { path: 'main.conf', inline: quiet },
      { path: 'a/nginx.conf', inline: '' },
    ],
  });
  assert.equal(reason, 'EntrypointMissing');
  assert.equal(problems[0]?.message, 'NginxConfig web spec.entrypoint: no file becomes nginx.conf');
  assert.match(problems[0]?.fix ?? '', /There are: a\/nginx\.conf, main\.conf\.$/);
});

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

test('a private key is refused wherever it comes from, and never shown', async () => {
  const main = { path: 'nginx.conf', inline: quiet };
  const text = pem;
  const binaryData = { 'tls.key': Buffer.from(text).toString('base64') };
  const cases = [
    await refused({ files: [main, { configMap: { name: 'tls' } }] }, configMapOf('tls', {}, { binaryData })),
    await refused(
      { files: [main, { configMap: { name: 'tls' } }], values: { inline: { key: text } } },
      configMapOf('tls', { 'tls.key.liquid': '\n\n{{ key }}' }),
    ),
  ];
  for (const { reason, problems } of cases) {
    assert.equal(reason, 'PrivateKey');
    assert.match(
      problems[0]?.message ?? '',
      /^ConfigMap tls key tls\.key(\.liquid:3|:1): a private key begins here/,
    );
    const secret = text.split('\n')[1] ?? '';
    for (const { message, fix } of problems) assert.ok(!`${message}${fix}`.includes(secret));
  }
});

test('what no nginx could read is refused with the line of the author', async () => {
  const site = configMapOf('site', {
    'site.conf.liquid': '{% for n in ports %}listen {{ n }};\n{% endfor %}\nserver_name "a;\n',
  });
  const spec = {
    files: [
      { path: 'nginx.conf', inline: `${quiet}http { server { include conf.d/*.conf; } }` },
      { path: 'conf.d', configMap: { name: 'site' } },
    ],
    values: { inline: { ports: [80, 81, 82] } },
  };
  const { reason, problems } = await refused(spec, site);
  assert.equal(reason, 'LintError');
  assert.match(
    problems[0]?.message ?? '',
    /^ConfigMap site key site\.conf\.liquid:3:\d+: .*the directive "listen" of line 1 has no end \[syntax\]$/,
  );
  assert.ok(problems.every(({ message }) => !message.includes('__')));
});

test('a file that should be in the tree is missed by both names of the tree', async () => {
  const spec = (name: string): unknown => ({
    files: [{ path: 'nginx.conf.liquid', inline: `${quiet}\nhttp { include ${name}; }` }],
  });
  const relative = await refused(spec('mime.types'));
  assert.match(
    relative.problems[0]?.message ?? '',
    /^NginxConfig web spec\.files\[0\]\.inline:4:8: "mime\.types" is not among the sources.*\/etc\/nginx\/mime\.types/,
  );
  const absolute = await refused(spec('{{ steward.tree }}/a.conf'));
  assert.match(
    absolute.problems[0]?.message ?? '',
    /"\{\{ steward\.tree \}\}\/a\.conf" is not among the sources/,
  );
});

test('nothing is said of what only nginx can see, though the controller has such a file or has not', async () => {
  const { findings } = await revised({
    files: [
      {
        path: 'nginx.conf',
        inline: `load_module /etc/hostname; load_module /none/x.so; include /none/*.conf; include /none/a.conf;
include /etc/passwd; include ../b.conf;
${quiet}http { server { auth_basic_user_file /none/users; ssl_certificate /none/c; ssl_certificate_key /none/k; } }`,
      },
    ],
  });
  assert.deepEqual(findings, []);
});

test('warnings name the places of the author, also those beside their own', async () => {
  const site = configMapOf('site', {
    'a.conf': 'server { listen 80 default_server; }\n',
    'b.conf.liquid': '{% comment %}\n{% endcomment %}server { listen 80 default_server; }\n',
  });
  const main = configMapOf('main', { 'nginx.conf': `${quiet}http { include d/*.conf; include e/*.x; }` });
  const spec = { files: [{ configMap: { name: 'main' } }, { path: 'd', configMap: { name: 'site' } }] };
  const { findings } = await revised(spec, main, site);
  assert.deepEqual(findings, [
    'ConfigMap site key b.conf.liquid:2:10: warning: a duplicate default server for *:80: the other is ConfigMap site key a.conf:1 [duplicate]',
    'ConfigMap main key nginx.conf:3:26: warning: nothing matches e/*.x: check the pattern [empty-include]',
  ]);
});

test('a file named by the directory of its own revision is opened late without harm', async () => {
  const spec = (directory: string): unknown => ({
    files: [
      {
        path: 'nginx.conf.liquid',
        inline: `${quiet}http { server { auth_basic_user_file ${directory}users; } }`,
      },
      { path: 'users', inline: 'a:b' },
    ],
  });
  assert.match((await revised(spec(''))).findings.join(), /lazy-file/);
  assert.deepEqual((await revised(spec('{{ steward.tree }}/'))).findings, []);
});

test('a revision that the API could not keep is refused, and its largest files are named', async () => {
  const noise = (bytes: number): string => randomBytes(bytes).toString('base64');
  const big = configMapOf('big', {}, { binaryData: { a: noise(300_000), b: noise(500_000), c: noise(20) } });
  const spec = { files: [{ path: 'nginx.conf', inline: quiet }, { configMap: { name: 'big' } }] };
  const { reason, problems } = await refused(spec, big);
  assert.equal(reason, 'TooLarge');
  assert.match(
    problems[0]?.message ?? '',
    /^NginxConfig web: the revision would be 1\.\d\d MiB as it is stored.*The largest: b \(489 KiB, ConfigMap big key b\), a \(293 KiB, ConfigMap big key a\), nginx\.conf/,
  );
});

test('provenance counts, and so does what Go writes as six characters', async () => {
  const empty = Object.fromEntries(Array.from({ length: 4000 }, (_, n) => [`k${n}`, '']));
  const many = configMapOf('many', empty);
  const spec = (path: string): unknown => ({
    files: [
      { path: 'nginx.conf', inline: quiet },
      { path, configMap: { name: 'many' } },
    ],
  });
  await revised(spec('x'.repeat(40)), many);
  assert.equal((await refused(spec('&'.repeat(40)), many)).reason, 'TooLarge');
});

test('what compresses well may be larger than an object', async () => {
  const large = configMapOf('large', {
    a: 'allow 10.0.0.1;\n'.repeat(60_000),
    b: 'deny all;\n'.repeat(90_000),
  });
  const spec = { files: [{ path: 'nginx.conf', inline: quiet }, { configMap: { name: 'large' } }] };
  const { spec: stored } = await revised(spec, large);
  assert.equal(stored.encoding, 'Gzip');
});
