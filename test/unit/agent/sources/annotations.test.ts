import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAnnotations, reloadAnnotation } from '../../../../src/agent/sources/annotations.ts';
import { StewardError } from '../../../../src/base/errors.ts';

/** As Go's strconv.Quote writes it: printable characters as they are, all others escaped. */
function goQuote(text: string): string {
  const simple = new Map(
    Array.from('\x07\b\f\n\r\t\v\\"', (character, i) => [character, `\\${'abfnrtv\\"'[i]}`]),
  );
  const quoted = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const short = simple.get(character);
    if (short !== undefined) return short;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (/[\p{L}\p{N}\p{P}\p{S} ]/u.test(character)) return character;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${quoted.join('')}"`;
}

test('a file as the kubelet writes it is read', () => {
  const text = [
    'kubernetes.io/config.seen="2026-01-02T03:04:05.678Z"',
    'nginx-steward.io/reload="please \\"now\\"\\n=1\\\\"',
    'team/note="Grüße 🙂\\u200b\\U000e0001\\x00"',
  ].join('\n');
  const annotations = parseAnnotations(text, '/etc/podinfo/annotations');
  assert.equal(annotations.get(reloadAnnotation), 'please "now"\n=1\\');
  assert.equal(annotations.get('team/note'), 'Grüße 🙂\u200b\u{e0001}\0');
  assert.equal(annotations.size, 3);
  assert.equal(parseAnnotations('', 'x').size, 0);
});

test('a byte that is no UTF-8 does not spoil the rest', () => {
  assert.equal(parseAnnotations('a="x\\xffy"', 'x').get('a'), 'x\ufffdy');
});

test('whatever Go quotes comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      assert.equal(parseAnnotations(`k=${goQuote(value)}\n`, 'x').get('k'), value);
    }),
    { numRuns: 300 },
  );
});

test('a line that the kubelet would not write is refused with its number', () => {
  for (const line of ['a=b', 'a="b', 'a="b\\q"', 'a="b\\x1"', 'a="\\Uffffffff"', '="b"', 'a="b"c', 'a="b""'])
    assert.throws(
      () => parseAnnotations(`ok="1"\n${line}`, '/etc/podinfo/annotations'),
      (error) =>
        error instanceof StewardError &&
        error.code === 'STEWARD_ANNOTATIONS' &&
        error.where === '/etc/podinfo/annotations:2',
      line,
    );
});
