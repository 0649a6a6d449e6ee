/** Writes to an NginxConfig, an NginxRevision or a Pod: one merge patch each, in this tool's own name. */
import { fieldManagers } from '../../api/names.ts';
import { StewardError } from '../../base/errors.ts';
import { patchTypes } from '../../kube/api.ts';
import type { Resource } from '../../kube/resource.ts';
import { ask } from './ask.ts';
import { otherWriters } from './authors.ts';
import type { Metadata } from './objects.ts';
import type { Session } from './session.ts';

/** `null` takes a field away. @throws StewardError: also where the object has gone meanwhile. */
export async function change(
  session: Session,
  resource: Resource,
  name: string,
  patch: object,
): Promise<unknown> {
  const { namespace } = session;
  const changed = await ask(session, {
    verb: 'patch',
    resource,
    namespace,
    name,
    query: { fieldManager: fieldManagers.cli },
    contentType: patchTypes.merge,
    body: patch,
  });
  if (changed !== undefined) return changed;
  throw new StewardError('STEWARD_NOT_FOUND', `${resource.plural} ${name} has just gone`, {
    where: `namespace ${namespace}`,
  });
}

/** What to say where somebody else writes the spec too: `field` as in git. */
export function warnOfOthers({ output }: Session, config: Metadata, field: string): void {
  const others = otherWriters(config.metadata.managedFields);
  if (others.length > 0)
    output.complain(
      `${others.join(', ')} ${others.length === 1 ? 'writes' : 'write'} this NginxConfig too: put \`${field}\` where it comes from as well, or it may be taken back.`,
    );
}
