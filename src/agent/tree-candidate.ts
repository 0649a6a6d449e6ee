/** Files that are to become a tree → what is known of it: checked, instrumented, named by its content. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { treeToken } from '../base/tree-token.ts';
import { diskFiles, overlayFiles } from '../nginx/language/config-files.ts';
import { type Instrument, instrument } from '../publish/instrument.ts';
import type { Publisher } from '../publish/publisher.ts';
import { checkTree, type Tree, treeHash } from '../publish/tree.ts';
import { type Rendered, sourcePosition } from '../render/render.ts';
import {
  type Checked,
  type CheckOptions,
  createCheck,
  opensOwnFilesLate,
  type Placement,
  workerProcessesOf,
} from './check.ts';
import type { TreeCandidate, TreeFacts } from './published.ts';
import type { Revision } from './status.ts';

export interface TreeCheckOptions extends CheckOptions {
  readonly publisher: Publisher;
  /** The entry file's path in the tree. */
  readonly entry: string;
  readonly emergLog: string;
  readonly defaultErrorLog: string;
}

/** What is known of the files besides what is in them. */
export interface Origin {
  /** Paths whose change means that they may be others. */
  readonly watch: readonly string[];
  /** Digests of those of them that may be seen half written. */
  readonly loose: readonly string[];
  readonly unwatched: readonly { readonly path: string; readonly reason: string }[];
  readonly revision?: Revision;
}

export interface TreeCheck {
  /** @throws StewardError STEWARD_TREE_PATH: a path that cannot be written below one directory. */
  candidate(files: readonly Rendered[], origin: Origin): TreeCandidate;
  /** What a tree read back from disk says of itself. */
  describe(tree: Tree): TreeFacts;
}

export function createTreeCheck(options: TreeCheckOptions): TreeCheck {
  const current = join(options.publisher.directory, 'current');
  const check = createCheck(options);
  return {
    candidate: (files, origin) => candidateOf(files, origin, options, current, check),
    describe: (tree) => {
      const files = overlayOf(tree, current);
      const checked = check(files, join(current, options.entry), {
        ...nowhere,
        tree: current,
        isPublished: (path) => path.startsWith(`${current}/`),
      });
      return { workerProcesses: workerProcessesOf(checked), opensLate: opensOwnFilesLate(checked, current) };
    },
  };
}

/** A set that must not even be checked: all that is known of it is that nginx must not get it. */
export function refusedCandidate(digest: string, refusals: readonly string[], origin: Origin): TreeCandidate {
  return {
    key: digest,
    hash: digest,
    ...(origin.revision !== undefined && { revision: origin.revision }),
    withoutCertificates: digest,
    refusals,
    findings: [],
    workerProcesses: 'unset',
    pairs: [],
    mounted: new Set(),
    watch: origin.watch,
    loose: digestOf(origin.loose),
    unwatched: [],
    stamp: '',
    newestChange: 0,
    ownErrorLog: undefined,
    source: () => undefined,
    tree: new Map(),
    opensLate: false,
  };
}

/** Of a tree that was published earlier, where nothing is shown to people. */
const nowhere: Omit<Placement, 'tree' | 'isPublished'> = {
  content: () => undefined,
  shown: (path) => path,
  source: () => undefined,
};

function candidateOf(
  rendered: readonly Rendered[],
  origin: Origin,
  options: TreeCheckOptions,
  current: string,
  check: ReturnType<typeof createCheck>,
): TreeCandidate {
  const plain: Tree = new Map(
    rendered.map((file) => [file.path, { content: file.content, mode: file.mode }]),
  );
  checkTree(plain);
  const byPath = new Map(rendered.map((file) => [file.path, file]));
  const inTree = (path: string): string | undefined =>
    relativeTo(path, [current, treeToken, join(options.publisher.directory, 'revisions')]);
  const source: Placement['source'] = (path, line) => {
    const file = byPath.get(inTree(path) ?? '');
    if (file === undefined) return undefined;
    const position = sourcePosition(file, line);
    return { file: position.origin, line: position.line };
  };
  const files = overlayOf(plain, current);
  const checked: Checked = check(files, join(current, options.entry), {
    tree: current,
    isPublished: (path) => inTree(path) !== undefined,
    content: (path) => byPath.get(inTree(path) ?? '')?.content,
    shown: (path) => byPath.get(inTree(path) ?? '')?.origin ?? path,
    source,
  });
  const tree = instrument(plain, instrumentOf(options, checked));
  const hash = treeHash(tree);
  const pairPaths = new Set(checked.pairPaths.map((path) => inTree(path)));
  const withoutPairs: Tree = new Map([...tree].filter(([path]) => !pairPaths.has(path)));
  return {
    key: digestOf([hash, checked.outside.digest]),
    hash,
    ...(origin.revision !== undefined && { revision: origin.revision }),
    withoutCertificates: digestOf([treeHash(withoutPairs), checked.outside.withoutPairs]),
    refusals: checked.refusals,
    findings: checked.findings,
    workerProcesses: workerProcessesOf(checked),
    pairs: checked.pairs,
    mounted: checked.mounted,
    watch: [...origin.watch, ...checked.outside.watch],
    loose: digestOf([...origin.loose, checked.outside.loose]),
    unwatched: [...checked.unwatched, ...origin.unwatched],
    stamp: checked.outside.stamp,
    newestChange: checked.outside.newestChange,
    ownErrorLog: undefined,
    source: (path, line) => {
      const place = source(path, line);
      return place === undefined ? undefined : `${place.file}:${place.line}`;
    },
    tree,
    opensLate: opensOwnFilesLate(checked, current),
  };
}

function instrumentOf(options: TreeCheckOptions, checked: Checked): Instrument {
  return {
    entry: options.entry,
    emergLog: options.emergLog,
    level: checked.facts.usesInitByLua ? 'error' : 'alert',
    defaultErrorLog: hasLogOfItsOwn(checked) ? undefined : options.defaultErrorLog,
  };
}

/** Any file (standard error is one to nginx) turns the log of nginx's build off anyway. */
function hasLogOfItsOwn({ facts }: Checked): boolean {
  return facts.errorLogs.some(({ kind }) => kind === 'file' || kind === 'stderr');
}

/** The tree as nginx will see it, over what else is on disk. */
function overlayOf(tree: Tree, current: string): ReturnType<typeof overlayFiles> {
  const inMemory = new Map<string, Uint8Array>();
  for (const [path, file] of tree)
    for (const directory of [current, treeToken]) inMemory.set(`${directory}/${path}`, file.content);
  return overlayFiles(inMemory, diskFiles(), [current, treeToken]);
}

function relativeTo(path: string, directories: readonly string[]): string | undefined {
  const [current = '', token = '', revisions = ''] = directories;
  for (const directory of [current, token])
    if (path.startsWith(`${directory}/`)) return path.slice(directory.length + 1);
  if (!path.startsWith(`${revisions}/`)) return undefined;
  const rest = path.slice(revisions.length + 1);
  return rest.includes('/') ? rest.slice(rest.indexOf('/') + 1) : undefined;
}

export function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length} ${part}`);
  return hash.digest('hex').slice(0, 20);
}
