/** `--source`, `--values` and `--values-env` as the agent and `steward render` take them. */
import { readFileSync } from 'node:fs';
import { StewardError } from '../base/errors.ts';
import { mergeValues, parseValues, type Values, valuesFromEnvironment } from '../render/values.ts';
import type { FlagValues } from './parse.ts';

export interface SourceFlag {
  readonly directory: string;
  readonly prefix: string;
}

/** `DIR` or `DIR=PREFIX`. */
export function sourcesOf(flags: FlagValues): readonly SourceFlag[] {
  return flags.list('source').map((text) => {
    const at = text.lastIndexOf('=');
    const directory = at < 0 ? text : text.slice(0, at);
    if (directory === '')
      throw new StewardError('STEWARD_USAGE', `"${text}" names no directory`, { where: '--source' });
    return { directory, prefix: at < 0 ? '' : text.slice(at + 1) };
  });
}

/** Reads all values anew; later files win over earlier ones, the environment over files. */
export async function readValues(
  flags: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Values> {
  const all: Values[] = [];
  for (const path of flags.list('values')) all.push(await parseValues(readValuesFile(path), path));
  const prefix = flags.text('values-env');
  if (prefix !== undefined) all.push(valuesFromEnvironment(prefix, env));
  return mergeValues(...all);
}

function readValuesFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new StewardError('STEWARD_VALUES', `the file cannot be read (${code})`, {
      where: path,
      cause: error,
    });
  }
}
