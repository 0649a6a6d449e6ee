/** The publish directory itself: made, checked and cleaned before anything is published into it. */
import { chmodSync, lstatSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import process from 'node:process';
import { StewardError } from '../base/errors.ts';
import { makeDirectory, syncDirectory } from './durable.ts';
import { publishError } from './publish-error.ts';

/** The folder of all trees in a publish directory. */
export const revisions = 'revisions';

const writeByOthers = 0o022;
/** In such a directory (`/tmp`) nobody may move what is another's. */
const sticky = 0o1000;

/**
 * Makes the directory where its parent is there. Where it is there already, others lose the right to write into it, as far
 * as it is this user's to give: a fresh volume comes writable for all.
 *
 * @throws StewardError STEWARD_PUBLISH
 */
export function preparePublishDirectory(directory: string): void {
  if (!isAbsolute(directory))
    throw new StewardError('STEWARD_PUBLISH', 'a publish directory is an absolute path', {
      where: directory,
    });
  try {
    makeWhereMissing(directory, (names) => names.length === 0 || names.includes(revisions));
    makeWhereMissing(join(directory, revisions), () => true);
    // What an agent that was killed had renamed last may not have reached the disk yet.
    syncDirectory(join(directory, revisions));
    syncDirectory(directory);
  } catch (error) {
    throw publishError(error, 'the publish directory cannot be made', directory);
  }
}

/** What a killed process left half done; only for whoever holds the lock. Follows no link. */
export function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory))
    if (name === '.current-new' || name === 'state.json.tmp') rmSync(join(directory, name), { force: true });
  const folder = join(directory, revisions);
  for (const name of readdirSync(folder))
    if (/^\.(?:new|old)-/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** `isOurs` tells by the names in it whether a directory that is there serves steward alone. */
function makeWhereMissing(path: string, isOurs: (names: readonly string[]) => boolean): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    makeDirectory(path);
    syncDirectory(dirname(path));
  } else if (!stats.isDirectory()) {
    throw new StewardError(
      'STEWARD_PUBLISH',
      stats.isSymbolicLink()
        ? 'it is a symbolic link, which could lead elsewhere tomorrow'
        : 'it is not a directory',
      { where: path, fix: 'Move it away, or choose another --publish-dir.' },
    );
  } else if (isOpen(stats) && isOurs(readdirSync(path).filter((name) => name !== 'lost+found'))) {
    chmodSync(path, stats.mode & 0o7777 & ~writeByOthers);
  }
}

/** Whether others may write in a directory whose owner, this process, could keep them from it. */
function isOpen({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & writeByOthers) !== 0 && (mode & sticky) === 0;
}
