/** Which names a rendered tree may hold: checked at the border, since they come from keys and file names of other people. */
import { StewardError } from '../base/errors.ts';

/** The suffix that makes a source file a template, and that its target loses. */
const templateSuffix = '.liquid';

/** Bytes: what Linux allows for one name in a directory, and well below what it allows for a path. */
const longestName = 255;
const longestPath = 1024;

/** Where one source file is to go. */
export interface Target {
  readonly path: string;
  readonly template: boolean;
}

/** The target of a source path: a template loses `.liquid`, all others keep their name. */
export function targetOf(sourcePath: string): Target {
  return sourcePath.endsWith(templateSuffix)
    ? { path: sourcePath.slice(0, -templateSuffix.length), template: true }
    : { path: sourcePath, template: false };
}

/**
 * What is wrong with a target path, or undefined: it must be relative, and stay in the tree whatever resolves it.
 * Control characters are refused because such a path would have to be shown in logs and written into configurations.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'the name is empty';
  if (path.startsWith('/')) return 'the name is absolute';
  if (/\p{Cc}/u.test(path)) return 'the name holds a control character';
  if (!path.isWellFormed()) return 'the name is no text that UTF-8 can write';
  if (Buffer.byteLength(path) > longestPath) return `the name is longer than ${longestPath} bytes`;
  for (const segment of path.split('/')) {
    if (segment === '') return 'the name has an empty part (`//`, or `/` at its end)';
    if (segment === '.' || segment === '..') return `the name has the part \`${segment}\``;
    if (Buffer.byteLength(segment) > longestName)
      return `a part of the name is longer than ${longestName} bytes`;
  }
  return undefined;
}

/**
 * Every way in which the files' targets cannot live in one tree: a bad name, two sources for one path (also `a` and
 * `a.liquid`), one path that is both a file and a directory. Messages name both sources.
 */
export function targetProblems(
  files: readonly { readonly path: string; readonly origin: string }[],
): readonly StewardError[] {
  const problems: StewardError[] = [];
  const origins = new Map<string, string>();
  for (const { path: sourcePath, origin } of files) {
    const { path } = targetOf(sourcePath);
    const problem = pathProblem(path);
    if (problem !== undefined) {
      problems.push(
        new StewardError('STEWARD_SOURCE_PATH', `${problem}: ${JSON.stringify(sourcePath)}`, {
          where: origin,
        }),
      );
      continue;
    }
    const other = origins.get(path);
    if (other === undefined) {
      origins.set(path, origin);
    } else {
      problems.push(
        new StewardError('STEWARD_SOURCE_CONFLICT', `${path} has two sources: this one and ${other}`, {
          where: origin,
        }),
      );
    }
  }
  return [...problems, ...directoryProblems(origins)];
}

function directoryProblems(origins: ReadonlyMap<string, string>): StewardError[] {
  const problems: StewardError[] = [];
  for (const [path, origin] of origins) {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      const parent = path.slice(0, end);
      const other = origins.get(parent);
      if (other === undefined) continue;
      problems.push(
        new StewardError(
          'STEWARD_SOURCE_CONFLICT',
          `${path} needs ${parent} to be a directory, and ${other} makes it a file`,
          { where: origin },
        ),
      );
    }
  }
  return problems;
}
