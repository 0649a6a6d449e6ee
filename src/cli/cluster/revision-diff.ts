/** How two revisions differ, file by file. Pure. */
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { decodeRevision, type RevisionFile } from '../../api/revision-data.ts';
import { unifiedDiff } from '../diff.ts';

export interface FileDifference {
  readonly path: string;
  readonly kind: 'Added' | 'Removed' | 'Changed';
  /** Where the file comes from now, or came from: `ConfigMap web key nginx.conf`. */
  readonly origin: string;
  /** As `diff -u` prints it. */
  readonly diff: string;
  readonly added: number;
  readonly removed: number;
}

/** In the order of paths. @throws StewardError STEWARD_REVISION: one cannot be read. */
export function differences(from: NginxRevision | undefined, to: NginxRevision): readonly FileDifference[] {
  const before = filesOf(from);
  const after = filesOf(to);
  const found: FileDifference[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const a = before.get(path);
    const b = after.get(path);
    const nothing = new Uint8Array();
    const diff = unifiedDiff(
      a === undefined || from === undefined ? '/dev/null' : `${from.metadata.name}/${path}`,
      a?.content ?? nothing,
      b === undefined ? '/dev/null' : `${to.metadata.name}/${path}`,
      b?.content ?? nothing,
    );
    if (a !== undefined && b !== undefined && diff === '') continue;
    found.push({
      path,
      kind: a === undefined ? 'Added' : b === undefined ? 'Removed' : 'Changed',
      origin: (b ?? a)?.origin ?? '',
      diff,
      ...countOf(diff),
    });
  }
  return found;
}

function filesOf(revision: NginxRevision | undefined): ReadonlyMap<string, RevisionFile> {
  if (revision === undefined) return new Map();
  const files = decodeRevision(revision.spec, `NginxRevision ${revision.metadata.name}`);
  return new Map(files.map((file) => [file.path, file]));
}

/** Without the two lines of its head. */
function countOf(diff: string): { readonly added: number; readonly removed: number } {
  let added = 0;
  let removed = 0;
  for (const line of diff.split('\n').slice(2))
    if (line.startsWith('+')) added++;
    else if (line.startsWith('-')) removed++;
  return { added, removed };
}
