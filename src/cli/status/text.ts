/** Text in a terminal's cells: how wide it is, and how it is cut, wrapped and coloured to fit. Pure. */

/** What a piece of text says beyond its words; colours carry nothing else. */
export type Tone = 'plain' | 'quiet' | 'strong' | 'good' | 'busy' | 'warning' | 'bad';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

const codes: Readonly<Record<Exclude<Tone, 'plain'>, string>> = {
  quiet: '2',
  strong: '1',
  good: '32',
  busy: '36',
  warning: '33',
  bad: '31',
};

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Scripts and signs that terminals draw two cells wide: Unicode's East Asian Width W and F, and pictographs. */
const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|.\ufe0f)/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** Most text: no look at each character is needed. */
const ascii = /^[\x20-\x7e]*$/;

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: harmless(text), tone };
}

/** In cells of a terminal. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += cellsOf(segment);
  return width;
}

/** Of the widest of them. */
export function widestOf(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(widthOf));
}

/** At most `width` cells of it, with a sign where something is missing: at the end, or at the start of a path. */
export function cut(text: string, width: number, missing: 'end' | 'start' = 'end'): string {
  if (widthOf(text) <= width) return text;
  const inOrder = [...graphemes.segment(text)].map(({ segment }) => segment);
  const pieces = missing === 'start' ? inOrder.toReversed() : inOrder;
  const kept: string[] = [];
  let left = width - 1;
  for (const piece of pieces) {
    left -= cellsOf(piece);
    if (left < 0) break;
    kept.push(piece);
  }
  return missing === 'start' ? `…${kept.toReversed().join('')}` : `${kept.join('')}…`;
}

/** With spaces up to `width` cells. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Lines of at most `width` cells, broken between words; a word too long for a line of its own is broken itself. */
export function wrap(spans: Line, width: number): readonly Line[] {
  const room = Math.max(1, width);
  const lines: Span[][] = [[]];
  let used = 0;
  const put = (piece: Span, cells: number): void => {
    lines.at(-1)?.push(piece);
    used += cells;
  };
  const open = (): void => {
    lines.push([]);
    used = 0;
  };
  for (const { text, tone } of spans)
    for (const word of text.split(/(?<=\s)(?=\S)/u)) {
      const bare = word.trimEnd();
      const cells = widthOf(bare);
      if (used > 0 && used + cells > room) open();
      if (cells > room) {
        for (const piece of chunks(bare, room)) {
          if (used > 0) open();
          put({ text: piece, tone }, widthOf(piece));
        }
      } else if (word !== '') put({ text: word, tone }, widthOf(word));
    }
  return lines.map(withoutEnd);
}

/** As it goes to the terminal; neighbours of one tone share their escape codes. */
export function paint(line: Line, colour: boolean): string {
  let painted = '';
  let tone: Tone = 'plain';
  for (const piece of line) {
    if (piece.text === '') continue;
    if (colour && piece.tone !== tone) {
      if (tone !== 'plain') painted += '\x1b[0m';
      if (piece.tone !== 'plain') painted += `\x1b[${codes[piece.tone]}m`;
      tone = piece.tone;
    }
    painted += piece.text;
  }
  return tone === 'plain' ? painted : `${painted}\x1b[0m`;
}

/**
 * Paths, certificates' names and nginx's lines come from others: what would steer the terminal becomes a visible sign,
 * and so do the characters that turn the direction of text around.
 */
function harmless(text: string): string {
  return text
    .replaceAll(/\s*[\r\n\t]\s*/g, ' ')
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function cellsOf(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

function* chunks(text: string, width: number): Generator<string> {
  let chunk = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const cells = cellsOf(segment);
    if (used + cells > width && chunk !== '') {
      yield chunk;
      chunk = '';
      used = 0;
    }
    chunk += segment;
    used += cells;
  }
  if (chunk !== '') yield chunk;
}

function withoutEnd(line: Line): Line {
  const last = line.at(-1);
  return last === undefined ? line : [...line.slice(0, -1), { ...last, text: last.text.trimEnd() }];
}
