/** Every file that a configuration names, found as nginx finds it, so that all of them can be watched and nobody lists them. */
import { dirname, normalize } from 'node:path/posix';
import { type CertificatePair, PairCollector } from './certificate-pairs.ts';
import { glob } from './glob.ts';
import { type FileDirective, type FileRole, fileDirective } from './named-file-table.ts';
import type { Configuration } from './read-configuration.ts';
import { isThere, resolveName } from './resolve-name.ts';
import { type Directive, type Position, positionOf } from './syntax-tree.ts';
import { walk } from './walk.ts';

export interface NamedFile {
  /** Absolute and normalised. */
  readonly path: string;
  readonly role: FileRole;
  /** A directory is one where patterns, Lua and njs look for files, or that `root` or `alias` names. */
  readonly kind: 'file' | 'directory';
  /** The directive that names it first, and its place. */
  readonly directive: string;
  readonly position: Position;
  /** nginx opens it (again) after loading: running workers see a change of it without any reload. */
  readonly isLate: boolean;
}

export interface NamedFiles {
  /** Each once for each role that it has. */
  readonly files: readonly NamedFile[];
  readonly pairs: readonly CertificatePair[];
  readonly unwatchable: readonly Unwatchable[];
}

/** Something that names a file, and nobody can say which. */
interface Unwatchable {
  readonly directive: string;
  readonly value: string;
  readonly position: Position;
  readonly reason: string;
}

export function namedFiles(configuration: Configuration): NamedFiles {
  const collector = new Collector(configuration);
  const pairs = new PairCollector(configuration);
  walk(configuration, {
    directive: (directive, scope) => {
      if (scope.context === 'data' && directive.name !== 'include') return;
      collector.add(directive);
      pairs.add(directive, scope);
    },
    close: (scope) => pairs.close(scope),
  });
  return { files: collector.files(), pairs: pairs.pairs(), unwatchable: collector.unwatchable };
}

class Collector {
  readonly unwatchable: Unwatchable[] = [];
  readonly #configuration: Configuration;
  readonly #files = new Map<string, NamedFile>();
  readonly #unwatchable = new Set<string>();
  readonly #imports: { readonly directive: Directive; readonly value: string }[] = [];

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  add(directive: Directive): void {
    const { name, args } = directive;
    const how = fileDirective(name);
    if (how !== undefined) {
      this.#addNamed(directive, how);
      return;
    }
    if (name === 'include') {
      this.#addInclude(directive);
      return;
    }
    if (name === 'js_import' || name === 'js_preload_object') {
      const value = args.at(-1);
      if (value !== undefined) this.#imports.push({ directive, value });
    } else if (name === 'lua_package_path' || name === 'lua_package_cpath') this.#addLuaPath(directive);
    else if (name === 'perl_require')
      this.#cannotWatch(directive, args[0] ?? '', 'Perl looks for it in its own directories');
  }

  /** To be called once, at the end: `js_path` may stand after `js_import`. */
  files(): readonly NamedFile[] {
    const paths = [...this.#files.values()].filter((file) => file.directive === 'js_path');
    for (const { directive, value } of this.#imports) this.#addImport(directive, value, paths);
    return [...this.#files.values()];
  }

  #addNamed(directive: Directive, how: FileDirective): void {
    const value = directive.args[how.argument];
    if (value === undefined) return;
    const resolved = resolveName(this.#configuration, value, how.base);
    if ('path' in resolved) {
      const isLate = how.isLate || (directive.block ?? []).some((inner) => inner.name === 'auto_reload');
      this.#put(directive, { ...how, isLate }, resolved.path);
      return;
    }
    // A site's files are not watched anyway; whether they lie in the published tree can still be said.
    if (how.isDirectory && value.startsWith('/') && value.includes('$'))
      this.#put(directive, how, normalize(value.slice(0, value.lastIndexOf('/', value.indexOf('$')) + 1)));
    else if (!how.isDirectory) this.#cannotWatch(directive, value, resolved.reason);
  }

  #addInclude(directive: Directive): void {
    const include = this.#configuration.includes.get(directive);
    if (include === undefined) return;
    const how = { role: 'include', isLate: false } as const;
    if (!include.isPattern) {
      this.#put(directive, { ...how, isDirectory: false }, include.path);
      return;
    }
    for (const { path } of include.files) this.#put(directive, { ...how, isDirectory: false }, path);
    const literal = include.path.slice(0, include.path.search(/[*?[\\]/));
    for (const path of patternDirectories(this.#configuration, include.path, literal))
      this.#put(directive, { ...how, isDirectory: true }, path);
  }

  /** njs looks beside the configuration file first, then in every `js_path`. */
  #addImport(directive: Directive, value: string, paths: readonly NamedFile[]): void {
    const resolved = resolveName(this.#configuration, value, 'conf');
    if ('reason' in resolved) {
      this.#cannotWatch(directive, value, resolved.reason);
      return;
    }
    const places = [resolved.path];
    if (!value.startsWith('/')) places.push(...paths.map((one) => normalize(`${one.path}/${value}`)));
    const found = places.find((path) => isThere(this.#configuration, path)) ?? resolved.path;
    this.#put(directive, { role: 'js', isLate: false, isDirectory: false }, found);
  }

  /** Lua's own list: templates with `?`, separated by `;`, where `$prefix` is nginx's prefix. */
  #addLuaPath(directive: Directive): void {
    const prefix = this.#configuration.serverPrefix;
    for (const template of (directive.args[0] ?? '').split(';')) {
      const full = prefix === undefined ? template : template.replace(/\$(?:prefix\b|\{prefix\})/, prefix);
      const literal = full.includes('?') ? full.slice(0, full.indexOf('?')) : full;
      const directory = literal.slice(0, literal.lastIndexOf('/') + 1);
      if (template === '') continue;
      const resolved = resolveName(this.#configuration, directory, 'started');
      if ('path' in resolved)
        this.#put(directive, { role: 'lua', isLate: true, isDirectory: true }, resolved.path);
      else this.#cannotWatch(directive, template, resolved.reason);
    }
  }

  #put(
    directive: Directive,
    how: Pick<FileDirective, 'role' | 'isLate' | 'isDirectory'>,
    found: string,
  ): void {
    const path = found.length > 1 && found.endsWith('/') ? found.slice(0, -1) : found;
    const key = `${how.role} ${path}`;
    const known = this.#files.get(key);
    if (known !== undefined && (known.isLate || !how.isLate)) return;
    this.#files.set(key, {
      path,
      role: how.role,
      kind: how.isDirectory ? 'directory' : 'file',
      directive: directive.name,
      position: positionOf(directive),
      isLate: how.isLate,
    });
  }

  #cannotWatch(directive: Directive, value: string, reason: string): void {
    const key = `${directive.name} ${value}`;
    if (this.#unwatchable.has(key)) return;
    this.#unwatchable.add(key);
    this.unwatchable.push({ directive: directive.name, value, position: positionOf(directive), reason });
  }
}

/** The directories whose files a pattern chooses from: a new file there is a change. */
function patternDirectories(
  configuration: Configuration,
  pattern: string,
  literal: string,
): readonly string[] {
  const directory = dirname(pattern);
  if (literal.length > directory.length) return [directory];
  return glob(configuration.source, directory).concat(dirname(`${literal}x`));
}
