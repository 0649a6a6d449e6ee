/** What steward adds to a configuration so that nginx says why it refuses one. Pure. */
import type { Tree } from './tree.ts';

export interface Instrument {
  /** The entry file's path in the tree. */
  readonly entry: string;
  /** Where nginx writes its reasons. */
  readonly emergLog: string;
  /** `alert` also has shared zones that are too big and failed forks; `error` the failures of `init_by_lua*`. */
  readonly level: 'alert' | 'error';
  /** The log of nginx's build, to be named again: any `error_log` turns it off. Undefined where the configuration has its own. */
  readonly defaultErrorLog: string | undefined;
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Puts the directives before the entry file's first byte (behind a byte order mark) and without a line break, so that the
 * line numbers in nginx's messages stay the author's. The second log keeps nginx from turning its own standard error into
 * the file where the configuration logs to syslog alone.
 */
export function instrument(tree: Tree, options: Instrument): Tree {
  const entry = tree.get(options.entry);
  if (entry === undefined) return tree;
  const content = Buffer.from(entry.content.buffer, entry.content.byteOffset, entry.content.byteLength);
  const mark = content.subarray(0, 3).equals(byteOrderMark) ? byteOrderMark : Buffer.alloc(0);
  const prefix = Buffer.from(prefixOf(options));
  return new Map(tree).set(options.entry, {
    mode: entry.mode,
    content: Buffer.concat([mark, prefix, content.subarray(mark.length)]),
  });
}

/** The text that `instrument` adds: how far it moves the first line's columns. */
export function prefixOf({ emergLog, level, defaultErrorLog }: Instrument): string {
  const own = `error_log ${quoted(emergLog)} ${level}; error_log stderr emerg; `;
  return defaultErrorLog === undefined ? own : `${own}error_log ${quoted(defaultErrorLog)}; `;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path.replace(/(["\\])/g, '\\$1')}"`;
}
