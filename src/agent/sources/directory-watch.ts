/**
 * One watched directory: chokidar 5 in directory mode, heard through its `raw` event.
 *
 * Chokidar's own events come from comparing listings: an `..data` swap is known after 0.7 ms (p95 1.6) with them and
 * after 0.2 ms (0.4) with `raw`, which also hides none of the kernel's events and needs no watch for each file. So
 * everything inside is `ignored`, and what an event means is found out by looking. A file, or `..data`, is never watched
 * itself: such a watch is dead after the first swap.
 */
import { type FSWatcher, watch } from 'chokidar';
import { codeOf } from './source-errors.ts';

export interface DirectoryWatch {
  /** Resolves when changes from now on are told, when `failed` was called, or when it was closed. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryListener {
  /** Something happened in the directory, or to itself: then `name` is its own name. */
  changed(name: string | undefined): void;
  /** The watch could not be made, or has ended. */
  failed(code: string): void;
}

/** Begins to watch an existing directory; see `Watcher`. */
export type OpenDirectoryWatch = (directory: string, listener: DirectoryListener) => DirectoryWatch;

/** With inotify. `directory` is a real path, without links. */
export function watchDirectory(directory: string, listener: DirectoryListener): DirectoryWatch {
  const watcher: FSWatcher = watch(directory, {
    depth: 0,
    followSymlinks: false,
    ignoreInitial: true,
    // Only what is not the directory itself: its normal form is given, so this is an exact comparison.
    ignored: (path) => path !== directory,
    // Else chokidar ignores directories with names like `x~`.
    atomic: false,
  });
  watcher.on('raw', (_event, name: unknown) => listener.changed(typeof name === 'string' ? name : undefined));
  watcher.on('error', (error) => listener.failed(codeOf(error) ?? 'unknown'));
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  watcher.on('ready', resolve);
  const close = (): Promise<void> => {
    // Once closed, chokidar says nothing more, not even that it is ready.
    resolve();
    return watcher.close();
  };
  return { ready, close };
}
