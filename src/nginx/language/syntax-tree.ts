/** What the parser makes of one file: directives with their places. Values are as nginx sees them, without quotes. */

export interface ParsedFile {
  /** Absolute. */
  readonly path: string;
  /** One character per byte (latin1), so that offsets are bytes, as nginx counts them. */
  readonly text: string;
  /** Every byte is ASCII: text and characters are the same. */
  readonly isAscii: boolean;
  /** Offsets of the lines' first characters; found when they are first asked for. */
  readonly lineStarts: () => readonly number[];
  readonly directives: readonly Directive[];
  /** Every `include` in it, at any depth, in reading order. */
  readonly includes: readonly Directive[];
  /** Where nginx stops reading this file, if it does; everything before is in `directives`. */
  readonly problem?: SyntaxProblem;
}

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly file: ParsedFile;
  /** Offset of its first character. */
  readonly start: number;
  /** Offset of the `;` or `{` that ends its arguments. */
  readonly headEnd: number;
  /** What stands between its braces; undefined for a simple directive. Lua is not looked into: its block is empty. */
  readonly block: readonly Directive[] | undefined;
}

export interface SyntaxProblem {
  /** A sentence with nginx's own words where it has some, and what to do. */
  readonly message: string;
  /** Where it is seen. */
  readonly offset: number;
}

/** A place for people: line as nginx counts them (line feeds), column in characters, both from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function positionAt(file: ParsedFile, offset: number): Position {
  const starts = file.lineStarts();
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const lineStart = starts[low] ?? 0;
  const before = file.text.slice(lineStart, offset);
  return {
    file: file.path,
    line: low + 1,
    column: (file.isAscii ? before.length : Array.from(decodeUtf8(before)).length) + 1,
  };
}

export function positionOf(directive: Directive): Position {
  return positionAt(directive.file, directive.start);
}

/** Bytes kept one per character, read as the UTF-8 that they are. */
export function decodeUtf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** How many lines nginx has counted when it has read `offset` characters. */
export function lineAt(file: ParsedFile, offset: number): number {
  return positionAt(file, offset).line;
}
