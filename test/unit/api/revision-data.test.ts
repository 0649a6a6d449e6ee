import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  decodeRevision,
  encodeRevision,
  type RevisionFile,
  revisionHash,
} from '../../../src/api/revision-data.ts';
import { StewardError } from '../../../src/base/errors.ts';

const plainLimit = 64 * 1024;
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => new Uint8Array(Buffer.from(text))),
);
const file: fc.Arbitrary<RevisionFile> = fc.record(
  {
    path: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    content: bytes,
    origin: fc.string(),
    templateLines: fc.array(fc.nat(2 ** 31), { maxLength: 8 }).map((lines) => Uint32Array.from(lines)),
  },
  { requiredKeys: ['path', 'content', 'origin'] },
);
const files = fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 6 });
const filesTwice = files.chain((list) =>
  fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
);

test('what is encoded is decoded to the same paths, bytes, origins and template lines', () => {
  fc.assert(
    fc.property(files, (list) => {
      const back = decodeRevision(encodeRevision(list), 'NginxRevision web-1');
      assert.deepEqual(plain(back), plain(list));
    }),
  );
});

test('the order of the files changes neither the text nor the hash', () => {
  fc.assert(
    fc.property(filesTwice, ([one, other]) => {
      assert.deepEqual(encodeRevision(other), encodeRevision(one));
      assert.equal(revisionHash(other, 'nginx.conf'), revisionHash(one, 'nginx.conf'));
    }),
  );
});

test('the hash names paths, bytes and the entrypoint, and not where they came from', () => {
  const base = [made('a', 'x'), made('b', 'y')];
  const hash = revisionHash(base, 'a');
  assert.match(hash, /^[0-9a-f]{20}$/);
  assert.equal(
    revisionHash(
      base.map((one) => ({ ...one, origin: 'elsewhere' })),
      'a',
    ),
    hash,
  );
  const others = [
    revisionHash(base, 'b'),
    revisionHash([made('a', 'x'), made('b', 'z')], 'a'),
    revisionHash([made('a', 'x'), made('c', 'y')], 'a'),
    revisionHash([made('a', 'xy'), made('b', '')], 'a'),
    revisionHash([made('a', 'x')], 'a'),
  ];
  assert.equal(new Set([hash, ...others]).size, others.length + 1);
});

test('no file can pretend to be two', () => {
  const two = [made('a', 'x'), made('b', 'y')];
  const one = [made('a', 'xb 1\ny'), made('a 1\nxb', 'y')];
  for (const pretending of one) assert.notEqual(revisionHash([pretending], 'a'), revisionHash(two, 'a'));
});

test('data is compressed as soon as it is longer than 64 KiB', () => {
  const around = encodeRevision([made('nginx.conf', '')]).data.length;
  const longest = [made('nginx.conf', 'x'.repeat(plainLimit - around))];
  const longer = [made('nginx.conf', 'x'.repeat(plainLimit - around + 1))];
  assert.equal(encodeRevision(longest).encoding, 'Plain');
  assert.equal(encodeRevision(longest).data.length, plainLimit);
  assert.equal(encodeRevision(longer).encoding, 'Gzip');
  assert.ok(encodeRevision(longer).data.length < 1000);
  assert.deepEqual(plain(decodeRevision(encodeRevision(longer), 'x')), plain(longer));
});

test('characters of several bytes count as bytes', () => {
  const letters = [made('nginx.conf', 'é'.repeat(plainLimit / 2))];
  assert.equal(encodeRevision(letters).encoding, 'Gzip');
});

test('a byte order mark and bytes that are no UTF-8 stay as they are', () => {
  const list = [
    { path: 'mark', origin: 'x', content: Uint8Array.of(0xef, 0xbb, 0xbf, 0x61) },
    { path: 'raw', origin: 'x', content: Uint8Array.of(0xff, 0x00, 0xfe) },
  ];
  assert.deepEqual(plain(decodeRevision(encodeRevision(list), 'x')), plain(list));
});

test('what is no revision is refused with its place, and no more memory than a revision may need', () => {
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024)).toString('base64');
  const broken = [
    { encoding: 'Plain', data: '{' },
    { encoding: 'Plain', data: '{}' },
    { encoding: 'Plain', data: '[null]' },
    { encoding: 'Plain', data: '[{"path": "a", "origin": "b"}]' },
    { encoding: 'Plain', data: '[{"origin": "b", "text": ""}]' },
    { encoding: 'Gzip', data: 'AAAA' },
    { encoding: 'Gzip', data: bomb },
  ] as const;
  for (const one of broken)
    assert.throws(
      () => decodeRevision(one, 'NginxRevision shop/web-1'),
      (error) =>
        error instanceof StewardError &&
        error.code === 'STEWARD_REVISION' &&
        error.message.startsWith('NginxRevision shop/web-1: its data cannot be read: '),
      one.data.slice(0, 40),
    );
});

function made(path: string, text: string): RevisionFile {
  return { path, origin: `ConfigMap web key ${path}`, content: Buffer.from(text) };
}

/** Sorted, and comparable whatever kind of array holds the bytes. */
function plain(list: readonly RevisionFile[]): unknown {
  return list
    .map(({ content, templateLines, ...rest }) => ({
      ...rest,
      content: Buffer.from(content).toString('hex'),
      ...(templateLines !== undefined && { templateLines: [...templateLines] }),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
