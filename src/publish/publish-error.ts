import { type ErrorCode, StewardError } from '../base/errors.ts';

const reasons: Readonly<Record<string, readonly [reason: string, fix: string]>> = {
  ENOSPC: ['no space is left', 'Make room on the file system, or give the volume more.'],
  EDQUOT: ['the quota is used up', 'Make room, or raise the quota.'],
  EROFS: ['the file system is read-only', 'Mount it read-write for steward.'],
  EACCES: [
    'permission denied',
    'Give steward the right to write there: its uid is that of the nginx master.',
  ],
  EPERM: ['not permitted', 'Give steward the right to write there: its uid is that of the nginx master.'],
  ENOENT: ['there is no such file or directory', 'Make the directory, or mount the volume there.'],
  ENOTDIR: ['a file stands where a directory should be', 'Remove the file, or choose another directory.'],
  EISDIR: ['a directory stands where a file should be', 'Move the directory away.'],
  EIO: ['the device failed', "Look at the kernel's log; the disk may be broken."],
  EMFILE: ['too many files are open', 'Raise the limit of open files (`ulimit -n`).'],
};

/** Any failure of the file system as one error that says what cannot be done, where, why, and what to do. */
export function publishError(
  error: unknown,
  what: string,
  where: string,
  code: ErrorCode = 'STEWARD_PUBLISH',
): StewardError {
  if (error instanceof StewardError) return error;
  const name = errorCode(error);
  const [reason, fix] = reasons[name ?? ''] ?? [error instanceof Error ? error.message : String(error)];
  return new StewardError(code, `${what}: ${name === undefined ? reason : `${reason} (${name})`}`, {
    where,
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  });
}

/** `ENOENT` and the like. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
