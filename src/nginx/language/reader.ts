/** Words: ngx_conf_read_token() of nginx's src/core/ngx_conf_file.c, character by character. */
import { bufferSize, luaBlock } from './lua-block.ts';
import { decodeUtf8, type ParsedFile, type SyntaxProblem } from './syntax-tree.ts';

const doubleQuote = 34;
const hash = 35;
const dollar = 36;
const singleQuote = 39;
const closeParenthesis = 41;
const semicolon = 59;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;

/** By character code: blanks, and what ends or complicates a word without quotes. */
const blank = 1;
const ends = 2;
const special = 3;
const classes = new Uint8Array(256);
for (const code of [9, 10, 13, 32]) classes[code] = blank;
for (const code of [semicolon, openBrace]) classes[code] = ends;
for (const code of [backslash, dollar]) classes[code] = special;

const noArguments: readonly string[] = [];
/** One less than a power of two. */
const nameSlots = 1023;

type Found = 'simple' | 'block' | 'close' | 'end' | 'problem';

/** Reads one directive's words after another, as one call of ngx_conf_read_token() does. */
export class Reader {
  position = 0;
  name = '';
  args: readonly string[] = noArguments;
  start = 0;
  problem: SyntaxProblem = { message: '', offset: 0 };
  readonly #text: string;
  readonly #isAscii: boolean;
  readonly #isParameter: boolean;
  /** The arguments being read, in a list of its own, so that each directive gets one of the right size. */
  readonly #words: string[] = [];
  readonly #names: string[] = [];
  /** The offset after what nginx's buffer holds. */
  #last: number;

  constructor(file: ParsedFile, isParameter: boolean) {
    this.#text = file.text;
    this.#isAscii = file.isAscii;
    this.#isParameter = isParameter;
    this.#last = isParameter ? file.text.length : Math.min(file.text.length, bufferSize);
  }

  next(): Found {
    const text = this.#text;
    let position = this.position;
    let last = this.#last;
    let words = 0;
    // What nginx keeps in its buffer begins here: it moves on with the next character, not with a word's end.
    let kept = position;
    for (;;) {
      if (position >= last) {
        if (!this.#fill(kept)) return this.#atEnd(words > 0);
        last = this.#last;
      }
      const first = text.charCodeAt(position);
      kept = position;
      position++;
      if (classes[first] === blank) continue;
      if (first === hash) {
        const newLine = text.indexOf('\n', position);
        position = newLine === -1 ? text.length : newLine;
        while (position >= last) {
          if (!this.#fill(kept)) return this.#atEnd(words > 0);
          last = this.#last;
        }
        continue;
      }
      if (first === semicolon || first === openBrace || first === closeBrace) {
        if ((first === closeBrace) === words > 0) return this.#unexpected(first, position - 1, words > 0);
        this.position = position;
        this.args = this.#argsOf(words);
        return first === closeBrace ? 'close' : first === openBrace ? 'block' : 'simple';
      }
      if (words === 0) this.start = kept;
      const isQuoted = first === doubleQuote || first === singleQuote;
      let isEscaped = false;
      let end: number;
      let code = first;
      if (isQuoted) {
        kept = position;
        for (;;) {
          if (position >= last) {
            if (!this.#fill(kept, first)) return this.#atEnd(true);
            last = this.#last;
          }
          code = text.charCodeAt(position++);
          if (code === first) break;
          if (code !== backslash) continue;
          isEscaped = true;
          if (position >= last) {
            if (!this.#fill(kept, first)) return this.#atEnd(true);
            last = this.#last;
          }
          position++;
        }
        end = position - 1;
      } else {
        position--;
        for (;;) {
          if (position >= last) {
            if (!this.#fill(kept)) return this.#atEnd(true);
            last = this.#last;
          }
          code = text.charCodeAt(position);
          const kind = classes[code];
          if (kind === 0) {
            position++;
            continue;
          }
          if (kind !== special) break;
          position++;
          // After `$` any number of `{` belongs to the word; after a backslash anything, once.
          if (code === backslash) isEscaped = true;
          for (;;) {
            if (position >= last) {
              if (!this.#fill(kept)) return this.#atEnd(true);
              last = this.#last;
            }
            if (code === dollar && text.charCodeAt(position) !== openBrace) break;
            position++;
            if (code === backslash) break;
          }
        }
        end = position;
      }
      const isPlain = !isEscaped && this.#isAscii;
      if (words === 0) this.name = isPlain ? this.#nameAt(kept, end) : plainWord(text.slice(kept, end));
      else this.#words[words - 1] = isPlain ? text.slice(kept, end) : plainWord(text.slice(kept, end));
      words++;
      if (isQuoted) {
        if (position >= last) {
          if (!this.#fill(kept)) return this.#atEnd(true);
          last = this.#last;
        }
        code = text.charCodeAt(position);
        // Of all that may follow a quote, only this one begins a word.
        if (code === closeParenthesis) continue;
        if (classes[code] !== blank && classes[code] !== ends) return this.#afterQuote(code, position, kept);
      }
      position++;
      if (classes[code] === blank) continue;
      this.position = position;
      this.args = this.#argsOf(words);
      return code === openBrace ? 'block' : 'simple';
    }
  }

  /** The same few names come again and again: each is one string, which is also quicker to look up. */
  #nameAt(start: number, end: number): string {
    const text = this.#text;
    const length = end - start;
    const slot = (length * 31 + text.charCodeAt(start) * 7 + text.charCodeAt(end - 1)) & nameSlots;
    const known = this.#names[slot];
    if (known?.length === length && text.startsWith(known, start)) return known;
    const name = text.slice(start, end);
    this.#names[slot] = name;
    return name;
  }

  #argsOf(words: number): readonly string[] {
    return words <= 1 ? noArguments : this.#words.slice(0, words - 1);
  }

  /** Goes on behind a block of Lua whose brace was just read; returns what is wrong with it. */
  skipLua(): SyntaxProblem | undefined {
    const found = luaBlock(this.#text, this.position, this.#last);
    if (found.kind === 'problem') return { message: found.message, offset: found.offset };
    this.position = found.end;
    this.#last = found.last;
    return undefined;
  }

  /** Reads on, keeping what begins at `kept`; false at the file's end, or with `problem` set where nothing more fits. */
  #fill(kept: number, quote?: number): boolean {
    const size = this.#text.length;
    if (this.#last >= size) return false;
    if (this.#last - kept >= bufferSize) {
      const what =
        quote === undefined
          ? `too long parameter "${this.#text.slice(kept, kept + 10)}..." started: nginx reads at most ${bufferSize} bytes at once, comments included`
          : `too long parameter, probably missing terminating "${String.fromCharCode(quote)}" character`;
      this.problem = { message: what, offset: kept };
      return false;
    }
    this.#last = Math.min(size, kept + bufferSize);
    return true;
  }

  #atEnd(inDirective: boolean): Found {
    if (this.problem.message !== '') return 'problem';
    if (!inDirective) return 'end';
    const message = this.#isParameter
      ? 'unexpected end of parameter, expecting ";"'
      : 'unexpected end of file, expecting ";" or "}"';
    this.problem = { message, offset: this.#text.length };
    return 'problem';
  }

  #unexpected(code: number, offset: number, inDirective: boolean): Found {
    const what = String.fromCharCode(code);
    const hint = inDirective
      ? `the directive "${this.name}" before it has no ";"`
      : 'a directive must stand before it';
    this.problem = { message: `unexpected "${what}": ${hint}`, offset };
    return 'problem';
  }

  #afterQuote(code: number, offset: number, quoted: number): Found {
    const quote = this.#text.charAt(quoted - 1);
    const what = code > 126 || code < 32 ? `\\x${code.toString(16)}` : String.fromCharCode(code);
    this.problem = {
      message: `unexpected "${what}": after a closing ${quote} only a blank, ";" or "{" may stand; quote the whole word, or put a backslash before quotes inside it`,
      offset,
    };
    return 'problem';
  }
}

/** ngx_conf_read_token() copies a word so: a backslash hides only quotes, backslashes and the letters t, r, n. */
function plainWord(raw: string): string {
  const text = raw.includes('\\')
    ? raw.replaceAll(/\\(["'\\trn])/g, (_, escaped: string) => escapes[escaped] ?? escaped)
    : raw;
  return /[\x80-\xff]/.test(text) ? decodeUtf8(text) : text;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };
