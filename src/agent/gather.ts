/** Sources → rendered files → checked tree: what an agent that publishes looks at. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { StewardError } from '../base/errors.ts';
import { treeToken } from '../base/tree-token.ts';
import { diskFiles, overlayFiles } from '../nginx/language/config-files.ts';
import { type Instrument, instrument } from '../publish/instrument.ts';
import type { Publisher } from '../publish/publisher.ts';
import { checkTree, type Tree, treeHash } from '../publish/tree.ts';
import { type Rendered, type Renderer, sourcePosition } from '../render/render.ts';
import type { Values } from '../render/values.ts';
import {
  type Checked,
  type CheckOptions,
  createCheck,
  frozen,
  opensOwnFilesLate,
  type Placement,
  workerProcessesOf,
} from './check.ts';
import type { PublishedOptions, TreeCandidate, TreeLook } from './published.ts';
import { readSource, type SourceSnapshot } from './sources/read-source.ts';

export interface GatherOptions extends CheckOptions {
  readonly sources: readonly { readonly directory: string; readonly prefix: string }[];
  /** Files of values, for watching. */
  readonly valueFiles: readonly string[];
  readonly readValues: () => Promise<Values>;
  readonly renderer: Renderer;
  readonly publisher: Publisher;
  /** The entry file's path in the tree. */
  readonly entry: string;
  readonly emergLog: string;
  readonly defaultErrorLog: string;
}

export function sourceGatherer(options: GatherOptions): Pick<PublishedOptions, 'gather' | 'describe'> {
  const current = join(options.publisher.directory, 'current');
  const check = createCheck(options);
  return {
    gather: async () => {
      let snapshots: readonly SourceSnapshot[];
      let values: Values;
      try {
        snapshots = await Promise.all(options.sources.map((source) => readSource(source)));
        values = await options.readValues();
      } catch (error) {
        if (!(error instanceof StewardError)) throw error;
        return { kind: 'unreadable', message: `${error.message}. ${error.fix}`, watch: watchedBy(options) };
      }
      const files = snapshots.flatMap((snapshot) => snapshot.files);
      const rendered = await options.renderer.render(files, values, { treeToken });
      if (rendered.kind === 'refused') {
        const digest = digestOf([...snapshots.map((snapshot) => snapshot.digest), JSON.stringify(values)]);
        const refusals = rendered.problems.map((problem) => `${problem.message}. ${problem.fix}`);
        return { kind: 'seen', candidate: refusedCandidate(digest, refusals, snapshots, options) };
      }
      return candidateOf(rendered.files, snapshots, options, current, check);
    },
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

/** Of a tree that was published earlier, where nothing is shown to people. */
const nowhere: Omit<Placement, 'tree' | 'isPublished'> = {
  content: () => undefined,
  shown: (path) => path,
  source: () => undefined,
};

function candidateOf(
  rendered: readonly Rendered[],
  snapshots: readonly SourceSnapshot[],
  options: GatherOptions,
  current: string,
  check: ReturnType<typeof createCheck>,
): TreeLook {
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
  const candidate: TreeCandidate = {
    key: digestOf([hash, checked.outside.digest]),
    hash,
    withoutCertificates: digestOf([treeHash(withoutPairs), checked.outside.withoutPairs]),
    refusals: checked.refusals,
    findings: checked.findings,
    workerProcesses: workerProcessesOf(checked),
    pairs: checked.pairs,
    mounted: checked.mounted,
    watch: [
      ...snapshots.flatMap((snapshot) => snapshot.watch),
      ...options.valueFiles,
      ...checked.outside.watch,
    ],
    loose: digestOf([...snapshots.map((snapshot) => snapshot.loose), checked.outside.loose]),
    unwatched: [
      ...checked.unwatched,
      ...snapshots.flatMap((snapshot) => snapshot.skipped),
      ...frozen(
        snapshots.flatMap(({ files }) => files.map(({ origin }) => origin)),
        options,
      ),
    ],
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
  return { kind: 'seen', candidate };
}

/** A set that could not even be rendered: all that is known of it is that nginx must not get it. */
function refusedCandidate(
  digest: string,
  refusals: readonly string[],
  snapshots: readonly SourceSnapshot[],
  options: GatherOptions,
): TreeCandidate {
  return {
    key: digest,
    hash: digest,
    withoutCertificates: digest,
    refusals,
    findings: [],
    workerProcesses: 'unset',
    pairs: [],
    mounted: new Set(),
    watch: [...snapshots.flatMap((snapshot) => snapshot.watch), ...options.valueFiles],
    loose: digestOf(snapshots.map((snapshot) => snapshot.loose)),
    unwatched: [],
    stamp: '',
    newestChange: 0,
    ownErrorLog: undefined,
    source: () => undefined,
    tree: new Map(),
    opensLate: false,
  };
}

function watchedBy(options: GatherOptions): readonly string[] {
  return [...options.sources.map(({ directory }) => directory), ...options.valueFiles];
}

function instrumentOf(options: GatherOptions, checked: Checked): Instrument {
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

function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length} ${part}`);
  return hash.digest('hex').slice(0, 20);
}
