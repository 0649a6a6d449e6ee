/** `steward lint`: checks configurations without executing anything. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { StewardError } from '../../base/errors.ts';
import { diskFiles } from '../../nginx/language/config-files.ts';
import { type Configuration, readConfiguration } from '../../nginx/language/read-configuration.ts';
import type { Finding } from '../../nginx/lint/finding.ts';
import { formatJson, formatSarif, formatText } from '../../nginx/lint/format.ts';
import { lintHostNames } from '../../nginx/lint/host-names.ts';
import { lint as lintConfiguration } from '../../nginx/lint/lint.ts';
import type { FlagValues } from '../parse.ts';
import { version } from '../version.ts';

export async function lint(flags: FlagValues, operands: readonly string[]): Promise<number> {
  const findings: Finding[] = [];
  for (const operand of operands) {
    const { entry, tree } = entryOf(operand, flags.required('entrypoint'));
    const configuration = readConfiguration(diskFiles(), entry, {
      serverPrefix: flags.required('server-prefix'),
    });
    const nginxVersion = versionOf(flags);
    findings.push(
      ...lintConfiguration(configuration, {
        ...(tree !== undefined && { tree }),
        ...(nginxVersion !== undefined && { nginxVersion }),
      }),
    );
    if (flags.isOn('resolve')) findings.push(...(await lookUpNames(configuration)));
  }
  process.stdout.write(format(findings, flags.required('output')));
  return findings.length === 0 ? 0 : 1;
}

function format(findings: readonly Finding[], output: string): string {
  if (output === 'json') return formatJson(findings);
  if (output === 'sarif') return formatSarif(findings, { directory: process.cwd(), version });
  return formatText(findings);
}

async function lookUpNames(configuration: Configuration): Promise<readonly Finding[]> {
  const { lookup } = await import('node:dns/promises');
  return lintHostNames(configuration, (name) =>
    lookup(name).then(
      () => true,
      () => false,
    ),
  );
}

function versionOf(flags: FlagValues): string | undefined {
  const text = flags.text('nginx-version');
  if (text !== undefined && !/^\d+\.\d+\.\d+$/.test(text))
    throw new StewardError('STEWARD_USAGE', `"${text}" is no version (a right one: 1.27.4)`, {
      where: '--nginx-version',
    });
  return text;
}

/** A file is what nginx reads first; a directory is a tree with its entry file. */
function entryOf(
  operand: string,
  entrypoint: string,
): { readonly entry: string; readonly tree: string | undefined } {
  const path = resolve(operand);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new StewardError('STEWARD_USAGE', 'there is no such file or directory', {
      where: operand,
      fix: 'Name a configuration file, or a directory with one.',
    });
  return stats.isDirectory()
    ? { entry: join(path, entrypoint), tree: path }
    : { entry: path, tree: undefined };
}
