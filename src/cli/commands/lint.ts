/** `steward lint`: checks configurations without executing anything. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { StewardError } from '../../base/errors.ts';
import { diskFiles } from '../../nginx/language/config-files.ts';
import { readConfiguration } from '../../nginx/language/read-configuration.ts';
import { lint as lintConfiguration } from '../../nginx/lint/lint.ts';
import type { FlagValues } from '../parse.ts';

export async function lint(flags: FlagValues, operands: readonly string[]): Promise<number> {
  const entries = operands.map((operand) => entryOf(operand, flags.required('entrypoint')));
  const findings = entries.flatMap(({ entry, tree }) =>
    lintConfiguration(
      readConfiguration(diskFiles(), entry, { serverPrefix: flags.required('server-prefix') }),
      tree === undefined ? {} : { tree },
    ),
  );
  for (const { file, line, column, severity, message, rule } of findings)
    process.stdout.write(`${file}:${line}:${column}: ${severity}: ${message} [${rule}]\n`);
  return findings.length === 0 ? 0 : 1;
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
