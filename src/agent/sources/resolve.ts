/** Following a path by hand, to know every directory in which a change would make it lead elsewhere. */
import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from './source-errors.ts';

export interface Resolved {
  /** Where the path leads; when there is nothing, the deepest directory on the way that exists. */
  readonly real: string;
  /** Of what it leads to; undefined when there is nothing. */
  readonly stats: Stats | undefined;
  /** Why there is nothing: `ENOENT`, `EACCES`, `ELOOP` … */
  readonly code: string | undefined;
  /** The directories that hold the links on the way. */
  readonly holders: readonly string[];
}

/** As many as the kernel follows. */
const maxLinks = 40;

/**
 * Another process's root. Its link reads `/`, which is not where it leads, so it is never resolved; and links below it
 * are meant in that root: an absolute one, or `..`, must not lead out of it.
 */
const otherRoot = /^\/proc\/(?:\d+|self)\/root(?=\/|$)/;

/** Follows an absolute path to its end, or as far as it goes. */
export function resolvePath(path: string): Resolved {
  const root = otherRoot.exec(path)?.[0] ?? '';
  const holders = new Set<string>();
  const rest = path.slice(root.length).split('/').toReversed();
  let current = root;
  let links = 0;
  try {
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (current !== root) current = withoutSlash(dirname(current));
        continue;
      }
      const inside = `${current}/${part}`;
      if (!lstatSync(inside).isSymbolicLink()) {
        current = inside;
        continue;
      }
      holders.add(current || '/');
      if (++links > maxLinks)
        return { real: current || '/', stats: undefined, code: 'ELOOP', holders: [...holders] };
      const target = readlinkSync(inside);
      if (target.startsWith('/')) current = root;
      rest.push(...target.split('/').toReversed());
    }
    const end = current || '/';
    return { real: end, stats: statSync(end), code: undefined, holders: [...holders] };
  } catch (error) {
    const code = codeOf(error) ?? 'EIO';
    // A file stands where the path needs a directory: the one that it lies in is the deepest.
    const real = code === 'ENOTDIR' ? dirname(current) : current || '/';
    return { real, stats: undefined, code, holders: [...holders] };
  }
}

/** The existing directories to watch so that no change of what `path` leads to is missed. */
export function directoriesOf(path: string): readonly string[] {
  const { real, stats, holders } = resolvePath(path);
  const last = stats === undefined || stats.isDirectory() ? real : dirname(real);
  // A kubelet's version directory is never changed, only replaced by a swap in the directory that holds `..data`.
  return [...new Set([...holders, last])].filter((directory) => !directory.includes('/..'));
}

function withoutSlash(path: string): string {
  return path === '/' ? '' : path;
}
