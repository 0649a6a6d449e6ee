/** A terminal wraps or scrolls what is too long, and the drawing in place would be torn. Pure. */
import { cut, paint, span } from './text.ts';

/** At most `rows` of the lines, the last one saying how many are missing and what shows them: `more`, a command. */
export function fitting(
  lines: readonly string[],
  view: {
    readonly columns: number;
    readonly rows: number;
    readonly more: string;
    readonly colour: boolean;
  },
): readonly string[] {
  const { columns, rows, more, colour } = view;
  if (lines.length <= rows) return lines;
  const shown = lines.slice(0, Math.max(1, rows - 1));
  const rest = cut(`… ${lines.length - shown.length} more lines: ${more}`, columns);
  return [...shown, paint([span(rest, 'quiet')], colour)].slice(0, rows);
}
