/** Whether directives stand where nginx allows them, with as much as it takes: what its ngx_conf_handler() asks. */
import type { Context } from '../language/contexts.ts';
import { type DirectiveForm, type DirectiveForms, formIn, knownDirectives } from '../language/directives.ts';
import { type Directive, positionOf } from '../language/syntax-tree.ts';
import type { Scope } from '../language/walk.ts';
import type { Check, Report } from './finding.ts';
import { nearestName } from './nearest-name.ts';

export const structureCheck: Check = (_configuration, report) => {
  /**
   * By depth: the last of each directive that may not come again in its block. Blocks of one depth follow each other, so
   * one map serves all of them: what another block left there does not count.
   */
  const seen: Map<string, Seen>[] = [];
  let depth = -1;
  return {
    open: () => {
      depth++;
      seen[depth] ??= new Map();
    },
    close: () => {
      depth--;
    },
    fileEnd: (file) => {
      if (file.text.startsWith('\u00ef\u00bb\u00bf'))
        report.in(file, 0, 'byte-order-mark', 'the file begins with a byte order mark: save it without one');
      if (file.problem !== undefined) report.in(file, file.problem.offset, 'syntax', file.problem.message);
    },
    directive: (directive, scope) => {
      const { context } = scope;
      if (context === 'unknown') return;
      if (directive.name === 'include') {
        judgeInclude(directive, report);
        return;
      }
      if (context === 'data') {
        if (directive.block !== undefined)
          report.in(
            directive.file,
            directive.headEnd,
            'syntax',
            `unexpected "{": "${scope.owner?.name ?? ''}" holds values, no blocks; close the lines before with ";"`,
          );
        return;
      }
      const forms = knownDirectives.get(directive.name);
      if (forms === undefined) {
        judgeUnknown(directive, context, report);
        return;
      }
      const form = formIn(forms, context);
      if (form === undefined) judgePlace(directive, context, forms, report);
      else if (judgeEnd(directive, form, report)) {
        judgeArguments(directive, form, report);
        const before = form.isOnce ? seen[depth] : undefined;
        if (before !== undefined) judgeRepetition(directive, scope, before, report);
      }
    },
  };
};

function judgeInclude(directive: Directive, report: Report): void {
  if (directive.block !== undefined)
    report.in(
      directive.file,
      directive.headEnd,
      'syntax',
      'directive "include" is not terminated by ";": put one before the "{"',
    );
  else if (directive.args.length !== 1)
    report.at(directive, 'arguments', '"include" takes 1 argument: is a ";" missing?');
}

function judgePlace(directive: Directive, context: Context, forms: DirectiveForms, report: Report): void {
  const allowed = [...new Set(forms.flatMap((form) => [...form.contexts]))];
  const where = context === 'main' ? 'at the main level' : `in a block "${context}"`;
  report.at(
    directive,
    'context',
    `"${directive.name}" is not allowed ${where}: it may stand in ${allowed.join(', ')}`,
  );
}

/** Simple directives end with `;`, blocks with `{`: of directives that are known, no build of nginx takes the other. */
function judgeEnd(directive: Directive, form: DirectiveForm, report: Report): boolean {
  const { name, headEnd, file } = directive;
  if (form.isBlock === (directive.block !== undefined)) return true;
  report.in(
    file,
    headEnd,
    'syntax',
    form.isBlock
      ? `directive "${name}" has no opening "{": put one in the place of the ";"`
      : `directive "${name}" is not terminated by ";": put one before what follows it`,
  );
  return false;
}

function judgeArguments(directive: Directive, form: DirectiveForm, report: Report): void {
  const { name, args } = directive;
  if (form.takes(args.length)) return;
  const takes = form.args === 'flag' ? 'on or off' : countInWords(form.args);
  const hint = directive.args.length > 1 ? ': is a ";" missing before the next directive?' : '';
  report.at(directive, 'arguments', `"${name}" takes ${takes}, not ${args.length}${hint}`);
}

function countInWords(args: string): string {
  if (args === '0') return 'no arguments';
  if (args === '1') return '1 argument';
  return args.endsWith('+')
    ? `${args.slice(0, -1)} or more arguments`
    : `${args.replace('-', ' to ').replaceAll(',', ' or ')} arguments`;
}

interface Seen {
  readonly scope: Scope;
  readonly directive: Directive;
}

function judgeRepetition(directive: Directive, scope: Scope, seen: Map<string, Seen>, report: Report): void {
  const before = seen.get(directive.name);
  if (before?.scope !== scope) {
    seen.set(directive.name, { scope, directive });
    return;
  }
  const first = positionOf(before.directive);
  report.at(
    directive,
    'duplicate',
    `"${directive.name}" is duplicate: it stands already in ${first.file}:${first.line}; nginx takes it once in a block`,
  );
}

function judgeUnknown(directive: Directive, context: Context, report: Report): void {
  // What a byte order mark makes of the first word has a finding of its own.
  if (directive.name.startsWith('\ufeff')) return;
  const near = nearestName(directive.name, (forms) => formIn(forms, context) !== undefined);
  if (near !== undefined)
    report.at(directive, 'misspelt', `"${directive.name}" is not known: is "${near}" meant?`);
}
