/** What a flag and a command are, and the flags that commands of several kinds share. */

type FlagKind = 'text' | 'list' | 'duration' | 'count' | 'expression' | 'switch';

export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  readonly kind: FlagKind;
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  /** As it would be written; absent: none. */
  readonly default?: string;
  readonly help: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What stands behind the command besides flags. */
  readonly operands?: { readonly placeholder: string; readonly least: number; readonly most: number };
  readonly flags: readonly Flag[];
  readonly exits: readonly (readonly [code: number, meaning: string])[];
}

export const usage: readonly [number, string] = [2, 'wrong usage'];

export const output = (choices: readonly string[]): Flag => ({
  name: 'output',
  kind: 'text',
  placeholder: choices.join('|'),
  default: 'text',
  choices,
  help: 'How the result is printed. Also `-o`.',
});
