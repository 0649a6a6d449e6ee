/** One thing that lint has to say. */
import type { Configuration } from '../language/read-configuration.ts';
import { type Directive, type ParsedFile, positionAt } from '../language/syntax-tree.ts';
import type { Visitor } from '../language/walk.ts';
import { lintRules, type RuleId, type Severity } from './rules.ts';

export interface Finding {
  /** Absolute path, as nginx sees it. */
  readonly file: string;
  /** From 1, as nginx counts them. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  readonly severity: Severity;
  readonly rule: RuleId;
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface LintOptions {
  /**
   * The directory that is published, absolute, without a slash at its end: a plain file that should lie below it and does
   * not is an error.
   */
  readonly tree?: string;
  /**
   * The directory that this very tree is to be published in, absolute: the same files by a name that no other tree gets.
   * What is missing there is as missing as below `tree`, and what nginx opens late there does not change.
   */
  readonly ownTree?: string;
  /** Nothing can be seen but these two directories: of what may be elsewhere nothing is said. */
  readonly seesTreeOnly?: boolean;
  /** Of the nginx that will read it, `1.27.4`; undefined where it is not known. */
  readonly nginxVersion?: string;
  /** What that nginx gets after `-g`. */
  readonly globals?: string;
  /** The file is meant to be included by another: what it holds tells in which block it belongs. */
  readonly isFragment?: boolean;
  /** How many characters were put before the first line of the entry file: columns there are counted without them. */
  readonly firstLineOffset?: number;
}

/** Takes findings at a directive or anywhere in a file. */
export interface Report {
  at(directive: Directive, rule: RuleId, message: string): void;
  in(file: ParsedFile, offset: number, rule: RuleId, message: string): void;
}

/** One concern of lint: looks at a configuration as it is walked through, once. */
export type Check = (configuration: Configuration, report: Report, options: LintOptions) => Visitor;

/** A report that collects, each finding once however often its file is included. */
export function collectFindings(
  configuration: Configuration,
  options: LintOptions,
): Report & { findings(): readonly Finding[] } {
  const findings = new Map<string, Finding>();
  const add: Report['in'] = (file, offset, rule, message) => {
    const key = `${file.path}:${offset}:${rule}:${message}`;
    if (findings.has(key)) return;
    const { line, column } = positionAt(file, offset);
    const added = file === configuration.entry && line === 1 ? (options.firstLineOffset ?? 0) : 0;
    const { severity } = lintRules[rule];
    findings.set(key, {
      file: file.path,
      line,
      column: Math.max(1, column - added),
      severity,
      rule,
      message,
    });
  };
  return {
    at: (directive, rule, message) => add(directive.file, directive.start, rule, message),
    in: add,
    findings: () => [...findings.values()],
  };
}
