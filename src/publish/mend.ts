/** Makes a tree that somebody changed whole again, under the feet of an nginx that reads it. */
import { chmodSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { directoryMode, type OnStep, syncDirectory } from './durable.ts';
import type { Difference } from './read-back.ts';
import { directoriesOf, type Tree } from './tree.ts';

/**
 * Takes from `fresh`, which is complete, what is wrong in `target`, each with one rename: what was right stays where it is
 * at every moment. (A directory with files cannot be replaced by a rename, so the whole tree would be away for a moment.)
 */
export function mendTree(
  target: string,
  fresh: string,
  tree: Tree,
  differences: readonly Difference[],
  onStep: OnStep,
): void {
  for (const { path, mend } of differences) {
    const there = join(target, path);
    onStep(`mend ${there}`);
    switch (mend) {
      case 'mode':
        chmodSync(there, directoryMode);
        break;
      case 'remove':
        rmSync(there, { recursive: true, force: true });
        break;
      case 'replace':
        replace(there, join(fresh, path));
        break;
      default:
        mend satisfies never;
    }
  }
  onStep('sync the mended tree');
  for (const path of ['', ...directoriesOf(tree)]) syncDirectory(join(target, path));
}

function replace(there: string, fresh: string): void {
  const wanted = lstatSync(fresh, { throwIfNoEntry: false });
  // Its directory was replaced as a whole before.
  if (wanted === undefined) return;
  const found = lstatSync(there, { throwIfNoEntry: false });
  if (found !== undefined && (wanted.isDirectory() || found.isDirectory()))
    rmSync(there, { recursive: true, force: true });
  renameSync(fresh, there);
}
