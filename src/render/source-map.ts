/** Collects what a template writes, piece by piece, with the place in the template that each piece came from. */

/** Where a piece of output came from. */
export interface Place {
  /** Offset in the template. */
  readonly offset: number;
  /** Whether the output repeats the template's own characters from there, so that its lines are the template's. */
  readonly verbatim: boolean;
}

interface Piece extends Place {
  readonly text: string;
}

export class MappedOutput {
  /** Where what is written next comes from; the renderer sets it before each step. */
  place: Place = { offset: 0, verbatim: false };
  readonly #pieces: Piece[] = [];
  readonly #limit: number;
  #length = 0;

  /** `limit`: characters; writing more throws. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  append(text: string): void {
    if (text === '') return;
    this.#length += text.length;
    if (this.#length > this.#limit) throw new Error(`the output is longer than ${this.#limit} characters`);
    this.#pieces.push({ text, offset: this.place.offset, verbatim: this.place.verbatim });
  }

  text(): string {
    return this.#pieces.map((piece) => piece.text).join('');
  }

  /**
   * The template's line for each line of the output (index 0 is line 1; lines from 1). A line made of several pieces
   * belongs to the first one that puts something visible on it.
   */
  lines(template: LineIndex): Uint32Array {
    const lines: number[] = [];
    let current: number | undefined;
    let visible = false;
    for (const { text, offset, verbatim } of this.#pieces) {
      let line = template.line(offset);
      for (let begin = 0; ; ) {
        const end = text.indexOf('\n', begin);
        const part = end === -1 ? text.slice(begin) : text.slice(begin, end);
        const partVisible = part.trim() !== '';
        if (current === undefined || (partVisible && !visible)) current = line;
        visible ||= partVisible;
        if (end === -1) break;
        lines.push(current);
        current = undefined;
        visible = false;
        begin = end + 1;
        if (verbatim) line++;
        // What ends with a line break puts nothing on the next line.
        if (begin === text.length) break;
      }
    }
    if (current !== undefined) lines.push(current);
    return Uint32Array.from(lines);
  }
}

/** Lines and columns (both from 1, columns in characters) of offsets in one text. */
export class LineIndex {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1))
      this.#starts.push(end + 1);
  }

  line(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  position(offset: number): { readonly line: number; readonly column: number } {
    const line = this.line(offset);
    const before = this.#text.slice(this.#starts[line - 1] ?? 0, offset);
    // A character outside the basic plane is two code units.
    return { line, column: before.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '_').length + 1 };
  }
}
