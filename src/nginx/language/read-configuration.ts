/** A whole configuration: the entry file and everything that it includes, each file parsed once. */
import { dirname, normalize } from 'node:path/posix';
import type { ConfigFiles } from './config-files.ts';
import { glob, isPattern } from './glob.ts';
import { parse } from './parse.ts';
import { type Directive, type ParsedFile, type Position, positionAt, positionOf } from './syntax-tree.ts';

export interface Configuration {
  /** Where the files were read; for what else is to be found there. */
  readonly source: ConfigFiles;
  readonly entry: ParsedFile;
  /** The directory of the entry file: most relative names start here. */
  readonly confPrefix: string;
  /** What nginx was built with, or `-p`: where the other relative names start. Undefined where nobody knows. */
  readonly serverPrefix: string | undefined;
  /** By absolute path, the entry first. */
  readonly files: ReadonlyMap<string, ParsedFile>;
  readonly includes: ReadonlyMap<Directive, Include>;
  /** Why the reading is not whole, in no particular order; see also each file's `problem`. */
  readonly problems: readonly ReadingProblem[];
}

interface Include {
  /** Absolute: a path, or a pattern. */
  readonly path: string;
  readonly isPattern: boolean;
  /** What nginx reads in its place, in its order. */
  readonly files: readonly ParsedFile[];
}

/** A file that the configuration wants to be read and that could not be; it may exist where nginx runs. */
export interface ReadingProblem {
  readonly kind: 'missing' | 'unreadable' | 'cycle' | 'too-large';
  readonly path: string;
  /** Of the include that names it; undefined for the entry file. */
  readonly directive?: Directive;
  readonly position: Position;
}

/** More directives than these, each counted as often as it is included, are no configuration. */
const mostDirectives = 3_000_000;
/** Files that include each other in a row. nginx holds each of them open. */
const deepest = 200;

/**
 * Reads the configuration that `nginx -c ENTRY` would. `entry` is absolute and is not resolved: relative names follow it
 * even where it is a link. Never throws; what is wrong is in the result.
 */
export function readConfiguration(
  files: ConfigFiles,
  entry: string,
  options: { readonly serverPrefix?: string } = {},
): Configuration {
  const reading = new Reading(files, dirname(entry));
  const content = files.read(normalize(entry));
  const main = parse(entry, content ?? new Uint8Array());
  if (content === undefined)
    reading.problems.push({ kind: 'missing', path: entry, position: positionAt(main, 0) });
  reading.files.set(normalize(entry), main);
  reading.follow(main, [main]);
  return {
    source: files,
    entry: main,
    confPrefix: dirname(entry),
    serverPrefix: options.serverPrefix,
    files: reading.files,
    includes: reading.includes,
    problems: reading.problems,
  };
}

class Reading {
  readonly files = new Map<string, ParsedFile>();
  readonly includes = new Map<Directive, Include>();
  readonly problems: ReadingProblem[] = [];
  readonly #source: ConfigFiles;
  readonly #confPrefix: string;
  /** How many directives a file stands for, with its includes. */
  readonly #weights = new Map<ParsedFile, number>();

  constructor(source: ConfigFiles, confPrefix: string) {
    this.#source = source;
    this.#confPrefix = confPrefix;
  }

  /** Reads what `file` includes; `path` are the files on the way to it, itself the last. Returns its weight. */
  follow(file: ParsedFile, path: readonly ParsedFile[]): number {
    const known = this.#weights.get(file);
    if (known !== undefined) return known;
    // An estimate from its size is enough: it only has to stop what doubles with every level.
    let weight = Math.max(1, file.text.length >> 4);
    for (const directive of file.includes) {
      const [name] = directive.args;
      if (name === undefined || directive.args.length !== 1 || directive.block !== undefined) continue;
      const include = this.#resolve(directive, name, path);
      const added = include.files.map((included) => this.follow(included, [...path, included]));
      weight += added.reduce((sum, one) => sum + one, 0);
      const isTooLarge = weight > mostDirectives;
      if (isTooLarge) this.#problem('too-large', include.path, directive);
      this.includes.set(directive, isTooLarge ? { ...include, files: [] } : include);
      if (isTooLarge) break;
    }
    this.#weights.set(file, weight);
    return weight;
  }

  #resolve(directive: Directive, name: string, path: readonly ParsedFile[]): Include {
    const full = normalize(name.startsWith('/') ? name : `${this.#confPrefix}/${name}`);
    const pattern = isPattern(full);
    const paths = pattern ? glob(this.#source, full) : [full];
    const files = paths.flatMap((one) => {
      const file = this.files.get(one) ?? this.#read(one, directive, pattern);
      if (file === undefined) return [];
      if (!path.includes(file) && path.length < deepest) return [file];
      this.#problem(path.includes(file) ? 'cycle' : 'too-large', one, directive);
      return [];
    });
    return { path: full, isPattern: pattern, files };
  }

  #read(path: string, directive: Directive, isListed: boolean): ParsedFile | undefined {
    const content = this.#source.read(path);
    if (content === undefined) {
      this.#problem(isListed ? 'unreadable' : 'missing', path, directive);
      return undefined;
    }
    const file = parse(path, content);
    this.files.set(path, file);
    return file;
  }

  #problem(kind: ReadingProblem['kind'], path: string, directive: Directive): void {
    this.problems.push({ kind, path, directive, position: positionOf(directive) });
  }
}
