/** The log: one line for each thing that happened, onto standard output, for machines (JSON) or for people. */
import process from 'node:process';
import { type DestinationStream, pino } from 'pino';
import type { Log } from '../agent/ports.ts';

export interface LogOptions {
  /** `debug`, `info`, `warn` or `error`: the least severe that is written. */
  readonly level: string;
  readonly format: string;
  /** Where lines go instead of standard output. */
  readonly write?: (line: string) => void;
}

const hidden = '[hidden]';

/** Nothing logs these on purpose; an error that is logged whole may bring them along. */
const secretFields = ['privateKey', 'password', 'passphrase', 'token', 'authorization'];

/** Makes a log. Pretty printing is loaded only where it is asked for. */
export async function createLog(options: LogOptions): Promise<Log> {
  // Its own type would have await look for a promise in it.
  const log: Log = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: hidden },
      hooks: { streamWrite: withoutPrivateKeys },
    },
    await destination(options),
  );
  return log;
}

async function destination({ format, write }: LogOptions): Promise<DestinationStream> {
  if (format !== 'pretty') return write === undefined ? pino.destination({ dest: 1, sync: true }) : { write };
  // As a function in this process: as a transport it would be a thread with its own memory.
  const { prettyFactory } = await import('./pretty.ts');
  const pretty = prettyFactory({
    colorize: write === undefined && process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  const out = write ?? ((text: string) => process.stdout.write(text));
  return { write: (line) => out(pretty(line) ?? line) };
}

/** The last net: whatever a message quotes, no private key leaves through the log. */
function withoutPrivateKeys(line: string): string {
  if (!line.includes('PRIVATE KEY-----')) return line;
  return line.replaceAll(
    /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="(?:[,}]|$))|$)/gs,
    hidden,
  );
}
