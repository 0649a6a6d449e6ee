/**
 * The directory that steward shares with nginx, for the log of nginx's reasons.
 *
 * A root master opens that log wherever the path leads. Whoever may write in a directory on the way could put a link there
 * and make root write anywhere: a worker did so in an `emptyDir`, which comes with mode 0777. So nobody but root may write
 * above the log, or steward refuses. A master that is not root has workers of its own uid: no border can be drawn there.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import process from 'node:process';
import { StewardError } from '../base/errors.ts';
import { directoryMode, makeDirectory } from './durable.ts';
import type { Finding } from './finding.ts';
import { errorCode, publishError } from './publish-error.ts';

export interface RunDirectory {
  /** Steward's own, in the one that was given. */
  readonly directory: string;
  /** Is there, so that even the first nginx can open it. */
  readonly emergLog: string;
  readonly findings: readonly Finding[];
}

const root = 0;
const sticky = 0o1000;
const logMode = 0o644;

/**
 * Makes `RUN_DIR/steward` and the log in it, with the run directory itself where its parent is there.
 *
 * @throws StewardError STEWARD_RUN_DIRECTORY
 */
export function prepareRunDirectory(runDirectory: string): RunDirectory {
  const uid = process.geteuid?.() ?? root;
  const directory = join(runDirectory, 'steward');
  const emergLog = join(directory, 'emerg.log');
  if (!isAbsolute(runDirectory) || /\p{Cc}/u.test(runDirectory))
    throw refusal(runDirectory, 'a run directory is an absolute path without control characters');
  try {
    const isOpen = openRunDirectory(runDirectory, uid);
    prepareOwn(directory, uid);
    prepareLog(emergLog);
    return { directory, emergLog, findings: uid === root ? [] : [sharedUid(runDirectory, uid, isOpen)] };
  } catch (error) {
    throw publishError(error, 'it cannot be made', directory, 'STEWARD_RUN_DIRECTORY');
  }
}

/** Returns whether others may still write in it. */
function openRunDirectory(path: string, uid: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) makeDirectory(path);
  else refuseUnlessDirectory(path, found);
  const stats = lstatSync(path);
  const isOurs = stats.uid === uid;
  if (isOurs && canBeWritten(stats)) chmodSync(path, stats.mode & 0o7777 & ~0o022);
  if (uid === root) refuseUnsafe(path);
  return !isOurs && canBeWritten(stats);
}

function prepareOwn(directory: string, uid: number): void {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) {
    makeDirectory(directory);
    return;
  }
  refuseUnlessDirectory(directory, found);
  if (found.uid !== uid)
    throw refusal(
      directory,
      `it belongs to uid ${found.uid}, and steward runs with uid ${uid}`,
      'Remove it: steward makes it again.',
    );
  if ((found.mode & 0o7777) !== directoryMode) chmodSync(directory, directoryMode);
}

/** nginx gives the log to its workers' user when it reopens logs, so its owner says nothing. */
function prepareLog(path: string): void {
  const flags = constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | flags);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw refusal(path, 'it is a symbolic link', 'Remove it.');
    if (errorCode(error) !== 'ENOENT') throw error;
    descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | flags, logMode);
    // Whatever the umask is.
    fchmodSync(descriptor, logMode);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw refusal(path, 'it is not a regular file', 'Remove it.');
    if (stats.nlink > 1) throw refusal(path, 'it has a second name elsewhere (a hard link)', 'Remove it.');
  } finally {
    closeSync(descriptor);
  }
}

/** Looks at every directory on the way, by the names in the path and where its links lead. */
function refuseUnsafe(path: string): void {
  for (const directory of new Set([...upwards(path), ...upwards(realpathSync(path))])) {
    const stats = statSync(directory);
    const danger = 'who may write there could make a root nginx write anywhere';
    if (stats.uid !== root)
      throw refusal(directory, `it belongs to uid ${stats.uid}, not to root: ${danger}`);
    if (canBeWritten(stats)) throw refusal(directory, `others than root may write in it: ${danger}`);
  }
}

function upwards(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...upwards(above)];
}

/** By others than the owner and root's group, in a way that lets them move what is not theirs. */
function canBeWritten({ mode, gid }: Stats): boolean {
  const others = gid === root ? 0o002 : 0o022;
  return (mode & others) !== 0 && (mode & sticky) === 0;
}

function refuseUnlessDirectory(path: string, stats: Stats): void {
  if (stats.isDirectory()) return;
  const what = stats.isSymbolicLink() ? 'it is a symbolic link' : 'it is not a directory';
  throw refusal(path, what, 'Remove it, or choose another --run-dir.');
}

function refusal(where: string, what: string, fix?: string): StewardError {
  return new StewardError('STEWARD_RUN_DIRECTORY', what, { where, ...(fix === undefined ? {} : { fix }) });
}

function sharedUid(runDirectory: string, uid: number, isOpen: boolean): Finding {
  const open = isOpen
    ? `; and ${runDirectory} may be written by every user: mount it into the containers of nginx and steward alone`
    : '';
  return {
    type: 'NoWorkerBorder',
    reason: 'SharedUid',
    message: `nginx's master and its workers share uid ${uid}, so a worker may write whatever the master may${open}`,
  };
}
