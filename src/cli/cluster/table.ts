/** Rows of cells under each other. Pure. */
import { cut, type Line, pad, type Span, span, type Tone, widestOf, widthOf } from '../status/text.ts';

export type Cell = string | { readonly text: string; readonly tone: Tone };

const gap = '  ';
const least = 8;

/** Each column as wide as its widest cell; the last one is cut at `columns` (undefined: not at all). */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  columns?: number,
): readonly Line[] {
  const spans = rows.map((row) => row.map(spanOf));
  const all = [head.map((text) => span(text, 'quiet')), ...spans];
  const last = head.length - 1;
  const widths = head.map((_, index) => widestOf(all.map((row) => row[index]?.text ?? '')));
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0);
  const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(least, columns - before);
  return all.map((row) =>
    row.map(({ text, tone }, index) => {
      if (index < last) return { text: pad(text, widths[index] ?? 0) + gap, tone };
      return { text: widthOf(text) > room ? cut(text, room) : text, tone };
    }),
  );
}

function spanOf(cell: Cell): Span {
  return typeof cell === 'string' ? span(cell) : span(cell.text, cell.tone);
}
