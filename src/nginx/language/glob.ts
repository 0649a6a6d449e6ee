/**
 * glob(3) as nginx calls it for `include`: sorted by bytes, no braces, no tilde; a leading dot must be named; a backslash
 * takes the next character literally. A name that is matched is taken as it is found: a directory or a dead link too.
 */
import type { ConfigFiles } from './config-files.ts';

/** nginx takes an include for a pattern when its full name holds one of these (ngx_conf_include). */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/** The paths that match an absolute pattern, sorted. */
export function glob(files: ConfigFiles, pattern: string): readonly string[] {
  const parts = pattern.split('/').filter(Boolean);
  let found = ['/'];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const matches = /[*?[\\]/.test(part) ? nameMatcher(part) : undefined;
    found = found.flatMap((directory) => {
      const join = (name: string): string => (directory === '/' ? `/${name}` : `${directory}/${name}`);
      if (matches === undefined && !isLast) return [join(part)];
      const names = files.list(directory) ?? [];
      return names.filter((name) => (matches === undefined ? name === part : matches(name))).map(join);
    });
  }
  return found.sort(byBytes);
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function nameMatcher(part: string): (name: string) => boolean {
  const elements = elementsOf(Array.from(part));
  return (name) =>
    !(name.startsWith('.') && !part.startsWith('.') && !part.startsWith('\\.')) &&
    fits(elements, Array.from(name));
}

/** `undefined` stands for `*`; the others decide about one character. */
type Element = ((character: string) => boolean) | undefined;

function elementsOf(pattern: readonly string[]): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    const set = character === '[' ? setAt(pattern, at) : undefined;
    if (character === '*') elements.push(undefined);
    else if (character === '?') elements.push(() => true);
    else if (set !== undefined) {
      elements.push(set.holds);
      at = set.end;
    } else if (character === '\\' && at + 1 < pattern.length) {
      const literal = pattern[++at];
      elements.push((other) => other === literal);
    } else elements.push((other) => other === character);
  }
  return elements;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /^[a-z0-9]$/i,
  alpha: /^[a-z]$/i,
  blank: /^[ \t]$/,
  cntrl: /^\p{Cc}$/u,
  digit: /^[0-9]$/,
  graph: /^[!-~]$/,
  lower: /^[a-z]$/,
  print: /^[ -~]$/,
  punct: /^[!-/:-@[-`{-~]$/,
  space: /^[ \t-\r]$/,
  upper: /^[A-Z]$/,
  xdigit: /^[0-9a-f]$/i,
};

/** `[…]` at `start`, or undefined where nothing closes it: then the bracket is an ordinary character. */
function setAt(
  pattern: readonly string[],
  start: number,
): { readonly holds: (character: string) => boolean; readonly end: number } | undefined {
  const tests: ((character: string) => boolean)[] = [];
  let at = start + 1;
  const isNegated = pattern[at] === '!' || pattern[at] === '^';
  if (isNegated) at++;
  for (let isFirst = true; at < pattern.length; isFirst = false) {
    let character = pattern[at] ?? '';
    if (character === ']' && !isFirst) {
      return { holds: (other) => tests.some((test) => test(other)) !== isNegated, end: at };
    }
    const named = character === '[' ? /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 12).join('')) : null;
    const known = classes[named?.[1] ?? ''];
    if (named !== null && known !== undefined) {
      tests.push((other) => known.test(other));
      at += named[0].length;
      continue;
    }
    if (character === '\\' && at + 1 < pattern.length) character = pattern[++at] ?? '';
    at++;
    if (pattern[at] === '-' && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      at++;
      if (pattern[at] === '\\' && at + 1 < pattern.length) at++;
      const to = pattern[at] ?? '';
      const from = character;
      tests.push((other) => from <= other && other <= to);
      at++;
    } else {
      const literal = character;
      tests.push((other) => other === literal);
    }
  }
  return undefined;
}

/** Matches with one place to go back to, the last `*`: linear in practice, quadratic at worst. */
function fits(elements: readonly Element[], name: readonly string[]): boolean {
  let element = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const test = elements[element];
    if (element < elements.length && test === undefined) {
      star = element++;
      starAt = at;
    } else if (test?.(name[at] ?? '') === true) {
      element++;
      at++;
    } else if (star !== -1) {
      element = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (element < elements.length && elements[element] === undefined) element++;
  return element === elements.length;
}
