/**
 * Where the Lua code of a `*_by_lua_block` ends, as lua-nginx-module finds it (ngx_http_lua_directive.c,
 * ngx_http_lua_lex.c). It balances braces outside strings, comments and long brackets, and it works in nginx's buffer of
 * 4096 bytes without ever looking beyond it. Code that does not fit there is refused, or misread, depending on where in
 * the buffer it happens to stand; so the buffer is followed here too.
 */

/** What nginx's buffer holds of a file: `last` is the offset after the last byte that was read. */
export interface LuaBlockEnd {
  readonly kind: 'closed';
  /** Offset after the closing `}`. */
  readonly end: number;
  readonly last: number;
}

export interface LuaBlockProblem {
  readonly kind: 'problem';
  readonly message: string;
  /** Offset of the place whose line nginx names. */
  readonly offset: number;
}

export const bufferSize = 4096;

const character = {
  lineFeed: 10,
  doubleQuote: 34,
  singleQuote: 39,
  minus: 45,
  equals: 61,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  closeBrace: 125,
} as const;

/** Before a token is looked for, half of the buffer must still be unread, where the file has so much. */
const leastUnread = bufferSize / 2;

/** `from` is the offset after the opening brace, `filled` what the buffer holds there. */
export function luaBlock(text: string, from: number, filled: number): LuaBlockEnd | LuaBlockProblem {
  const size = text.length;
  let last = filled;
  let position = from;
  let level = 1;
  let opened = from - 1;
  let start = from;
  for (;;) {
    if (position >= last || (last - position < leastUnread && last < size)) {
      if (last >= size) return unexpectedEnd(opened);
      if (last - start === bufferSize) return tooLong(start);
      last = Math.min(size, start + bufferSize);
    }
    const token = nextToken(text, position, last);
    if (token === undefined) {
      if (last >= size) return unexpectedEnd(opened);
      if (last - position === bufferSize) return tooLong(start);
      // It goes on behind what it has, and forgets a token that began in there.
      start = position;
      const unread = Math.min(size, position + bufferSize);
      position = last;
      last = unread;
      continue;
    }
    position = token.end;
    start = position;
    if (token.closing !== undefined) {
      const close = text.indexOf(token.closing, position);
      if (close === -1 || close + token.closing.length > last)
        return {
          kind: 'problem',
          message: `Lua code block missing the closing long bracket "${token.closing}": close it, or move long code into a file (*_by_lua_file)`,
          offset: token.start,
        };
      position = close + token.closing.length;
      start = position;
    }
    if (token.brace > 0) opened = token.start;
    level += token.brace;
    if (level === 0) return { kind: 'closed', end: position, last };
  }
}

interface LuaToken {
  readonly start: number;
  readonly end: number;
  readonly brace: -1 | 0 | 1;
  /** The long bracket that must follow. */
  readonly closing?: string;
}

/** The first token that lies wholly before `last`. */
function nextToken(text: string, from: number, last: number): LuaToken | undefined {
  for (let start = from; start < last; start++) {
    const token = tokenAt(text, start, last);
    if (token !== undefined && token.end <= last) return token;
  }
  return undefined;
}

function tokenAt(text: string, start: number, last: number): LuaToken | undefined {
  switch (text.charCodeAt(start)) {
    case character.openBrace:
      return { start, end: start + 1, brace: 1 };
    case character.closeBrace:
      return { start, end: start + 1, brace: -1 };
    case character.openBracket: {
      const end = longBracketEnd(text, start, last);
      return end === undefined ? undefined : bracket(start, end, end - start);
    }
    case character.closeBracket:
      return plain(start, longBracketEnd(text, start, last));
    case character.doubleQuote:
    case character.singleQuote:
      return plain(start, stringEnd(text, start, last));
    case character.minus: {
      if (text.charCodeAt(start + 1) !== character.minus || start + 1 >= last) return undefined;
      const isBracket = text.charCodeAt(start + 2) === character.openBracket;
      const end = isBracket ? longBracketEnd(text, start + 2, last) : undefined;
      if (end !== undefined) return bracket(start, end, end - start - 2);
      const newLine = text.indexOf('\n', start);
      return { start, end: newLine === -1 ? last : Math.min(newLine, last), brace: 0 };
    }
    default:
      return undefined;
  }
}

/** After `[[`, `[=[`, `]]` and their like, whose first character stands at `start`. */
function longBracketEnd(text: string, start: number, last: number): number | undefined {
  let at = start + 1;
  while (at < last && text.charCodeAt(at) === character.equals) at++;
  return at < last && text.charCodeAt(at) === text.charCodeAt(start) ? at + 1 : undefined;
}

/** After the closing quote; a string does not go over a line's end, not even after a backslash. */
function stringEnd(text: string, start: number, last: number): number | undefined {
  const quote = text.charCodeAt(start);
  for (let at = start + 1; at < last; at++) {
    let code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === character.backslash) code = text.charCodeAt(++at);
    if (code === character.lineFeed) return undefined;
  }
  return undefined;
}

function plain(start: number, end: number | undefined): LuaToken | undefined {
  return end === undefined ? undefined : { start, end, brace: 0 };
}

function bracket(start: number, end: number, length: number): LuaToken {
  return { start, end, brace: 0, closing: `]${'='.repeat(length - 2)}]` };
}

function unexpectedEnd(offset: number): LuaBlockProblem {
  return {
    kind: 'problem',
    message: 'unexpected end of file, expecting terminating characters for lua code block: close it with "}"',
    offset,
  };
}

function tooLong(offset: number): LuaBlockProblem {
  return {
    kind: 'problem',
    message:
      'too long lua code block, probably missing terminating characters: close strings and brackets, or move long code into a file (*_by_lua_file)',
    offset,
  };
}
