/**
 * The catalogue of errors: every way in which steward can fail a user, once. `docs/errors.md` is generated from it.
 *
 * `retry` says whether trying again without a change can help: `wait` (the cause is likely to pass), `change` (somebody
 * must change something first), `never` (the call itself was wrong).
 */
export interface ErrorEntry {
  readonly meaning: string;
  readonly action: string;
  readonly retry: 'wait' | 'change' | 'never';
}

export const errorCatalogue = {
  STEWARD_USAGE: {
    meaning: 'A command, a flag or its value is not one that steward knows.',
    action: 'Compare the command with `steward --help`.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An error for people: what happened, where, and what to do. `where` is `file:line`, a path, a process or a flag; `fix`
 * replaces the catalogue's general advice where the place knows better. Never put a secret's bytes into any of them.
 */
export class StewardError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly fix: string;

  constructor(
    code: ErrorCode,
    what: string,
    options: { where?: string; fix?: string; cause?: unknown } = {},
  ) {
    super(options.where === undefined ? what : `${options.where}: ${what}`, { cause: options.cause });
    this.name = 'StewardError';
    this.code = code;
    this.where = options.where;
    this.fix = options.fix ?? errorCatalogue[code].action;
  }

  get retry(): ErrorEntry['retry'] {
    return errorCatalogue[this.code].retry;
  }
}
