/** The difference of two files as `diff -u` shows it, so that `patch` can apply it. Pure. */

/** Lines of unchanged text around a change. */
const around = 3;
/**
 * Where two files differ by more lines than this, the middle is shown as replaced as a whole: still right, but not the
 * shortest. The search takes time and memory by the square of this number (4 bytes each: 9 MB).
 */
const mostEdits = 1500;

interface Edit {
  readonly kind: 'same' | 'removed' | 'added';
  /** With its line feed, if it has one. */
  readonly line: string;
}

/**
 * Empty when the contents are equal. A path `/dev/null` stands for a file that is not there. What is not UTF-8 text is
 * only said to differ.
 */
export function unifiedDiff(pathA: string, a: Uint8Array, pathB: string, b: Uint8Array): string {
  if (Buffer.compare(a, b) === 0) return '';
  const textA = textOf(a);
  const textB = textOf(b);
  if (textA === undefined || textB === undefined)
    return `Binary files ${nameOf(pathA)} and ${nameOf(pathB)} differ\n`;
  const edits = editsBetween(linesOf(textA), linesOf(textB));
  return `--- ${headOf(pathA)}\n+++ ${headOf(pathB)}\n${hunksOf(edits).join('')}`;
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/** Names with signs that would end or forge a header line are quoted as C does, which `patch` and `git apply` read. */
function nameOf(path: string): string {
  if (!/[\p{Cc}"\\]/u.test(path)) return path;
  const quoted = path.replaceAll(/[\p{Cc}"\\]/gu, (sign) =>
    sign === '"' || sign === '\\'
      ? `\\${sign}`
      : [...Buffer.from(sign)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  );
  return `"${quoted}"`;
}

/** Without the tab, `patch` would take what follows a space for a date. */
function headOf(path: string): string {
  const name = nameOf(path);
  return name.includes(' ') && !name.startsWith('"') ? `${name}\t` : name;
}

function editsBetween(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (line: string): Edit => ({ kind: 'same', line });
  return [
    ...a.slice(0, start).map(same),
    ...shortestScript(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

/**
 * E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), its greedy form: `reach[k]` is how far into `a`
 * a path with so many edits gets on the diagonal `k` = position in `a` less position in `b`.
 */
function shortestScript(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const most = Math.min(a.length + b.length, mostEdits);
  const origin = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const reached: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    // Only these diagonals are asked for on the way back.
    reached.push(reach.slice(origin - edits - 1, origin + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      let x = startOn(k, edits, (diagonal) => reach[origin + diagonal] ?? 0);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[origin + k] = x;
      if (x >= a.length && x - k >= b.length) return backwards(a, b, reached);
    }
  }
  return [
    ...a.map((line): Edit => ({ kind: 'removed', line })),
    ...b.map((line): Edit => ({ kind: 'added', line })),
  ];
}

/** Where a path with `edits` edits begins on a diagonal: one line further in `b` (down), or in `a` (right). */
function startOn(k: number, edits: number, reach: (diagonal: number) => number): number {
  return isDown(k, edits, reach) ? reach(k + 1) : reach(k - 1) + 1;
}

function isDown(k: number, edits: number, reach: (diagonal: number) => number): boolean {
  return k === -edits || (k !== edits && reach(k - 1) < reach(k + 1));
}

function backwards(
  a: readonly string[],
  b: readonly string[],
  reached: readonly Int32Array[],
): readonly Edit[] {
  const script: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = reached.length - 1; edits >= 0; edits--) {
    const before = reached[edits];
    const reach = (diagonal: number): number => before?.[diagonal + edits + 1] ?? 0;
    const k = x - y;
    const start = edits === 0 ? 0 : startOn(k, edits, reach);
    while (x > start) {
      x--;
      y--;
      script.push({ kind: 'same', line: a[x] ?? '' });
    }
    if (edits === 0) break;
    if (isDown(k, edits, reach)) {
      y--;
      script.push({ kind: 'added', line: b[y] ?? '' });
    } else {
      x--;
      script.push({ kind: 'removed', line: a[x] ?? '' });
    }
  }
  return script.toReversed();
}

function hunksOf(edits: readonly Edit[]): readonly string[] {
  const hunks: string[] = [];
  let lineA = 0;
  let lineB = 0;
  let next = 0;
  while (next < edits.length) {
    const change = edits.findIndex(({ kind }, index) => index >= next && kind !== 'same');
    if (change === -1) break;
    const from = Math.max(next, change - around);
    // What is skipped is the same in both.
    lineA += from - next;
    lineB += from - next;
    const to = endOfHunk(edits, change);
    const hunk = edits.slice(from, to);
    const countA = hunk.filter(({ kind }) => kind !== 'added').length;
    const countB = hunk.filter(({ kind }) => kind !== 'removed').length;
    hunks.push(
      `@@ -${range(lineA, countA)} +${range(lineB, countB)} @@\n${inOrder(hunk).map(written).join('')}`,
    );
    lineA += countA;
    lineB += countB;
    next = to;
  }
  return hunks;
}

/** Two changes share a hunk when their surroundings touch. */
function endOfHunk(edits: readonly Edit[], change: number): number {
  let last = change;
  for (let index = change; index < edits.length && index <= last + 2 * around + 1; index++)
    if (edits[index]?.kind !== 'same') last = index;
  return Math.min(edits.length, last + 1 + around);
}

/** Within one change, all that goes stands before all that comes. */
function inOrder(hunk: readonly Edit[]): readonly Edit[] {
  const ordered: Edit[] = [];
  let added: Edit[] = [];
  for (const edit of hunk)
    if (edit.kind === 'added') added.push(edit);
    else {
      if (edit.kind === 'same') {
        ordered.push(...added);
        added = [];
      }
      ordered.push(edit);
    }
  return [...ordered, ...added];
}

/** `lines` stand before it. A range of nothing is named by the line before it. */
function range(lines: number, count: number): string {
  if (count === 0) return `${lines},0`;
  return count === 1 ? `${lines + 1}` : `${lines + 1},${count}`;
}

function written({ kind, line }: Edit): string {
  const sign = { same: ' ', removed: '-', added: '+' }[kind];
  return line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`;
}
