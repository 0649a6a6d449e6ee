/** Command line and environment into checked values. Pure. */
import { StewardError } from '../base/errors.ts';
import type { Command, Flag } from './flags/flag.ts';
import { environmentName } from './flags.ts';
import { suggestion } from './nearest.ts';
import { type Program, steward } from './program.ts';

/** A flag's values by name, each read with the getter of its kind. */
export class FlagValues {
  readonly #texts: ReadonlyMap<string, readonly string[]>;
  readonly #command: Command;
  readonly #typed: ReadonlySet<string>;

  constructor(
    command: Command,
    texts: ReadonlyMap<string, readonly string[]>,
    typed: ReadonlySet<string> = new Set(),
  ) {
    this.#command = command;
    this.#texts = texts;
    this.#typed = typed;
  }

  /** Whether it stands on the command line itself, and not in the environment alone. */
  isTyped(name: string): boolean {
    return this.#typed.has(name);
  }

  text(name: string): string | undefined {
    return this.#texts.get(name)?.at(-1) ?? this.#flag(name).default;
  }

  /** Of a flag that has a default. */
  required(name: string): string {
    return this.text(name) ?? '';
  }

  list(name: string): readonly string[] {
    return this.#texts.get(name) ?? [];
  }

  isOn(name: string): boolean {
    return this.text(name) === 'true';
  }

  milliseconds(name: string): number {
    return parseDuration(this.required(name), `--${name}`);
  }

  count(name: string): number {
    return parseCount(this.required(name), `--${name}`);
  }

  expression(name: string): RegExp | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parseExpression(text, `--${name}`);
  }

  #flag(name: string): Flag {
    const flag = this.#command.flags.find((one) => one.name === name);
    if (flag === undefined) throw new Error(`${this.#command.name} has no flag ${name}`);
    return flag;
  }
}

export type Invocation =
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly flags: FlagValues;
      readonly operands: readonly string[];
    };

/** A map, since an object would know `constructor` too. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['-o', '--output'],
  ['-n', '--namespace'],
  ['-A', '--all-namespaces'],
  ['-w', '--watch'],
  ['-h', '--help'],
]);

/**
 * Reads `args` (without the program); flags win over `env`.
 *
 * @throws StewardError STEWARD_USAGE with the nearest name that there is.
 */
export function parseArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  program: Program = steward,
): Invocation {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return { kind: 'help', command: undefined };
  if (name === '--version' || name === 'version') return { kind: 'version' };
  if (name === 'help')
    return { kind: 'help', command: rest[0] === undefined ? undefined : findCommand(rest[0], program) };
  const command = findCommand(name, program);
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const argument = withLongName(rest[index] ?? '');
    if (argument === '--help') return { kind: 'help', command };
    if (argument === '--') {
      operands.push(...rest.slice(index + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      operands.push(argument);
      continue;
    }
    const [dashed, attached] = splitOnce(argument);
    const flag = findFlag(command, dashed, program);
    let value = attached;
    if (flag.kind === 'switch') value ??= 'true';
    else if (value === undefined) {
      index += 1;
      value = rest[index];
      if (value === undefined)
        throw usage(`${dashed} needs a value: ${dashed} ${flag.placeholder ?? 'VALUE'}`, command, program);
    }
    given.set(flag.name, [...(given.get(flag.name) ?? []), value]);
  }
  checkOperands(command, operands, program);
  const typed = new Set(given.keys());
  for (const flag of command.flags) {
    const fromEnvironment = env[environmentName(flag)];
    if (given.has(flag.name) || fromEnvironment === undefined || fromEnvironment === '') continue;
    given.set(
      flag.name,
      flag.kind === 'list' ? fromEnvironment.split('\n').filter(Boolean) : [fromEnvironment],
    );
  }
  for (const flag of command.flags) for (const value of given.get(flag.name) ?? []) checkValue(flag, value);
  return { kind: 'run', command, flags: new FlagValues(command, given, typed), operands };
}

/** `200ms`, `1s`, `10m`, `2h` in milliseconds. */
export function parseDuration(text: string, where: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ''];
  if (match === null || unit === undefined)
    throw new StewardError('STEWARD_USAGE', `"${text}" is no duration (right ones: 200ms, 1s, 10m)`, {
      where,
    });
  return Number(match[1]) * unit;
}

function parseCount(text: string, where: string): number {
  if (!/^\d{1,6}$/.test(text))
    throw new StewardError('STEWARD_USAGE', `"${text}" is no number (a right one: 4)`, { where });
  return Number(text);
}

function parseExpression(text: string, where: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StewardError('STEWARD_USAGE', `"${text}" is no regular expression (${reason})`, {
      where,
      cause: error,
    });
  }
}

function checkValue(flag: Flag, value: string): void {
  const where = `--${flag.name}`;
  if (value === '' && flag.kind !== 'switch')
    throw new StewardError('STEWARD_USAGE', 'the value is empty', { where });
  if (flag.choices !== undefined && !flag.choices.includes(value))
    throw new StewardError('STEWARD_USAGE', `"${value}" is none of ${flag.choices.join(', ')}`, { where });
  if (flag.kind === 'duration') parseDuration(value, where);
  else if (flag.kind === 'count') parseCount(value, where);
  else if (flag.kind === 'expression') parseExpression(value, where);
  else if (flag.kind === 'switch' && value !== 'true' && value !== 'false')
    throw new StewardError('STEWARD_USAGE', `"${value}" is neither true nor false`, { where });
}

function checkOperands(command: Command, operands: readonly string[], program: Program): void {
  const { least = 0, most = 0, placeholder = '' } = command.operands ?? {};
  if (operands.length < least) throw usage(`it needs ${placeholder}`, command, program);
  if (operands.length > most)
    throw usage(`"${operands[most] ?? ''}" is one argument too many`, command, program);
}

function findCommand(name: string, { name: called, commands }: Program): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = commands.map((one) => one.name);
  throw new StewardError('STEWARD_USAGE', `there is no command "${name}"${suggestion(name, names)}`, {
    where: called,
    fix: `The commands are ${names.join(', ')}: see ${called} --help.`,
  });
}

function findFlag(command: Command, dashed: string, program: Program): Flag {
  const flag = command.flags.find((one) => `--${one.name}` === dashed);
  if (flag !== undefined) return flag;
  const names = command.flags.map((one) => `--${one.name}`);
  throw usage(`there is no flag "${dashed}"${suggestion(dashed, names)}`, command, program);
}

function usage(what: string, command: Command, program: Program): StewardError {
  return new StewardError('STEWARD_USAGE', what, {
    where: `${program.name} ${command.name}`,
    fix: `See ${program.name} ${command.name} --help.`,
  });
}

/** `-o json`, `-o=json` and `-ojson` are all `--output`. */
function withLongName(argument: string): string {
  const name = shortNames.get(argument.slice(0, 2));
  if (name === undefined) return argument;
  const rest = argument.slice(2);
  return rest === '' ? name : `${name}=${rest.replace(/^=/, '')}`;
}

function splitOnce(argument: string): [string, string | undefined] {
  const at = argument.indexOf('=');
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}
