/** One NginxRevision as an agent takes it: decoded, and held to the hash that names its content. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { decodeRevision, type RevisionFile, revisionHash } from '../../api/revision-data.ts';
import { StewardError } from '../../base/errors.ts';
import { trusted } from '../../kube/trusted.ts';
import type { Revision } from '../status.ts';

/** What should run. */
export type Wanted =
  /** Nothing is known of it, and why. */
  | { readonly kind: 'nothing'; readonly message: string }
  /** What should run is known, and must not. */
  | { readonly kind: 'refused'; readonly revision: Revision; readonly message: string }
  | {
      readonly kind: 'revision';
      readonly revision: Revision;
      /** The file that nginx reads first. */
      readonly entrypoint: string;
      readonly files: readonly RevisionFile[];
    };

/** The parts of a revision's spec that its content is made of. */
export type RevisionContent = Pick<NginxRevision['spec'], 'hash' | 'entrypoint' | 'encoding' | 'data'>;

/**
 * @param expected what the revision should be; without a hash (taken by its name alone) its own is held against its
 *   content.
 */
export function takeRevision(
  content: RevisionContent,
  expected: { name: string; hash?: string; number?: number | undefined },
): Wanted {
  const { name, hash = content.hash, number } = expected;
  const where = `NginxRevision ${name}`;
  const revision: Revision = { name, hash, ...(number !== undefined && { number }) };
  try {
    const files = decodeRevision(content, where);
    const actual = revisionHash(files, content.entrypoint);
    if (actual !== hash)
      throw new StewardError('STEWARD_REVISION', `its content has the hash ${actual} and not ${hash}`, {
        where,
      });
    return { kind: 'revision', revision, entrypoint: content.entrypoint, files };
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    return { kind: 'refused', revision, message: `${error.message}. ${error.fix}` };
  }
}

export function contentOf(object: unknown): RevisionContent {
  const { spec } = trusted<Partial<NginxRevision>>(object, {});
  return spec ?? { hash: '', entrypoint: '', encoding: 'Plain', data: '' };
}

/** The number that a revision has now. */
export function numberOf(object: unknown): number | undefined {
  return trusted<Partial<NginxRevision>>(object, {}).status?.number;
}

/** `status.startRevision` of an NginxConfig. */
export function startRevisionOf(object: unknown): string | undefined {
  const { status } = trusted<Partial<NginxConfig>>(object, {});
  return status?.startRevision;
}
