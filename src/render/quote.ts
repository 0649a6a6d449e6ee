/**
 * Quoting for nginx's configuration language, as its reader (`ngx_conf_read_token`) takes it: between double quotes only
 * `"` ends the parameter, and a backslash is taken away before `"`, `'` and `\` and makes a control character of `t`,
 * `r` and `n`. So every string is one parameter again, whatever is in it, with two exceptions that cannot be quoted:
 * `$` begins a variable in every directive that takes variables, and a NUL ends the string inside nginx.
 */

/** nginx reads a parameter within one buffer of 4,096 bytes (NGX_CONF_BUFFER), its closing quote included. */
export const longestParameter = 4094;

/** How `nginxQuote` treats what it cannot quote. */
export interface QuoteOptions {
  /** Leaves `$` alone: for patterns, and for values that are meant to hold nginx's variables. */
  readonly allowDollar: boolean;
}

/**
 * A value as one nginx parameter in double quotes; a list as one parameter per element, separated by spaces. Throws an
 * Error that says what to do for a value that cannot be quoted: `$` (unless allowed), NUL, nothing, a mapping, an empty
 * list, or more than nginx reads as one parameter.
 */
export function nginxQuote(value: unknown, options: QuoteOptions): string {
  if (!Array.isArray(value)) return quoteOne(value, options);
  if (value.length === 0)
    throw new Error('nginx_quote: an empty list gives no parameter: put an `if` around it');
  return value.map((element) => quoteOne(element, options)).join(' ');
}

function quoteOne(value: unknown, options: QuoteOptions): string {
  const text = textOf(value);
  if (text.includes('\0'))
    throw new Error('nginx_quote: the value holds a NUL byte, at which nginx would cut it off');
  if (!options.allowDollar && text.includes('$'))
    throw new Error(
      'nginx_quote: the value holds `$`, which nginx has no escape for: in most directives it begins a variable. ' +
        'If it is a pattern, or is meant to hold variables, write `nginx_quote: allow: "$"`',
    );
  const quoted = text.replace(/[\\"\n\r\t]/g, escaped);
  if (Buffer.byteLength(quoted) > longestParameter)
    throw new Error(
      `nginx_quote: the value is longer than the ${longestParameter} bytes that nginx reads as one parameter`,
    );
  return `"${quoted}"`;
}

function escaped(character: string): string {
  switch (character) {
    // Line breaks are written as escapes, so that a value does not move the lines below it.
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default:
      return `\\${character}`;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (value === null || value === undefined)
    throw new Error('nginx_quote: there is no value: give one with `default`, or put an `if` around it');
  throw new Error('nginx_quote: a mapping or a list in a list is no parameter: name one value in it');
}
