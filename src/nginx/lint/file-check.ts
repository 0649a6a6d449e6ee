/** Files that are not there, includes that match nothing, and files that nginx opens too late to be proven. */
import { type FileDirective, fileDirective } from '../language/named-file-table.ts';
import type { Configuration, ReadingProblem } from '../language/read-configuration.ts';
import { isThere, resolveName } from '../language/resolve-name.ts';
import type { Directive } from '../language/syntax-tree.ts';
import type { Scope } from '../language/walk.ts';
import type { Check, LintOptions, Report } from './finding.ts';

export const fileCheck: Check = (configuration, report, options) => {
  const seen = knownPlaces(configuration);
  const problems = new Map(configuration.problems.map((problem) => [problem.directive, problem.kind]));
  return {
    open: (scope) => {
      if (scope.parent === undefined) reportReading(configuration, report, options);
    },
    directive: (directive, scope) => {
      if (directive.name === 'include')
        judgeInclude(configuration, directive, problems.get(directive), { scope, report, options });
      else if (scope.context !== 'data') {
        const how = fileDirective(directive.name);
        if (how !== undefined) judgeNamed(configuration, directive, how, { report, options, seen });
      }
    },
  };
};

/** What reading itself found: see `judgeInclude` for missing files. */
function reportReading(configuration: Configuration, report: Report, options: LintOptions): void {
  for (const { kind, path, directive } of configuration.problems) {
    if (directive === undefined) {
      const rule = isPublished(path, options) ? 'missing-file' : 'absent-file';
      report.in(configuration.entry, 0, rule, 'the configuration file itself is not there or cannot be read');
    } else if (kind === 'cycle')
      report.at(
        directive,
        'include-cycle',
        `${path} is included while it is being read: nginx would never end`,
      );
    else if (kind === 'too-large')
      report.at(
        directive,
        'too-large',
        `${path} is not followed here: files are included too often or too deeply`,
      );
    else if (kind === 'unreadable')
      report.at(
        directive,
        'absent-file',
        `${path} matches the pattern and is no file that can be read: nginx refuses directories and dead links`,
      );
  }
}

function judgeInclude(
  configuration: Configuration,
  directive: Directive,
  problem: ReadingProblem['kind'] | undefined,
  {
    scope,
    report,
    options,
  }: { readonly scope: Scope; readonly report: Report; readonly options: LintOptions },
): void {
  const include = configuration.includes.get(directive);
  if (include === undefined || include.files.length > 0) return;
  const { path } = include;
  if (include.isPattern) {
    if (problem === undefined && isVisible(path, options))
      report.at(directive, 'empty-include', `nothing matches ${path}: check the pattern`);
    return;
  }
  if (problem !== 'missing') return;
  // In a block of some other module, `include` may be something else.
  if (isPublished(path, options) && scope.context !== 'unknown') {
    const name = directive.args[0] ?? path;
    report.at(directive, 'missing-file', missingInTree(name));
  } else if (isVisible(path, options))
    report.at(directive, 'absent-file', `${path} is not there, or only nginx's own container has it`);
}

/** Names that every image of nginx has in /etc/nginx. */
const imageFiles =
  /^(?:mime\.types|(?:fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|koi-utf|koi-win|win-utf)$/;

function missingInTree(name: string): string {
  if (imageFiles.test(name))
    return `"${name}" is not among the sources, and relative names start at the published tree: name the image's own file by absolute path, /etc/nginx/${name}`;
  if (name.startsWith('/')) return `"${name}" is not among the sources: add it, or check the name`;
  return `"${name}" is not among the sources, where relative names start: add it, or name the image's own file by absolute path`;
}

/** The setters of these open the file as soon as they are read, whatever else the configuration says. */
const alwaysOpened = /^(?:load_module|(?:\w+_)?ssl_password_file)$/;

interface Judging {
  readonly report: Report;
  readonly options: LintOptions;
  readonly seen: (path: string) => boolean;
}

function judgeNamed(
  configuration: Configuration,
  directive: Directive,
  how: FileDirective,
  { report, options, seen }: Judging,
): void {
  const value = directive.args[how.argument];
  // Certificates and keys are judged as pairs, by their content.
  if (value === undefined || how.role === 'certificate' || how.role === 'certificate-key') return;
  const resolved = resolveName(configuration, value, how.base);
  if ('reason' in resolved) return;
  const { path } = resolved;
  if (how.isLate && isInside(path, options.tree))
    report.at(
      directive,
      'lazy-file',
      `nginx opens "${value}" after loading, so running workers see it change before the reload, and keep it if the reload is refused: name it by {{ steward.tree }} in a template`,
    );
  if (how.isDirectory || seen(path)) return;
  if (isPublished(path, options) && alwaysOpened.test(directive.name))
    report.at(directive, 'missing-file', missingInTree(value));
  else if (isVisible(path, options))
    report.at(
      directive,
      'absent-file',
      `${path} is not there, or only nginx's own container has it: ${how.isLate ? 'requests that need it would fail' : 'nginx would refuse the configuration'}`,
    );
}

function isPublished(path: string, { tree, ownTree }: LintOptions): boolean {
  return isInside(path, tree) || isInside(path, ownTree);
}

function isVisible(path: string, options: LintOptions): boolean {
  return options.seesTreeOnly !== true || isPublished(path, options);
}

function isInside(path: string, tree: string | undefined): boolean {
  return tree !== undefined && path.startsWith(`${tree}/`);
}

/** Looks at each path once: ten thousand servers may name the same file. */
function knownPlaces(configuration: Configuration): (path: string) => boolean {
  const known = new Map<string, boolean>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const now = isThere(configuration, path);
    known.set(path, now);
    return now;
  };
}
