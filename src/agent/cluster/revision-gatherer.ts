/** The wanted revision's files → checked tree: what an agent that publishes from the API looks at. */
import { StewardError } from '../../base/errors.ts';
import type { PublishedOptions } from '../published.ts';
import type { Revision } from '../status.ts';
import { createTreeCheck, digestOf, refusedCandidate, type TreeCheckOptions } from '../tree-candidate.ts';
import type { Wanted } from './revision.ts';

/** Whoever may read the configuration in the cluster may read it here: keys are no part of it. */
const mode = 0o644;

export function revisionGatherer(
  options: TreeCheckOptions & { readonly wanted: () => Wanted },
): Pick<PublishedOptions, 'gather' | 'describe'> {
  const check = createTreeCheck(options);
  const refused = (revision: Revision, message: string): ReturnType<typeof refusedCandidate> =>
    refusedCandidate(digestOf([revision.name, revision.hash, message]), [message], origin(revision));
  return {
    gather: async () => {
      const wanted = options.wanted();
      if (wanted.kind === 'nothing')
        return { kind: 'unreadable', message: wanted.message, watch: [], isAwaited: true };
      const { revision } = wanted;
      if (wanted.kind === 'refused') return { kind: 'seen', candidate: refused(revision, wanted.message) };
      if (wanted.entrypoint !== options.entry)
        return { kind: 'seen', candidate: refused(revision, otherEntry(wanted, options.entry)) };
      try {
        const files = wanted.files.map((file) => ({ ...file, mode }));
        return { kind: 'seen', candidate: check.candidate(files, origin(revision)) };
      } catch (error) {
        if (!(error instanceof StewardError) || error.code !== 'STEWARD_TREE_PATH') throw error;
        return { kind: 'seen', candidate: refused(revision, `${error.message}. ${error.fix}`) };
      }
    },
    describe: (tree) => check.describe(tree),
  };
}

function origin(revision: Revision): Parameters<typeof refusedCandidate>[2] {
  return { watch: [], loose: [], unwatched: [], revision };
}

/** nginx's command line is the Pod's: no revision can change what is behind its -c. */
function otherEntry({ revision, entrypoint }: Extract<Wanted, { kind: 'revision' }>, entry: string): string {
  return `NginxRevision ${revision.name} begins with ${entrypoint}, and nginx in this Pod was started with ${entry}. Set spec.entrypoint of the NginxConfig to ${entry}, or start the Pods with --entrypoint ${entrypoint} and -c …/current/${entrypoint}`;
}
