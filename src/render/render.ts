/** Files and values in, files out: templates are rendered, everything else passes byte for byte. Pure. */
import { StewardError } from '../base/errors.ts';
import { targetOf, targetProblems } from './paths.ts';
import { loadTemplateEngine, type TemplateEngine, type TemplateProblem } from './template.ts';
import { isValues, reservedName, type Value, type Values } from './values.ts';

export interface SourceFile {
  /** Relative target path, any prefix included, before `.liquid` is taken off. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
  /** Where it came from, for people: `/etc/source/nginx.conf`, or `ConfigMap web/site key nginx.conf`. */
  readonly origin: string;
}

export interface Rendered {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
  readonly origin: string;
  /** Of a template: its line for each line of `content` (index 0 is line 1). Absent where the lines are the same. */
  readonly templateLines?: Uint32Array;
}

interface RenderOptions {
  /** What `{{ steward.tree }}` gives: a token that publishing replaces by the absolute directory of the tree. */
  readonly treeToken: string;
}

/** All files, or everything that is wrong with any of them. */
export type RenderResult =
  | { readonly kind: 'rendered'; readonly files: readonly Rendered[] }
  | { readonly kind: 'refused'; readonly problems: readonly StewardError[] };

export interface Renderer {
  render(files: readonly SourceFile[], values: Values, options: RenderOptions): Promise<RenderResult>;
}

/** A renderer loads the template engine with the first template that it meets, and keeps it. */
export function createRenderer(): Renderer {
  let loading: Promise<TemplateEngine> | undefined;
  return {
    render: async (files, values, options) => {
      const names = targetProblems(files);
      if (names.length > 0) return { kind: 'refused', problems: names };
      if (!files.some((file) => targetOf(file.path).template))
        return { kind: 'rendered', files: files.map(unchanged) };
      loading ??= loadTemplateEngine();
      return renderAll(files, values, options, await loading);
    },
  };
}

/**
 * The place in the author's file of a line of a rendered file: `origin:line`. Exact for what is no template, and for a
 * template the line whose text or output begins the rendered line.
 */
export function sourcePosition(
  file: Rendered,
  line: number,
): { readonly origin: string; readonly line: number } {
  const lines = file.templateLines;
  if (lines === undefined || lines.length === 0) return { origin: file.origin, line };
  // nginx counts one line more than there are when something is missing at the end.
  const templateLine = lines[Math.min(Math.max(line, 1), lines.length) - 1] ?? line;
  return { origin: file.origin, line: templateLine };
}

function renderAll(
  files: readonly SourceFile[],
  values: Values,
  options: RenderOptions,
  engine: TemplateEngine,
): RenderResult {
  const scope: Values = { ...values, [reservedName]: { tree: options.treeToken } };
  const rendered: Rendered[] = [];
  const problems: StewardError[] = [];
  for (const file of files) {
    if (!targetOf(file.path).template) {
      rendered.push(unchanged(file));
      continue;
    }
    const text = decode(file.content);
    if (text === undefined) {
      problems.push(
        new StewardError('STEWARD_TEMPLATE', 'a template must be UTF-8 text, and this file is not', {
          where: file.origin,
          fix: 'Save it as UTF-8, or take `.liquid` off its name: then it is copied byte for byte.',
        }),
      );
      continue;
    }
    const result = engine.render(text, scope);
    if (result.kind === 'refused') {
      problems.push(...result.problems.map((problem) => templateError(file, problem, scope)));
    } else {
      rendered.push({
        path: targetOf(file.path).path,
        content: Buffer.from(result.text, 'utf8'),
        mode: file.mode,
        origin: file.origin,
        templateLines: result.lines,
      });
    }
  }
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'rendered', files: rendered };
}

function unchanged({ path, content, mode, origin }: SourceFile): Rendered {
  return { path, content, mode, origin };
}

function decode(content: Uint8Array): string | undefined {
  try {
    // A byte order mark is content as well.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function templateError(file: SourceFile, problem: TemplateProblem, scope: Values): StewardError {
  const where = `${file.origin}:${problem.line}:${problem.column}`;
  if (problem.variable === undefined) return new StewardError('STEWARD_TEMPLATE', problem.message, { where });
  return new StewardError('STEWARD_TEMPLATE', problem.message, {
    where,
    fix: `Set it in the values, or write \`| default: …\` behind it. ${namesBeside(problem.variable, scope)}`,
  });
}

/** The names that are there where a name was looked up in vain; names are no secrets, values may be. */
function namesBeside(variable: string, scope: Values): string {
  const path = variable.split('.');
  let beside: Value | undefined = scope;
  let parent = '';
  for (const name of path.slice(0, -1)) {
    beside = isValues(beside) && Object.hasOwn(beside, name) ? beside[name] : undefined;
    parent = parent === '' ? name : `${parent}.${name}`;
  }
  if (!isValues(beside)) return '';
  const names = Object.keys(beside)
    .filter((name) => name !== reservedName)
    .sort();
  if (names.length === 0) return 'No values are given.';
  const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
  return parent === '' ? `There are: ${shown}.` : `\`${parent}\` has: ${shown}.`;
}
