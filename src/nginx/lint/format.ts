/** Findings for people and for programs. */
import type { Finding } from './finding.ts';
import { lintRules, type Severity } from './rules.ts';

/** `file:line:column: severity: message [rule]`, one line each; empty without findings. */
export function formatText(findings: readonly Finding[]): string {
  return findings.map((finding) => `${formatFinding(finding)}\n`).join('');
}

export function formatFinding({ file, line, column, severity, message, rule }: Finding): string {
  // What a configuration quotes may hold anything; one finding stays one line.
  const printable = message.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  return `${file}:${line}:${column}: ${severity}: ${printable} [${rule}]`;
}

export function formatJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ findings }, null, 2)}\n`;
}

const sarifLevels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/**
 * SARIF 2.1.0, as code scanning services read it. Files below `directory` get paths relative to it, all others `file:` URIs.
 */
export function formatSarif(
  findings: readonly Finding[],
  options: { readonly directory: string; readonly version: string },
): string {
  const ids = Object.keys(lintRules);
  const rules = Object.entries(lintRules).map(([id, rule]) => ({
    id,
    shortDescription: { text: rule.meaning },
    help: { text: rule.mend },
    defaultConfiguration: { level: sarifLevels[rule.severity] },
  }));
  const results = findings.map(({ file, line, column, severity, rule, message }) => ({
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level: sarifLevels[severity],
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: artifact(file, options.directory),
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  }));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'nginx-steward', version: options.version, rules } },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { DIRECTORY: { uri: `${fileUri(options.directory)}/` } },
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function artifact(file: string, directory: string): { readonly uri: string; readonly uriBaseId?: string } {
  const base = directory === '/' ? '/' : `${directory}/`;
  return file.startsWith(base)
    ? { uri: escapePath(file.slice(base.length)), uriBaseId: 'DIRECTORY' }
    : { uri: fileUri(file) };
}

function fileUri(path: string): string {
  return `file://${path === '/' ? '' : escapePath(path)}`;
}

function escapePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
