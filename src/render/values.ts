/** What templates see: read from YAML, JSON or the environment, and merged. */
import { StewardError } from '../base/errors.ts';

export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** Named values; the name `steward` is reserved. */
export type Values = { readonly [name: string]: Value };

/** A name of the top level that templates could not read if a user's value had it. */
export const reservedName = 'steward';

/** Far deeper than anybody writes; recursion over values stays within the stack. */
const deepest = 64;

/**
 * Reads one file of values: JSON when it is JSON, else YAML 1.2 with merge keys (`<<`). An empty file has no values.
 * `where` is the file's name for messages. Throws STEWARD_VALUES.
 */
export async function parseValues(text: string, where: string): Promise<Values> {
  return checkValues(parseJson(text) ?? (await parseYaml(text, where)), where);
}

/** Values that were parsed already, copied once they are found fit for templates. Throws STEWARD_VALUES. */
export function checkValues(parsed: unknown, where: string): Values {
  if (!isMapping(parsed))
    throw new StewardError('STEWARD_VALUES', 'values are a mapping of names at the top level', { where });
  if (Object.hasOwn(parsed, reservedName))
    throw new StewardError(
      'STEWARD_VALUES',
      `the name \`${reservedName}\` is reserved for what steward itself knows`,
      {
        where,
      },
    );
  return copyMapping(parsed, where, []);
}

/** Later ones win: mappings are merged name by name, everything else (lists too) is replaced. */
export function mergeValues(...all: readonly Values[]): Values {
  let merged: Values = {};
  for (const values of all) merged = mergeTwo(merged, values);
  return merged;
}

/**
 * The values that an environment holds: with the prefix `APP`, `APP_UPSTREAM_PORT=8080` is `upstream_port`, the string
 * `8080`. Throws STEWARD_VALUES for two variables with one name, and for names that a template could not write.
 */
export function valuesFromEnvironment(
  prefix: string,
  environment: Readonly<Record<string, string | undefined>>,
): Values {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix))
    throw new StewardError(
      'STEWARD_VALUES',
      `not a prefix of environment variables: ${JSON.stringify(prefix)}`,
      {
        where: '--values-env',
        fix: 'Give a prefix such as APP: APP_PORT becomes the value `port`.',
      },
    );
  const start = prefix.endsWith('_') ? prefix : `${prefix}_`;
  const origins = new Map<string, string>();
  const values: Record<string, string> = {};
  for (const variable of Object.keys(environment).sort()) {
    const value = environment[variable];
    if (!variable.startsWith(start) || value === undefined) continue;
    const name = variable.slice(start.length).toLowerCase();
    const other = origins.get(name);
    if (other !== undefined)
      throw new StewardError('STEWARD_VALUES', `${other} and ${variable} are both the value \`${name}\``, {
        where: '--values-env',
      });
    if (!/^[a-z_][a-z0-9_]*$/.test(name))
      throw new StewardError('STEWARD_VALUES', `${variable} gives no name that a template can write`, {
        where: '--values-env',
      });
    origins.set(name, variable);
    values[name] = value;
  }
  return checkValues(values, '--values-env');
}

/** Whether a value is a mapping of names. */
export function isValues(value: Value | undefined): value is Values {
  return isMapping(value);
}

function parseJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // YAML's flow mappings begin with a brace too: its parser says what is wrong.
    return undefined;
  }
}

async function parseYaml(text: string, where: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('./yaml.ts');
  const counter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    merge: true,
    lineCounter: counter,
    prettyErrors: false,
  });
  const [first] = document.errors;
  if (first !== undefined) {
    const { line, col } = counter.linePos(first.pos[0]);
    throw new StewardError('STEWARD_VALUES', first.message, { where: `${where}:${line}:${col}` });
  }
  try {
    const values: unknown = document.toJS({ maxAliasCount: 100 });
    return values ?? {};
  } catch (error) {
    // Aliases that multiply without end.
    const reason = error instanceof Error ? error.message : String(error);
    throw new StewardError('STEWARD_VALUES', reason, { where });
  }
}

function copyMapping(mapping: Record<string, unknown>, where: string, path: readonly string[]): Values {
  if (path.length >= deepest)
    throw new StewardError('STEWARD_VALUES', `values are nested deeper than ${deepest} levels`, { where });
  const copy: Record<string, Value> = {};
  for (const [name, value] of Object.entries(mapping)) {
    if (name === '__proto__')
      throw new StewardError('STEWARD_VALUES', 'the name `__proto__` cannot be used', { where });
    copy[name] = copyValue(value, where, [...path, name]);
  }
  return copy;
}

function copyValue(value: unknown, where: string, path: readonly string[]): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (Array.isArray(value)) {
    if (path.length >= deepest)
      throw new StewardError('STEWARD_VALUES', `values are nested deeper than ${deepest} levels`, { where });
    return value.map((element, index) => copyValue(element, where, [...path, String(index)]));
  }
  if (isMapping(value)) return copyMapping(value, where, path);
  throw new StewardError(
    'STEWARD_VALUES',
    `${path.join('.')} is neither text, number, boolean, list nor mapping`,
    {
      where,
    },
  );
}

function mergeTwo(earlier: Values, later: Values): Values {
  const merged: Record<string, Value> = { ...earlier };
  for (const [name, value] of Object.entries(later)) {
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    merged[name] = isValues(before) && isValues(value) ? mergeTwo(before, value) : value;
  }
  return merged;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
