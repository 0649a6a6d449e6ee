/**
 * nginx's own reading of a configuration file: ngx_conf_read_token() and ngx_conf_parse() of src/core/ngx_conf_file.c,
 * whose rules for quotes, escapes, comments, `${` and the buffer of 4096 bytes are followed character by character. What
 * directives mean is not known here, but for `*_by_lua_block`, whose braces hold another language.
 */
import { isAscii } from 'node:buffer';
import { Reader } from './reader.ts';
import { type Directive, lineAt, type ParsedFile, type SyntaxProblem } from './syntax-tree.ts';

/** Deeper blocks are refused: no configuration has them, and readers of the tree may recurse. */
const deepestNesting = 500;

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Block = Directive & { readonly block: Directive[] };

/** Parses one file; never throws. `path` absolute. */
export function parse(path: string, content: Uint8Array): ParsedFile {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return parseText(path, bytes.toString('latin1'), isAscii(bytes), false);
}

/** Parses what nginx gets after `-g`. */
export function parseGlobals(text: string): ParsedFile {
  const bytes = Buffer.from(text);
  return parseText('-g', bytes.toString('latin1'), isAscii(bytes), true);
}

function parseText(path: string, text: string, isAscii: boolean, isParameter: boolean): ParsedFile {
  const directives: Directive[] = [];
  const includes: Directive[] = [];
  const file: Writable<ParsedFile> = {
    path,
    text,
    isAscii,
    lineStarts: lazyLineStarts(text),
    directives,
    includes,
  };
  const reader = new Reader(file, isParameter);
  const open: Block[] = [];
  let siblings = directives;
  const stop = (problem: SyntaxProblem): ParsedFile => {
    file.problem = problem;
    return file;
  };
  for (;;) {
    const found = reader.next();
    if (found === 'problem') return stop(explain(reader.problem, file, siblings));
    if (found === 'end') {
      const block = open.at(-1);
      if (block === undefined) return file;
      const line = lineAt(file, block.start);
      return stop({
        message: `unexpected end of file, expecting "}": nothing closes the block "${block.name}" of line ${line}`,
        offset: text.length,
      });
    }
    if (found === 'close') {
      const block = open.pop();
      const offset = reader.position - 1;
      if (block === undefined)
        return stop({ message: 'unexpected "}": no block is open here; remove it', offset });
      siblings = open.at(-1)?.block ?? directives;
      continue;
    }
    const block: Directive[] | undefined = found === 'block' ? [] : undefined;
    const { name, args, start } = reader;
    const directive = { name, args, file, start, headEnd: reader.position - 1, block };
    siblings.push(directive);
    if (name === 'include') includes.push(directive);
    if (block === undefined) continue;
    if (isParameter)
      return stop({ message: 'block directives are not supported in -g option', offset: directive.headEnd });
    if (name.endsWith('_by_lua_block')) {
      const problem = reader.skipLua();
      if (problem !== undefined) return stop(problem);
      continue;
    }
    if (open.length === deepestNesting)
      return stop({ message: 'blocks are nested too deeply', offset: directive.headEnd });
    open.push({ ...directive, block });
    siblings = block;
  }
}

function lazyLineStarts(text: string): () => readonly number[] {
  let starts: number[] | undefined;
  return () => {
    if (starts === undefined) {
      starts = [0];
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    }
    return starts;
  };
}

/** Adds to an unexpected brace or end where it began, which is where people must look. */
function explain(problem: SyntaxProblem, file: ParsedFile, siblings: readonly Directive[]): SyntaxProblem {
  if (!problem.message.startsWith('unexpected end of file')) return problem;
  const before = siblings.at(-1);
  if (before === undefined) return problem;
  return {
    ...problem,
    message: `${problem.message}: what follows the directive "${before.name}" of line ${lineAt(file, before.start)} has no end`,
  };
}
