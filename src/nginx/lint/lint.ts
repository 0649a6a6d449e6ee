/**
 * Judges a configuration before nginx sees it. Errors are only what no nginx of any build could read; modules and the files
 * of nginx's image are not ours to know, so everything else is a warning, and nginx decides. Executes nothing, asks nobody.
 */
import type { Configuration } from '../language/read-configuration.ts';
import { type Visitor, walk } from '../language/walk.ts';
import { fileCheck } from './file-check.ts';
import { type Check, collectFindings, type Finding, type LintOptions } from './finding.ts';
import { contextOfFragment } from './fragment.ts';
import { listenCheck } from './listen-check.ts';
import { reloadCheck } from './reload-check.ts';
import { structureCheck } from './structure.ts';

export type { Finding, LintOptions } from './finding.ts';

const checks: readonly Check[] = [structureCheck, fileCheck, listenCheck, reloadCheck];

/** The findings in the order in which nginx would come upon them. */
export function lint(configuration: Configuration, options: LintOptions = {}): readonly Finding[] {
  const report = collectFindings(configuration, options);
  const visitors = checks.map((check) => check(configuration, report, options));
  const visitor: Visitor = {
    directive: (directive, scope) => {
      for (const visitor of visitors) visitor.directive?.(directive, scope);
    },
    open: (scope) => {
      for (const visitor of visitors) visitor.open?.(scope);
    },
    close: (scope) => {
      for (const visitor of visitors) visitor.close?.(scope);
    },
    fileEnd: (file) => {
      for (const visitor of visitors) visitor.fileEnd?.(file);
    },
  };
  walk(configuration, visitor, options.isFragment === true ? contextOfFragment(configuration.entry) : 'main');
  return report.findings();
}
