/**
 * Writes the pages that come from the code: `npm run generate`. With `--check` it writes nothing and ends with 1 where a
 * page differs.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { errorCatalogue } from '../src/base/errors.ts';
import type { Flag } from '../src/cli/flags/flag.ts';
import { commands, environmentName } from '../src/cli/flags.ts';
import { manual, placeholderOf } from '../src/cli/help.ts';
import { lintRules } from '../src/nginx/lint/rules.ts';
import {
  agentMetrics,
  controllerMetrics,
  type MetricEntry,
  processMetrics,
} from '../src/telemetry/metric-catalogue.ts';
import { apiPage } from './generate/api-page.ts';
import { crdFiles } from './generate/crds.ts';
import { page, table } from './generate/markdown.ts';

const top = fileURLToPath(new URL('..', import.meta.url));

const pages: Readonly<Record<string, string>> = {
  'docs/api.md': apiPage(),
  'docs/errors.md': errorsPage(),
  'docs/flags.md': flagsPage(),
  'docs/lint-rules.md': lintRulesPage(),
  'docs/metrics.md': metricsPage(),
  ...crdFiles(),
};

const differing = Object.entries(pages).filter(([path, text]) => {
  const file = join(top, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
if (process.argv.includes('--check')) {
  for (const [path] of differing)
    process.stderr.write(`generate: ${path} differs from the code: npm run generate\n`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of differing) {
    const file = join(top, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  process.stderr.write(`generate: ${differing.length} of ${Object.keys(pages).length} pages written\n`);
}

function errorsPage(): string {
  const again = { wait: 'by itself, later', change: 'after a change', never: 'no' };
  const rows = Object.entries(errorCatalogue).map(([code, { meaning, action, retry }]) => [
    `\`${code}\``,
    meaning,
    action,
    again[retry],
  ]);
  return page(
    'Errors',
    'Every error that people see has one of these codes, says what happened and where (a file and line, a path, a process, or a flag), and what to do. The codes are stable; the sentences are not.',
    table(['code', 'meaning', 'what to do', 'worth trying again'], rows),
  );
}

function metricsPage(): string {
  const parts: readonly (readonly [string, Readonly<Record<string, MetricEntry>>])[] = [
    ['The agent', agentMetrics],
    ['The controller', controllerMetrics],
    ['Every process', processMetrics],
  ];
  const sections = parts.map(([title, entries]) => {
    const rows = Object.values(entries).map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      Object.entries(labels)
        .map(([label, values]) => `\`${label}\`: ${values}`)
        .join('; '),
      help,
    ]);
    return `## ${title}\n\n${table(['metric', 'type', 'labels', 'meaning'], rows)}`;
  });
  return page(
    'Metrics',
    'What `/metrics` shows, in the format of Prometheus. Names, types and labels are stable.',
    sections.join('\n'),
  );
}

function lintRulesPage(): string {
  const rows = Object.entries(lintRules).map(([id, { severity, meaning, mend }]) => [
    `\`${id}\``,
    severity,
    meaning,
    mend,
  ]);
  return page(
    'Lint rules',
    'What `steward lint` finds, and the agent before anything reaches nginx. An error blocks: no nginx of any build could read it. Everything else is said, and nginx decides.',
    table(['rule', 'severity', 'meaning', 'how to mend it'], rows),
  );
}

function flagsPage(): string {
  const sections = commands.map((command) => {
    const flags = table(['flag', 'default', 'environment', 'meaning'], command.flags.map(flagRow));
    const exits = table(
      ['exit code', 'meaning'],
      command.exits.map(([code, meaning]) => [String(code), meaning]),
    );
    return `## steward ${command.name}\n\n${command.summary}\n\n${flags}\n${exits}`;
  });
  return page(
    'Commands and flags',
    'Every flag is also an environment variable; a flag wins over it.',
    `\`\`\`text\n${manual()}\`\`\`\n\n${sections.join('\n')}`,
  );
}

function flagRow(flag: Flag): string[] {
  const value = flag.kind === 'switch' ? '' : ` ${placeholderOf(flag)}`;
  return [
    `\`--${flag.name}${value}\``,
    flag.default === undefined ? '' : `\`${flag.default}\``,
    `\`${environmentName(flag)}\``,
    flag.help,
  ];
}
