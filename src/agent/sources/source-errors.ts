/** What can be wrong with a source, as errors for people. */
import process from 'node:process';
import { StewardError } from '../../base/errors.ts';

export function missing(where: string): StewardError {
  return new StewardError('STEWARD_SOURCE_MISSING', 'there is no such directory', { where });
}

export function linkError(shown: string, where: string): StewardError {
  return new StewardError('STEWARD_SOURCE_LINK', `the link leads ${where}`, { where: shown });
}

export function tooLarge(where: string, what: string): StewardError {
  return new StewardError('STEWARD_SOURCE_TOO_LARGE', what, { where });
}

export function unstable(where: string): StewardError {
  return new StewardError('STEWARD_SOURCE_UNSTABLE', 'it changed again and again while it was read', {
    where,
  });
}

export function unreadable(where: string, cause: unknown): StewardError {
  const code = codeOf(cause) ?? 'an unknown error';
  const user = `uid ${process.getuid?.()}, gid ${process.getgid?.()}`;
  const what = code === 'ENOTDIR' ? 'it is not a directory' : `it cannot be read (${code}, as ${user})`;
  return new StewardError('STEWARD_SOURCE_UNREADABLE', what, { where, cause });
}

/** The system's name for what went wrong, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
