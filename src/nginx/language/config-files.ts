/** The files that a configuration consists of: on a disk, in memory, or one over the other. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';

/** Paths are absolute and normalised. Neither function throws: what cannot be read is not there. */
export interface ConfigFiles {
  read(path: string): Uint8Array | undefined;
  /** The names in a directory, without `.` and `..`. */
  list(directory: string): readonly string[] | undefined;
}

/** Larger files are no configuration; nginx would need seconds for one. */
const largestFile = 64 * 1024 * 1024;
const mostNames = 100_000;
const mostLinks = 40;

/**
 * Files on disk. With a `root` (such as `/proc/PID/root`), every path and every link in it is followed inside that root,
 * whatever is written there; the root itself is trusted to be the directory meant. Regular files only, at most 64 MiB.
 */
export function diskFiles(root = '/'): ConfigFiles {
  const inside = root === '/' ? undefined : root;
  return {
    read: (path) => (inside === undefined ? readRegular(path) : within(inside, path, readRegular)),
    list: (path) => (inside === undefined ? namesIn(path) : within(inside, path, namesIn)),
  };
}

/**
 * Files in memory over those below. A directory named in `whole` holds only what is in memory, however much of it there
 * is below: the tree that is about to be published has none of the files of the one that is published now.
 */
export function overlayFiles(
  inMemory: ReadonlyMap<string, Uint8Array>,
  below: ConfigFiles,
  whole: readonly string[] = [],
): ConfigFiles {
  const names = new Map<string, Set<string>>();
  for (const path of inMemory.keys()) {
    for (let child = normalize(path); child !== '/'; child = dirname(child)) {
      const siblings = names.get(dirname(child)) ?? new Set();
      names.set(dirname(child), siblings.add(child.slice(child.lastIndexOf('/') + 1)));
    }
  }
  const isWhole = (path: string): boolean =>
    whole.some((tree) => path === tree || path.startsWith(`${tree}/`));
  return {
    read: (path) => inMemory.get(path) ?? (isWhole(path) ? undefined : below.read(path)),
    list: (directory) => {
      const above = names.get(directory);
      const under = isWhole(directory) ? undefined : below.list(directory);
      if (above === undefined || under === undefined) return above === undefined ? under : [...above];
      return [...new Set([...above, ...under])];
    },
  };
}

function readRegular(path: string): Uint8Array | undefined {
  return attempt(() => {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile() || stats.size > largestFile) return undefined;
      const content = Buffer.allocUnsafe(stats.size);
      let length = 0;
      for (;;) {
        const read = readSync(file, content, length, content.length - length, null);
        length += read;
        if (read === 0 || length === content.length) return content.subarray(0, length);
      }
    } finally {
      closeSync(file);
    }
  });
}

function namesIn(path: string): readonly string[] | undefined {
  return attempt(() => {
    const names = readdirSync(path);
    return names.length > mostNames ? undefined : names;
  });
}

/** In Linux's fcntl.h and not among Node's constants: opens a place, not a file, so it needs no right to read it. */
const placeOnly = 0o10000000;

/**
 * Uses `path` as it stands in `root`. Each step starts from the open directory before it, so that nothing renamed
 * meanwhile can lead out: the kernel would take an absolute link, or `..` above the root, from our own root.
 */
function within<T>(root: string, path: string, use: (place: string) => T | undefined): T | undefined {
  const open: number[] = [];
  const enter = (place: string, follow: boolean): number => {
    const flags = placeOnly | constants.O_DIRECTORY | (follow ? 0 : constants.O_NOFOLLOW);
    const directory = openSync(place, flags);
    open.push(directory);
    return directory;
  };
  return attempt(() => {
    try {
      const top = enter(root, true);
      let directories = [top];
      let links = 0;
      const ahead = path.split('/').filter(Boolean).toReversed();
      for (;;) {
        const name = ahead.pop();
        const here = `/proc/self/fd/${directories.at(-1) ?? top}`;
        if (name === undefined) return use(here);
        if (name === '.') continue;
        if (name === '..') {
          if (directories.length > 1) directories.pop();
          continue;
        }
        const place = join(here, name);
        const stats = lstatSync(place);
        if (stats.isSymbolicLink()) {
          if (++links > mostLinks) return undefined;
          const target = readlinkSync(place);
          if (target.startsWith('/')) directories = [top];
          ahead.push(...target.split('/').filter(Boolean).toReversed());
          continue;
        }
        if (stats.isDirectory()) directories.push(enter(place, false));
        else if (ahead.length > 0) return undefined;
        else return useFile(place, use);
      }
    } finally {
      for (const directory of open) closeSync(directory);
    }
  });
}

/** The last step: the file itself, even if a link has just taken its place. */
function useFile<T>(place: string, use: (place: string) => T | undefined): T | undefined {
  const file = openSync(place, placeOnly | constants.O_NOFOLLOW);
  try {
    return use(`/proc/self/fd/${file}`);
  } finally {
    closeSync(file);
  }
}

function attempt<T>(action: () => T | undefined): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
