/** Sources → rendered files → checked tree: what an agent that publishes from files looks at. */
import { StewardError } from '../base/errors.ts';
import { treeToken } from '../base/tree-token.ts';
import type { Renderer } from '../render/render.ts';
import type { Values } from '../render/values.ts';
import { frozen } from './check.ts';
import type { PublishedOptions } from './published.ts';
import { readSource, type SourceSnapshot } from './sources/read-source.ts';
import {
  createTreeCheck,
  digestOf,
  type Origin,
  refusedCandidate,
  type TreeCheckOptions,
} from './tree-candidate.ts';

export interface GatherOptions extends TreeCheckOptions {
  readonly sources: readonly { readonly directory: string; readonly prefix: string }[];
  /** Files of values, for watching. */
  readonly valueFiles: readonly string[];
  readonly readValues: () => Promise<Values>;
  readonly renderer: Renderer;
}

export function sourceGatherer(options: GatherOptions): Pick<PublishedOptions, 'gather' | 'describe'> {
  const check = createTreeCheck(options);
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
      const origin = originOf(snapshots, options);
      const rendered = await options.renderer.render(files, values, { treeToken });
      if (rendered.kind === 'refused') {
        const digest = digestOf([...snapshots.map((snapshot) => snapshot.digest), JSON.stringify(values)]);
        const refusals = rendered.problems.map((problem) => `${problem.message}. ${problem.fix}`);
        return { kind: 'seen', candidate: refusedCandidate(digest, refusals, origin) };
      }
      return { kind: 'seen', candidate: check.candidate(rendered.files, origin) };
    },
    describe: (tree) => check.describe(tree),
  };
}

function originOf(snapshots: readonly SourceSnapshot[], options: GatherOptions): Origin {
  return {
    watch: [...snapshots.flatMap((snapshot) => snapshot.watch), ...options.valueFiles],
    loose: snapshots.map((snapshot) => snapshot.loose),
    unwatched: [
      ...snapshots.flatMap((snapshot) => snapshot.skipped),
      ...frozen(
        snapshots.flatMap(({ files }) => files.map(({ origin }) => origin)),
        options,
      ),
    ],
  };
}

function watchedBy(options: GatherOptions): readonly string[] {
  return [...options.sources.map(({ directory }) => directory), ...options.valueFiles];
}
