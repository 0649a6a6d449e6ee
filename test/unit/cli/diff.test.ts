import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from '../../../src/cli/diff.ts';

const directory = mkdtempSync(join(tmpdir(), 'steward-diff-'));
after(() => rmSync(directory, { recursive: true }));

const bytes = (text: string): Uint8Array => Buffer.from(text);
const diff = (a: string, b: string): string => unifiedDiff('a', bytes(a), 'b', bytes(b));
/** Few different lines, so that much is alike; some without a line feed at the end. */
const file = fc
  .tuple(
    fc.array(fc.constantFrom('', 'a', 'b', '}', '  listen 80;', 'ü', 'x\r'), { maxLength: 30 }),
    fc.boolean(),
  )
  .map(([lines, isWhole]) => lines.join('\n') + (isWhole && lines.length > 0 ? '\n' : ''));

/** Hunks of `diff -u`, without its head; `--minimal` finds the shortest, as ours does. */
function diffOfTheSystem(a: string, b: string): string {
  const [pathA, pathB] = [join(directory, 'a'), join(directory, 'b')];
  writeFileSync(pathA, a);
  writeFileSync(pathB, b);
  const { stdout } = spawnSync('/usr/bin/diff', ['-u', '--minimal', pathA, pathB], { encoding: 'utf8' });
  return stdout;
}

function changes(text: string): number {
  return text.split('\n').filter((line, index) => index > 1 && /^[+-]/.test(line)).length;
}

test('equal contents have no difference', () => {
  assert.equal(diff('a\nb\n', 'a\nb\n'), '');
});

test('a change is shown with three lines around it', () => {
  const before = '1\n2\n3\n4\n5\n6\n7\n8\n9\n';
  assert.equal(
    diff(before, before.replace('5', 'five')),
    '--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
  );
});

test('changes far from each other are two hunks, near ones one', () => {
  const before = Array.from({ length: 40 }, (_, index) => `${index}\n`);
  const changed = (...at: readonly number[]): string =>
    before.map((line, index) => (at.includes(index) ? 'new\n' : line)).join('');
  const hunks = (...at: readonly number[]): number =>
    diff(before.join(''), changed(...at)).split('\n@@').length - 1;
  assert.equal(hunks(10, 17), 1);
  assert.equal(hunks(10, 18), 2);
});

test('a file that comes or goes is a hunk from or to nothing', () => {
  assert.equal(
    unifiedDiff('/dev/null', bytes(''), 'b', bytes('x\ny\n')),
    '--- /dev/null\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n',
  );
  assert.equal(
    unifiedDiff('a', bytes('x'), '/dev/null', bytes('')),
    '--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n',
  );
});

test('what is not text is only said to differ', () => {
  const said = 'Binary files a and b differ\n';
  assert.equal(unifiedDiff('a', bytes('a\0b'), 'b', bytes('text')), said);
  assert.equal(unifiedDiff('a', bytes('text'), 'b', Uint8Array.of(0xff, 0xfe)), said);
});

test('a byte order mark that comes or goes is a difference', () => {
  assert.equal(diff('x\n', '\ufeffx\n'), '--- a\n+++ b\n@@ -1 +1 @@\n-x\n+\ufeffx\n');
});

test('a name cannot forge a header line', () => {
  const [head] = unifiedDiff('a\n+++ x', bytes('1'), 'b', bytes('2')).split('\n');
  assert.equal(head, '--- "a\\012+++ x"');
  assert.match(unifiedDiff('my file', bytes('1'), 'b', bytes('2')), /^--- my file\t\n/);
});

test('git apply makes the one file of the other', () => {
  fc.assert(
    fc.property(file, file, (a, b) => {
      fc.pre(a !== b);
      const path = join(directory, 'patched');
      writeFileSync(path, a);
      const input = unifiedDiff('patched', bytes(a), 'patched', bytes(b));
      const options = ['apply', '-p0', '--whitespace=nowarn', '-'];
      const { status, stderr } = spawnSync('git', options, { input, cwd: directory, encoding: 'utf8' });
      assert.equal(status, 0, `${stderr}\n${input}`);
      assert.equal(readFileSync(path, 'utf8'), b, input);
    }),
    { numRuns: 30 },
  );
});

test('no more lines change than with diff, and the hunks have its form', () => {
  fc.assert(
    fc.property(file, file, (a, b) => {
      fc.pre(a !== b);
      const ours = diff(a, b);
      const theirs = diffOfTheSystem(a, b);
      assert.equal(changes(ours), changes(theirs), `${ours}\n${theirs}`);
      assert.equal(ours.includes('\\ No newline'), theirs.includes('\\ No newline'));
    }),
    { numRuns: 30 },
  );
});

test('files with nothing in common are replaced as a whole, at once', () => {
  const many = (sign: string): string => Array.from({ length: 20_000 }, (_, n) => `${sign}${n}\n`).join('');
  const text = diff(many('a'), many('b'));
  assert.ok(text.startsWith('--- a\n+++ b\n@@ -1,20000 +1,20000 @@\n-a0\n'));
});
