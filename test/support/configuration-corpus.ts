/**
 * Configurations for comparing parsers, all made from one seed: valid ones that are full of what makes nginx's language
 * hard (quotes, escapes, variables, blocks of values, Lua), and what becomes of them when a few bytes change.
 */

export interface CorpusCase {
  readonly text: string;
  /** Needs the Lua module. */
  readonly hasLua: boolean;
  /** What was done to a valid configuration; empty: nothing. */
  readonly mutations: readonly string[];
}

/** The case of a number: the same seed and number always give the same. */
export function corpusCase(seed: number, index: number): CorpusCase {
  const random = randomFrom(seed * 1_000_003 + index);
  const hasLua = random.chance(0.3);
  let text = new Writer(random, hasLua).configuration();
  const mutations: string[] = [];
  const count = random.chance(0.12) ? 0 : 1 + random.below(3);
  for (let done = 0; done < count; done++) {
    const [mutated, what] = mutate(text, random);
    text = mutated;
    mutations.push(what);
  }
  return { text, hasLua, mutations };
}

/** A word as people may write it, not always a good one. */
export function corpusWord(seed: number, index: number): string {
  const random = randomFrom(seed * 7_000_003 + index);
  return new Writer(random, false).anyWord();
}

interface Random {
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** Mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    chance: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)] ?? from[0],
  };
}

const plain = ['a', 'b', 'Z', '0', '7', '-', '_', '.', '/', 'é', '=', '~'] as const;
const inBare = ['"', "'", '#', '}', ')', '\\;', '\\{', '\\ ', '\\"', "\\'", '\\\\', '\\n', '\\q'] as const;
const inQuotes = [';', '{', '}', '#', ' ', '\n', '\t', '\\n', '\\\\', '\\x', '$', '('] as const;
const mutable = ['{', '}', ';', '"', "'", '\\', '#', '$', '\n', ' ', ')', '\r'] as const;

class Writer {
  readonly #random: Random;
  readonly #hasLua: boolean;
  #counter = 0;

  constructor(random: Random, hasLua: boolean) {
    this.#random = random;
    this.#hasLua = hasLua;
  }

  configuration(): string {
    const { main, http } = {
      main: this.#some(3, () => this.#main()),
      http: this.#some(6, () => this.#http()),
    };
    return `${main}events {${this.#gap()}}${this.#gap()}http${this.#gap()}{\n${http}}\n${this.#random.chance(0.3) ? '# the end' : ''}`;
  }

  anyWord(): string {
    const random = this.#random;
    const word = this.#word({ variables: true });
    return random.chance(0.3) ? `${word}${random.pick(mutable)}${this.#word({ variables: true })}` : word;
  }

  #main(): string {
    return `env${this.#gap()}${this.#word()};`;
  }

  #http(): string {
    const number = ++this.#counter;
    const kinds: readonly [() => string, ...(() => string)[]] = [
      () =>
        `map $uri $m${number} {${this.#some(4, () => `k${++this.#counter}${this.#bare()} ${this.#word()};`)}}`,
      () => `geo $g${number} { default ${this.#word()};${this.#gap()}10.0.0.0/8 ${this.#word()}; }`,
      () => `types {${this.#some(3, () => `t/${this.#bare()} e${++this.#counter};`)}}`,
      () => `split_clients $uri $s${number} { 50% ${this.#word()}; * ${this.#word()}; }`,
      () => `log_format f${number} ${this.#word()}${this.#gap()}${this.#word({ variables: true })};`,
      () => `charset_types ${this.#some(3, () => `x/${this.#bare()} `)}y/${number};`,
      () => this.#server(),
      () => this.#server(),
      () => (this.#hasLua ? `init_worker_by_lua_block${this.#gap()}{${this.#lua()}}` : this.#server()),
    ];
    return this.#random.pick(kinds)();
  }

  #server(): string {
    const inside = this.#some(5, () => this.#inServer());
    return `server {${this.#gap()}listen 127.0.0.1:18999;${inside}}`;
  }

  #inServer(): string {
    const number = ++this.#counter;
    const kinds: readonly [() => string, ...(() => string)[]] = [
      () => `server_name n${number}.example ${this.#random.chance(0.5) ? '"b.example"' : ''};`,
      () => `add_header X-${number}${this.#gap()}${this.#word({ variables: true })};`,
      () => `set $v${number} ${this.#word({ variables: true })};`,
      () => `location /l${number}${this.#bare()} {${this.#some(3, () => this.#inLocation())}}`,
      () => `location "/q ${number}" {${this.#some(2, () => this.#inLocation())}}`,
      () => `if ($uri = ${this.#quoted()}) { return 204; }`,
      () => `if ($uri = ${this.#quoted()} ) { return 204; }`,
    ];
    return this.#random.pick(kinds)();
  }

  #inLocation(): string {
    const number = ++this.#counter;
    const kinds: readonly [() => string, ...(() => string)[]] = [
      () => `add_header Y-${number} ${this.#word({ variables: true })};`,
      () => `return 200${this.#gap()}${this.#word({ variables: true })};`,
      () => 'limit_except GET { deny all; }',
      () => (this.#hasLua ? `rewrite_by_lua_block {${this.#lua()}}` : `set $w${number} "$\{uri}$\{args}";`),
      () => (this.#hasLua ? `set_by_lua_block $l${number} {${this.#lua()}}` : `set $u${number} \${uri}x;`),
    ];
    return this.#random.pick(kinds)();
  }

  #lua(depth = 0): string {
    const kinds: readonly [() => string, ...(() => string)[]] = [
      () => ` local s = ${this.#luaString()} `,
      () => ` -- a comment with { and " and ]]\n`,
      () => ` --[[ a long\ncomment } ]] `,
      () => ` --[=[ ]] } ]=] `,
      () => ` local t = { a = 1, b = { 2 } } `,
      () => (depth < 2 ? ` local f = function() ${this.#lua(depth + 1)} return {} end ` : ''),
      () => ` local x = t[s[1]] - -1 `,
      () => ` local padding = ${'1 + '.repeat(this.#random.below(900))}1\n`,
      () => ` --${'-'.repeat(this.#random.below(2600))}\n`,
    ];
    return this.#some(5, () => this.#random.pick(kinds)());
  }

  #luaString(): string {
    const long = 'x'.repeat(this.#random.chance(0.1) ? this.#random.below(4200) : 3);
    return this.#random.pick([
      `"{ \\" ${long}"`,
      `'} \\' ${long} "'`,
      `[[ } " ${long}\n ]]`,
      `[==[ ]] ]=] { ${long} ]==]`,
    ]);
  }

  #word(allow: { readonly variables?: boolean } = {}): string {
    const word = this.#random.chance(0.45) ? `w${this.#bare()}` : this.#quoted();
    if (allow.variables !== true || !this.#random.chance(0.3)) return word;
    return this.#random.pick([
      '$host',
      "'$host'",
      '$uri#',
      '"$host{"',
      `$\{uri}`,
      `"$\{uri};"`,
      `$\{uri}$\{args}`,
    ]);
  }

  #bare(): string {
    const length = this.#random.chance(0.01) ? 4070 + this.#random.below(50) : this.#random.below(6);
    if (length > 100) return 'x'.repeat(length);
    return this.#characters(length, inBare);
  }

  #quoted(): string {
    const quote = this.#random.pick(['"', "'"]);
    const other = quote === '"' ? "'" : '"';
    const length = this.#random.chance(0.01) ? 4070 + this.#random.below(50) : this.#random.below(8);
    const text =
      length > 100 ? 'y '.repeat(length / 2) : this.#characters(length, [...inQuotes, other, `\\${quote}`]);
    // A variable must not come about by chance: nginx would ask for its name.
    return quote + text.replaceAll('$', '') + quote;
  }

  #characters(length: number, special: readonly string[]): string {
    const from: readonly [string, ...string[]] = ['a', ...plain, ...special];
    let text = '';
    while (text.length < length) text += this.#random.pick(from);
    return text;
  }

  #gap(): string {
    const random = this.#random;
    if (random.chance(0.01)) return `\n#${'c'.repeat(4080 + random.below(30))}\n`;
    if (random.chance(0.01)) return ' '.repeat(4080 + random.below(30));
    return random.pick([' ', '  ', '\n', '\t', ' # a comment; with { "\n', '\r\n', ' \n\n ']);
  }

  #some(most: number, make: () => string): string {
    let text = '';
    for (let left = 1 + this.#random.below(most); left > 0; left--)
      text += `${this.#gap()}${make()}${this.#gap()}`;
    return text;
  }
}

function mutate(text: string, random: Random): readonly [text: string, what: string] {
  const at = random.below(text.length);
  const special = nearSpecial(text, at);
  const put = random.pick(mutable);
  switch (random.below(8)) {
    case 0:
    case 1:
      return [text.slice(0, special) + text.slice(special + 1), `delete ${special}`];
    case 2:
    case 3:
      return [text.slice(0, at) + put + text.slice(at), `insert ${JSON.stringify(put)} at ${at}`];
    case 4:
      return [text.slice(0, special) + put + text.slice(special + 1), `${JSON.stringify(put)} at ${special}`];
    case 5:
      return [
        text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2),
        `swap ${at} with the next`,
      ];
    case 6:
      return [text.slice(0, at), `end at ${at}`];
    default: {
      const piece = text.slice(at, at + random.below(30));
      return [text.slice(0, special) + piece + text.slice(special), `copy ${at} to ${special}`];
    }
  }
}

/** The next character after `at` that means something to a parser. */
function nearSpecial(text: string, at: number): number {
  for (let near = at; near < text.length; near++) if (/[{};"'\\#$\n\])]/.test(text.charAt(near))) return near;
  return at;
}
