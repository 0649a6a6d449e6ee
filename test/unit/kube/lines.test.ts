import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lines } from '../../../src/kube/lines.ts';

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const end of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(start, Math.min(end, bytes.length));
    start = Math.min(end, bytes.length);
  }
}

async function read(bytes: Buffer, cuts: readonly number[] = [], longest = 1_000_000): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(chunksOf(bytes, cuts), longest)) found.push(line);
  return found;
}

test('lines come whole wherever the network cuts them, in the middle of a letter too', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
  const run = async (texts: readonly string[], cuts: readonly number[]) => {
    const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
    const expected = texts.map((text) => Buffer.from(text).toString('utf8')).filter((text) => text !== '');
    assert.deepEqual(await read(bytes, cuts), expected);
  };
  await fc.assert(fc.asyncProperty(fc.array(line), fc.array(fc.nat(300)), run), { numRuns: 200 });
});

test('a line without its end is an error, after all whole ones', async () => {
  const found: string[] = [];
  const reading = (async () => {
    for await (const line of lines(chunksOf(Buffer.from('{"a":1}\n{"b"'), []), 1000)) found.push(line);
  })();
  await assert.rejects(reading, /cut in the middle/);
  assert.deepEqual(found, ['{"a":1}']);
});

test('a line that has no end in sight is given up', async () => {
  await assert.rejects(read(Buffer.alloc(5000, 'x'), [1000, 2000, 3000], 2500), /more than 2500 bytes/);
});
