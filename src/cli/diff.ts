/** Differences as `diff -u` shows them. Pure. */

const context = 3;
/** Two files with more differing lines than this are shown as replaced: comparing them would take memory for nothing. */
const mostLines = 4000;

type Edit = { readonly kind: ' ' | '-' | '+'; readonly text: string };

/** The text of a unified diff; empty when nothing differs. */
export function unifiedDiff(nameA: string, a: Uint8Array, nameB: string, b: Uint8Array): string {
  if (Buffer.from(a).equals(b)) return '';
  if (a.includes(0) || b.includes(0)) return `Binary files ${nameA} and ${nameB} differ\n`;
  const edits = compare(linesOf(a), linesOf(b));
  return `--- ${nameA}\n+++ ${nameB}\n${hunks(edits).map(printHunk).join('')}`;
}

/** Lines with their line feeds; the last one may have none. */
function linesOf(content: Uint8Array): string[] {
  return (
    Buffer.from(content)
      .toString('utf8')
      .match(/[^\n]*\n|[^\n]+$/g) ?? []
  );
}

function compare(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA -= 1;
    endB -= 1;
  }
  const same = (lines: readonly string[]): Edit[] => lines.map((text) => ({ kind: ' ', text }));
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, endA), b.slice(start, endB)),
    ...same(a.slice(endA)),
  ];
}

/** The longest common subsequence, by the table of its lengths. */
function middle(a: readonly string[], b: readonly string[]): Edit[] {
  const removed = (): Edit[] => a.map((text) => ({ kind: '-', text }));
  const added = (): Edit[] => b.map((text) => ({ kind: '+', text }));
  if (a.length === 0 || b.length === 0 || a.length > mostLines || b.length > mostLines)
    return [...removed(), ...added()];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      edits.push({ kind: ' ', text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ kind: '-', text: left });
      i += 1;
    } else if (right !== undefined) {
      edits.push({ kind: '+', text: right });
      j += 1;
    }
  }
  return edits;
}

interface Hunk {
  readonly startA: number;
  readonly startB: number;
  readonly edits: readonly Edit[];
}

/** Changes that are at most twice the context apart share a hunk. */
function hunks(edits: readonly Edit[]): Hunk[] {
  const changed = edits.flatMap(({ kind }, index) => (kind === ' ' ? [] : [index]));
  const groups: [number, number][] = [];
  for (const index of changed) {
    const last = groups.at(-1);
    if (last !== undefined && index - last[1] <= 2 * context) last[1] = index;
    else groups.push([index, index]);
  }
  return groups.map(([first, last]) => {
    const from = Math.max(0, first - context);
    const before = edits.slice(0, from);
    return {
      startA: before.filter(({ kind }) => kind !== '+').length,
      startB: before.filter(({ kind }) => kind !== '-').length,
      edits: edits.slice(from, last + 1 + context),
    };
  });
}

function printHunk({ startA, startB, edits }: Hunk): string {
  const range = (start: number, count: number): string => {
    const first = count === 0 ? start : start + 1;
    return count === 1 ? `${first}` : `${first},${count}`;
  };
  const a = edits.filter(({ kind }) => kind !== '+').length;
  const b = edits.filter(({ kind }) => kind !== '-').length;
  const body = edits.map(({ kind, text }) =>
    text.endsWith('\n') ? `${kind}${text}` : `${kind}${text}\n\\ No newline at end of file\n`,
  );
  return `@@ -${range(startA, a)} +${range(startB, b)} @@\n${body.join('')}`;
}
