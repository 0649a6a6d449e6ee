/** How a command against a cluster prints: text for people, or its result as JSON or YAML. */
import { type Line, paint } from '../status/text.ts';

export type Format = 'text' | 'json' | 'yaml';

export interface Output {
  readonly format: Format;
  readonly colour: boolean;
  readonly isTerminal: boolean;
  /** In cells. */
  readonly columns: number;
  /** Onto standard output, as it is. */
  write(text: string): void;
  /** Onto standard error, as a line of its own: what is no result. */
  complain(text: string): void;
}

/** What is used of the process; `process` itself has it. */
export interface OutputProcess {
  readonly stdout: {
    readonly isTTY?: boolean;
    readonly columns?: number;
    write(text: string): unknown;
  };
  readonly stderr: { write(text: string): unknown };
}

export function processOutput(
  { stdout, stderr }: OutputProcess,
  format: string,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  const isTerminal = stdout.isTTY === true;
  return {
    format: format === 'json' || format === 'yaml' ? format : 'text',
    isTerminal,
    colour: isTerminal && (env['NO_COLOR'] ?? '') === '',
    columns: stdout.columns ?? 80,
    write: (text) => void stdout.write(text),
    complain: (text) => void stderr.write(`${text}\n`),
  };
}

/** Prints `value` for machines, or `lines` for people. */
export async function print(output: Output, value: unknown, lines: () => readonly Line[]): Promise<void> {
  if (output.format === 'text') printLines(output, lines());
  else if (output.format === 'json') output.write(`${JSON.stringify(value, undefined, 2)}\n`);
  else {
    const { stringify } = await import('./yaml.ts');
    // Without what JSON has no word for: both formats show the same.
    output.write(stringify(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false }));
  }
}

export function printLines(output: Output, lines: readonly Line[]): void {
  for (const line of lines) output.write(`${paint(line, output.colour)}\n`);
}
