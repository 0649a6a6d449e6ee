/**
 * LiquidJS in a sandbox: templates see their values and nothing else. No file is read (no `include`, `render`, `layout`,
 * `block`), nothing comes from the clock, chance or the machine (no dates, no `sample`), and time, memory and output are
 * bounded, so that the same files and values always give the same bytes.
 */
import type { Context, Emitter, Liquid, LiquidError, Template, Token } from 'liquidjs';
import { nginxQuote } from './quote.ts';
import { LineIndex, MappedOutput, type Place } from './source-map.ts';
import type { Values } from './values.ts';

type LiquidModule = typeof import('liquidjs');
type Renderer = Liquid['renderer'];

/** What bounds one template: characters, milliseconds, and characters and elements made by filters and tags. */
const limits = { parse: 8_000_000, renderMs: 2_000, memory: 8_000_000, output: 16_000_000 } as const;

/** As many problems of one template as are worth reading at once. */
const mostProblems = 20;

/** They would read other files. */
const fileTags = ['include', 'render', 'layout', 'block'] as const;

/** Their result depends on the clock, the time zone or chance, and with it the hash of the tree would. */
const inconstantFilters = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
] as const;

/** One thing wrong in a template; line and column from 1. */
export interface TemplateProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Of an undefined variable: the name as far as it was looked up, `tls.port`. */
  readonly variable?: string;
}

type TemplateResult =
  | { readonly kind: 'rendered'; readonly text: string; readonly lines: Uint32Array }
  | { readonly kind: 'refused'; readonly problems: readonly TemplateProblem[] };

export interface TemplateEngine {
  render(template: string, values: Values): TemplateResult;
}

/** Loads LiquidJS (3 MB of memory, hence not before a template is there) and takes out of it what is not wanted. */
export async function loadTemplateEngine(): Promise<TemplateEngine> {
  return makeEngine((await import('./liquid.ts')).liquidjs);
}

function makeEngine(module: LiquidModule): TemplateEngine {
  const { Context, LiquidError, toValueSync } = module;

  class SandboxedLiquid extends module.Liquid {
    override readonly renderer: Renderer = {
      renderTemplates: (templates, context, emitter) => renderTemplates(templates, context, emitter),
      renderTemplatesToNodeStream: () => {
        throw new Error('templates are rendered at once');
      },
    };
  }

  /** Does what LiquidJS' own does, and notes where each piece comes from, and all problems instead of the first. */
  function* renderTemplates(
    templates: Template[],
    context: Context,
    emitter: Emitter = new CapturingEmitter(),
  ): Generator<unknown, string, unknown> {
    for (const template of templates) {
      try {
        context.renderLimit.check(performance.now());
        if (emitter instanceof MappingEmitter) emitter.output.place = placeOf(template, module);
        const written = yield template.render(context, emitter);
        if (typeof written === 'string') emitter.write(written);
      } catch (error) {
        if (error instanceof EnoughProblems) throw error;
        const problem = LiquidError.is(error) ? error : new module.RenderError(asError(error), template);
        if (!(emitter instanceof MappingEmitter)) throw problem;
        emitter.add(problem);
      }
      if (context.breakCalled || context.continueCalled) break;
    }
    return emitter.buffer;
  }

  const engine = new SandboxedLiquid({
    parseLimit: limits.parse,
    renderLimit: limits.renderMs,
    memoryLimit: limits.memory,
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // Without this, what reads other templates would read files under the working directory.
    templates: {},
    relativeReference: false,
    cache: false,
    locale: 'en-US',
    timezoneOffset: 0,
  });
  for (const name of fileTags) engine.registerTag(name, refusedTag(name));
  for (const name of inconstantFilters) engine.registerFilter(name, refusedFilter(name));
  engine.registerFilter('nginx_quote', quoteFilter);

  // `if` and `default` take an undefined variable for nothing. `assign` goes by the engine's own options, and must not:
  // a misspelt name would become an empty value there.
  const contextOptions = { ...engine.options, lenientIf: true };

  return {
    render: (template, values) => {
      const index = new LineIndex(template);
      const emitter = new MappingEmitter();
      try {
        const context = new Context({ ...values }, contextOptions, { sync: true }, { liquid: engine });
        toValueSync(renderTemplates(engine.parse(template), context, emitter));
      } catch (error) {
        if (!(error instanceof EnoughProblems)) emitter.problems.push(asError(error));
      }
      if (emitter.problems.length > 0) {
        const problems = emitter.problems.map((error) => describe(error, template, index));
        return { kind: 'refused', problems };
      }
      return { kind: 'rendered', text: emitter.output.text(), lines: emitter.output.lines(index) };
    },
  };
}

/** Ends a template: there is nothing more to learn from it. */
class EnoughProblems extends Error {}

/** Where the text of a template goes at the top level and in loops and conditions. */
class MappingEmitter implements Emitter {
  readonly output = new MappedOutput(limits.output);
  readonly problems: Error[] = [];
  readonly buffer = '';

  write(value: unknown): void {
    this.output.append(textOf(value));
  }

  /** Notes a problem, the same one in a loop once; throws when there are enough, or when a limit is reached. */
  add(problem: Error): void {
    const isKnown = this.problems.some(
      (known) => known.message === problem.message && tokenOf(known)?.begin === tokenOf(problem)?.begin,
    );
    if (!isKnown) this.problems.push(problem);
    if (this.problems.length >= mostProblems || isLimit(problem)) throw new EnoughProblems();
  }
}

/** Where the text inside `capture` goes: it has no line of its own until it is put out. */
class CapturingEmitter implements Emitter {
  buffer = '';

  write(value: unknown): void {
    this.buffer += textOf(value);
    if (this.buffer.length > limits.output)
      throw new Error(`more than ${limits.output} characters are captured`);
  }
}

/** As Liquid prints values, except that a mapping is refused: `[object Object]` helps nobody. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  throw new Error('a mapping cannot be put out: name one value in it, or use the `json` filter');
}

function placeOf(template: Template, { RawTag, TypeGuards }: LiquidModule): Place {
  const { token } = template;
  if (TypeGuards.isHTMLToken(token)) return { offset: token.begin + token.trimLeft, verbatim: true };
  if (template instanceof RawTag) return { offset: token.end, verbatim: true };
  return { offset: token.begin, verbatim: false };
}

function refusedTag(name: string): { parse: () => never; render: () => never } {
  const refuse = (): never => {
    throw new Error(
      `tag "${name}" is not available: a template reads no other file. Use nginx's own include, or values`,
    );
  };
  return { parse: refuse, render: refuse };
}

function refusedFilter(name: string): () => never {
  return () => {
    throw new Error(
      `filter "${name}" is not available: what is rendered depends on the files and the values alone`,
    );
  };
}

/** Keyword arguments come as pairs: `nginx_quote: allow: "$"`. */
function quoteFilter(value: unknown, ...args: readonly unknown[]): string {
  let allowDollar = false;
  for (const arg of args) {
    if (!Array.isArray(arg) || arg[0] !== 'allow' || arg[1] !== '$')
      throw new Error('nginx_quote takes no argument but `allow: "$"`');
    allowDollar = true;
  }
  return nginxQuote(value, { allowDollar });
}

function describe(error: Error, template: string, index: LineIndex): TemplateProblem {
  const { originalError } = error as Partial<LiquidError>;
  const variable: unknown =
    originalError === undefined ? undefined : Reflect.get(originalError, 'variableName');
  const message = originalError?.message ?? withoutPosition(error.message);
  return {
    ...index.position(offsetOf(tokenOf(error), template)),
    message: isLimit(error) ? `${message}: a template must not need so much` : message,
    ...(typeof variable === 'string' ? { variable } : {}),
  };
}

function tokenOf(error: Error): Token | undefined {
  return (error as Partial<LiquidError>).token;
}

/** LiquidJS' words for a template that wants too much. */
function isLimit(error: Error): boolean {
  return /\blimit exceeded\b/.test(error.message);
}

/** Tokens of some tags' insides have an input of their own, of which the place in the template is not known. */
function offsetOf(token: Token | undefined, template: string): number {
  return token !== undefined && token.input === template ? token.begin : 0;
}

/** LiquidJS puts its own position behind some messages. */
function withoutPosition(message: string): string {
  return message.replace(/, line:\d+, col:\d+$/, '');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
