/**
 * Lint of rendered files, at the author's own places. No file of the controller's disk is read: what lies outside the tree is
 * in nginx's container, where the agent looks.
 */
import { StewardError } from '../base/errors.ts';
import { treeToken } from '../base/tree-token.ts';
import { type ConfigFiles, overlayFiles } from '../nginx/language/config-files.ts';
import { readConfiguration } from '../nginx/language/read-configuration.ts';
import type { Finding } from '../nginx/lint/finding.ts';
import { formatFinding } from '../nginx/lint/format.ts';
import { lint } from '../nginx/lint/lint.ts';
import { type Rendered, sourcePosition } from '../render/render.ts';

export interface Linted {
  /** What no nginx could read. */
  readonly errors: readonly StewardError[];
  /** All else, each as one line. */
  readonly warnings: readonly string[];
}

/** Where lint believes the published tree to be. */
const tree = '/__the_tree_that_nginx_steward_publishes__';
/** More than this nobody reads; the rest comes to light with the next rendering. */
const mostErrors = 20;
const mostWarnings = 100;

const nothing: ConfigFiles = { read: () => undefined, list: () => undefined };

/** `entrypoint` is one of the files. */
export function lintTree(rendered: readonly Rendered[], entrypoint: string): Linted {
  const byPath = new Map(rendered.map((file) => [file.path, file]));
  const inMemory = new Map<string, Uint8Array>();
  for (const { path, content } of rendered)
    for (const directory of [tree, treeToken]) inMemory.set(`${directory}/${path}`, content);
  const files = overlayFiles(inMemory, nothing);
  const configuration = readConfiguration(files, `${tree}/${entrypoint}`);
  const found = lint(configuration, { tree, ownTree: treeToken, seesTreeOnly: true }).map((finding) =>
    atSource(finding, byPath),
  );
  const errors = found.filter(({ severity }) => severity === 'error');
  const warnings = found.filter(({ severity }) => severity !== 'error');
  return {
    errors: unique(errors.map(errorOf), ({ message }) => message).slice(0, mostErrors),
    warnings: unique(warnings.map(formatFinding), (line) => line).slice(0, mostWarnings),
  };
}

function atSource(finding: Finding, byPath: ReadonlyMap<string, Rendered>): Finding {
  const message = withSources(finding.message, byPath);
  const file = byPath.get(inTree(finding.file) ?? '');
  if (file === undefined) return { ...finding, message };
  const { origin, line } = sourcePosition(file, finding.line);
  return { ...finding, file: origin, line, message: withOwnLine(message, finding, file) };
}

/** Of what has no end, a message names the line of its beginning: in the same file, so without the file's name. */
function withOwnLine(message: string, { rule }: Finding, file: Rendered): string {
  if (rule !== 'syntax') return message;
  return message.replace(/(?<=" of line )\d+(?=$| has no end$)/, (line) =>
    String(sourcePosition(file, Number(line)).line),
  );
}

function inTree(path: string): string | undefined {
  for (const directory of [tree, treeToken])
    if (path.startsWith(`${directory}/`)) return path.slice(directory.length + 1);
  return undefined;
}

const placeInTree = new RegExp(`(${tree}|${treeToken})/([^\\s:;,"]*)(?::(\\d+))?`, 'g');

/** Places that a message names beside its own become the author's, and all other names what he would write. */
function withSources(message: string, byPath: ReadonlyMap<string, Rendered>): string {
  return message.replaceAll(placeInTree, (_, directory: string, path: string, line: string | undefined) => {
    const file = byPath.get(path);
    if (line !== undefined && file !== undefined) {
      const place = sourcePosition(file, Number(line));
      return `${place.origin}:${place.line}`;
    }
    const name = directory === tree ? path : `{{ steward.tree }}/${path}`;
    return line === undefined ? name : `${name}:${line}`;
  });
}

function errorOf({ file, line, column, message, rule }: Finding): StewardError {
  return new StewardError('STEWARD_LINT', `${message} [${rule}]`, { where: `${file}:${line}:${column}` });
}

/** A file that is included by both names of the tree is read twice. */
function unique<T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  return [...new Map(all.map((one) => [nameOf(one), one])).values()];
}
