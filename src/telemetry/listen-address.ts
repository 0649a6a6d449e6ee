import { StewardError } from '../base/errors.ts';

export interface ListenAddress {
  /** Undefined: every address of the machine. */
  readonly host: string | undefined;
  readonly port: number;
}

/**
 * Reads `:9477`, `127.0.0.1:9477`, `localhost:9477` or `[::1]:9477`.
 *
 * @throws StewardError STEWARD_USAGE
 */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[(?<v6>[0-9A-Fa-f:.%a-z]+)\]|(?<host>[^:[\]\s/]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (match === null || port > 65_535)
    throw new StewardError('STEWARD_USAGE', `"${text}" is no address to listen at`, {
      where: '--listen',
      fix: 'Right ones: :9477 (all addresses), 127.0.0.1:9477, [::1]:9477.',
    });
  const host = match.groups?.['v6'] ?? match.groups?.['host'] ?? '';
  return { host: host === '' || host === '*' ? undefined : host, port };
}
