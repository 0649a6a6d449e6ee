/**
 * Reads one source directory whole, as one state that existed at one moment where that can be had.
 *
 * A kubelet volume (it has `..data`, also when it lies somewhere below the source) is resolved once per reading, and all
 * of it is read below what `..data` named then. The kubelet removes the old version only after the swap, so when `..data`
 * still names the same version at the end, nothing was missing; else everything is read again. The same holds where the
 * source itself is reached through a link that somebody swaps.
 *
 * Links are followed to files and directories inside the source; one that leads out of it is an error, since whoever may
 * write a link there could else have any file of the agent's published. `links: 'anywhere'` allows it.
 */
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StewardError } from '../../base/errors.ts';
import type { SourceFile } from '../../render/render.ts';
import { NotRegularError, readWhole, stampOf, TooLargeError } from './read-file.ts';
import { skipReason } from './skipped-names.ts';
import { codeOf, linkError, missing, tooLarge, unreadable, unstable } from './source-errors.ts';
import { volumeVersion } from './volume.ts';

interface SourceLimits {
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  readonly maxFiles: number;
}

/** Far more than a configuration needs, and little enough that a wrong directory does not fill the memory. */
const defaultSourceLimits: SourceLimits = {
  maxFileBytes: 8 * 1024 * 1024,
  maxTotalBytes: 32 * 1024 * 1024,
  maxFiles: 10_000,
};

export interface SourceOptions {
  readonly directory: string;
  /** Where its files go in the tree: `` (the default) or a relative path such as `conf.d`. */
  readonly prefix?: string;
  readonly links?: 'inside' | 'anywhere';
  readonly limits?: SourceLimits;
}

export interface SourceSnapshot {
  /** By path. */
  readonly files: readonly SourceFile[];
  /** Of all paths, modes and bytes. */
  readonly digest: string;
  /** The same of those files alone that lie outside kubelet volumes and may be seen half written. */
  readonly loose: string;
  /** Of the files' identities and change times; see `Seen.stamp` of the schedule. */
  readonly stamp: string;
  /** When the last of them changed (content, mode or place; Unix epoch, ms); 0 when there are none. */
  readonly newestChange: number;
  /** What must be watched to notice any change of this. */
  readonly watch: readonly string[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

const notTaken = 'neither a file nor a directory';
const attempts = 20;
const maxDepth = 32;
/** Reading is synchronous, which is five times as fast for small files; between so many of them others get a turn. */
const filesPerTurn = 100;

/**
 * Reads the directory.
 *
 * @throws StewardError STEWARD_SOURCE_MISSING, _UNREADABLE, _LINK, _TOO_LARGE, _UNSTABLE, _PATH (a bad prefix).
 */
export async function readSource(options: SourceOptions): Promise<SourceSnapshot> {
  const prefix = checkedPrefix(options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await new Reading(options, prefix).run();
    } catch (error) {
      if (!(error instanceof Unsteady)) throw error;
      if (attempt === attempts) throw error.lasting;
      await turn();
    }
  }
}

/** Something was not there any more, or not the same any more. `lasting` is the error if that stays so. */
class Unsteady extends Error {
  readonly lasting: StewardError;

  constructor(lasting: StewardError) {
    super('the source changed while it was read');
    this.lasting = lasting;
  }
}

interface FoundFile extends SourceFile {
  readonly inVolume: boolean;
  readonly stamp: string;
  readonly changedAt: number;
}

/** A directory on the way: where it really is, what people call it, and where it goes in the tree. */
interface Place {
  readonly real: string;
  readonly shown: string;
  readonly target: string;
  readonly inVolume: boolean;
  /** The real directories above it, which a link must not lead back to. */
  readonly above: readonly string[];
}

class Reading {
  readonly #options: SourceOptions;
  readonly #limits: SourceLimits;
  readonly #prefix: string;
  readonly #files: FoundFile[] = [];
  readonly #watch: string[] = [];
  readonly #skipped: { path: string; reason: string }[] = [];
  readonly #volumes = new Map<string, string>();
  #root = '';
  #bytes = 0;

  constructor(options: SourceOptions, prefix: string) {
    this.#options = options;
    this.#limits = options.limits ?? defaultSourceLimits;
    this.#prefix = prefix;
  }

  async run(): Promise<SourceSnapshot> {
    const { directory } = this.#options;
    this.#root = rootOf(directory);
    const root = {
      real: this.#root,
      shown: directory,
      target: this.#prefix,
      inVolume: false,
      above: [],
    };
    await this.#readDirectory(root);
    this.#confirm();
    this.#files.sort((a, b) => (a.path < b.path ? -1 : 1));
    return {
      files: this.#files.map(({ path, content, mode, origin }) => ({ path, content, mode, origin })),
      digest: digestOf(this.#files),
      loose: digestOf(this.#files.filter((file) => !file.inVolume)),
      stamp: hashOf(this.#files.map((file) => `${file.path}\0${file.stamp}`)),
      newestChange: this.#files.reduce((newest, file) => Math.max(newest, file.changedAt), 0),
      watch: this.#watch,
      skipped: this.#skipped,
    };
  }

  async #readDirectory(place: Place): Promise<void> {
    const entries = this.#attempt(place.shown, () => readdirSync(place.real, { withFileTypes: true }));
    if (!place.inVolume) this.#watch.push(place.shown);
    const isVolume = !place.inVolume && entries.some((entry) => entry.name === '..data');
    const version = isVolume ? volumeVersion(place.real) : undefined;
    if (version !== undefined) {
      this.#volumes.set(place.real, version);
      const real = join(place.real, version);
      return this.#readDirectory({ ...place, real, inVolume: true, above: [...place.above, place.real] });
    }
    for (const entry of entries) await this.#readEntry(place, entry);
  }

  async #readEntry(place: Place, entry: Dirent): Promise<void> {
    const { name } = entry;
    const shown = join(place.shown, name);
    const reason = skipReason(name) ?? kindReason(entry);
    if (reason !== undefined) {
      this.#skipped.push({ path: shown, reason });
      return;
    }
    const inside: Place = {
      real: join(place.real, name),
      shown,
      target: place.target === '' ? name : `${place.target}/${name}`,
      inVolume: place.inVolume,
      above: [...place.above, place.real],
    };
    if (entry.isDirectory()) await this.#enter(inside);
    else if (entry.isSymbolicLink()) await this.#followLink(inside);
    else await this.#readFile(inside);
  }

  async #enter(place: Place): Promise<void> {
    if (place.above.includes(place.real) || place.above.length > maxDepth)
      throw linkError(place.shown, 'in a circle');
    await this.#readDirectory(place);
  }

  async #followLink(place: Place): Promise<void> {
    let real: string;
    try {
      real = realpathSync(place.real);
    } catch (error) {
      const lasting = linkError(place.shown, codeOf(error) === 'ELOOP' ? 'in a circle' : 'nowhere');
      throw new Unsteady(lasting);
    }
    if (this.#options.links !== 'anywhere' && !real.startsWith(`${this.#root}/`) && real !== this.#root)
      throw linkError(place.shown, `out of the source, to ${real}`);
    const linked = { ...place, real };
    this.#watch.push(place.shown);
    const stats = this.#attempt(place.shown, () => statSync(real));
    if (stats.isDirectory()) await this.#enter(linked);
    else if (stats.isFile()) await this.#readFile(linked);
    else this.#skipped.push({ path: place.shown, reason: notTaken });
  }

  async #readFile(place: Place): Promise<void> {
    const { maxFileBytes, maxTotalBytes, maxFiles } = this.#limits;
    const { shown, target, inVolume } = place;
    const room = Math.min(maxFileBytes, maxTotalBytes - this.#bytes);
    if (this.#files.length === maxFiles)
      throw tooLarge(this.#options.directory, `more than ${maxFiles} files`);
    const file = this.#attempt(shown, () => {
      try {
        return readWhole(place.real, room, 'refuse');
      } catch (error) {
        if (!(error instanceof TooLargeError)) throw error;
        throw room === maxFileBytes
          ? tooLarge(shown, `a file of more than ${megabytes(maxFileBytes)}`)
          : tooLarge(this.#options.directory, `with ${shown} more than ${megabytes(maxTotalBytes)} in sum`);
      }
    });
    this.#bytes += file.content.length;
    const { content, stats } = file;
    const mode = Number(stats.mode) & 0o777;
    const changedAt = Number(stats.ctimeNs / 1_000_000n);
    const stamp = stampOf(stats);
    this.#files.push({ path: target, content, mode, origin: shown, inVolume, stamp, changedAt });
    if (this.#files.length % filesPerTurn === 0) await turn();
  }

  /** Whether what was read is still what is there; see the top of this file. */
  #confirm(): void {
    const { directory } = this.#options;
    const same =
      this.#root === rootOf(directory) &&
      [...this.#volumes].every(([volume, version]) => volumeVersion(volume) === version);
    if (!same) throw new Unsteady(unstable(directory));
  }

  /** Runs a call of the file system that may find its path gone. */
  #attempt<T>(shown: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (error instanceof StewardError) throw error;
      const code = codeOf(error);
      // ELOOP: a link took a file's place after the directory was listed; ENOTDIR, NotRegular: something else did.
      const vanished = code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR' || code === 'ESTALE';
      if (vanished || error instanceof NotRegularError) throw new Unsteady(unstable(shown));
      throw unreadable(shown, error);
    }
  }
}

function rootOf(directory: string): string {
  try {
    const real = realpathSync(directory);
    readdirSync(real);
    return real;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw missing(directory);
    throw unreadable(directory, error);
  }
}

function checkedPrefix({ prefix = '', directory }: SourceOptions): string {
  const trimmed = prefix.replace(/\/+$/, '');
  if (trimmed === '') return '';
  if (
    trimmed.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
  )
    return trimmed;
  throw new StewardError('STEWARD_SOURCE_PATH', `"${prefix}" is no relative path for a source's prefix`, {
    where: directory,
  });
}

function kindReason(entry: Dirent): string | undefined {
  if (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()) return undefined;
  return notTaken;
}

function digestOf(files: readonly FoundFile[]): string {
  const hash = createHash('sha256');
  for (const { path, mode, content } of files)
    hash.update(`${path}\0${mode}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

function megabytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MiB` : `${bytes} bytes`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
