/** `steward pin`: `spec.revision`. */
import { withdrawnAnnotation } from '../../api/names.ts';
import { StewardError } from '../../base/errors.ts';
import { own } from '../../kube/resource.ts';
import { change, warnOfOthers } from '../cluster/change.ts';
import { called, findRevision, listRevisions, readConfig } from '../cluster/objects.ts';
import { print } from '../cluster/output.ts';
import type { Session } from '../cluster/session.ts';
import { span } from '../status/text.ts';

export async function pin(
  session: Session,
  name: string,
  wish: { readonly revision: string | undefined; readonly off: boolean },
): Promise<number> {
  if ((wish.revision === undefined) !== wish.off)
    throw new StewardError('STEWARD_USAGE', 'it needs a revision, or --off, and not both', {
      where: `${session.program} pin`,
      fix: `The revisions are in ${session.program} history ${name}.`,
    });
  return wish.revision === undefined ? unpin(session, name) : pinTo(session, name, wish.revision);
}

async function pinTo(session: Session, name: string, wanted: string): Promise<number> {
  const [config, revisions] = await Promise.all([readConfig(session, name), listRevisions(session, name)]);
  const revision = findRevision(revisions, name, wanted);
  const was = config.spec.revision;
  const to = revision.metadata.name;
  if (was !== to) await change(session, own('NginxConfig'), name, { spec: { revision: to } });
  await print(session.output, { name, revision: to, before: was ?? null, changed: was !== to }, () => [
    [span(`${name} is ${was === to ? 'pinned already' : 'pinned'} to ${called(revision)}`)],
    ...(revision.status?.outcome === 'Rejected'
      ? [[span(`nginx refused it before: ${revision.status.message ?? 'see history'}`, 'warning')]]
      : []),
    ...(revision.metadata.annotations?.[withdrawnAnnotation] === undefined
      ? []
      : [[span('it was withdrawn by hand; a pin goes before that', 'warning')]]),
    ...(config.spec.paused === true
      ? [[span(`${name} is paused: no Pod is moved until ${session.program} resume ${name}`, 'warning')]]
      : []),
    [span(`edits change nothing until ${session.program} pin ${name} --off`, 'quiet')],
  ]);
  if (was !== to) warnOfOthers(session, config, `spec.revision: ${to}`);
  return 0;
}

async function unpin(session: Session, name: string): Promise<number> {
  const config = await readConfig(session, name);
  const was = config.spec.revision;
  if (was !== undefined) await change(session, own('NginxConfig'), name, { spec: { revision: null } });
  await print(
    session.output,
    { name, revision: null, before: was ?? null, changed: was !== undefined },
    () => [
      [
        span(
          was === undefined
            ? `${name} was not pinned`
            : `${name} is no longer pinned: it follows its sources again`,
        ),
      ],
    ],
  );
  if (was !== undefined) warnOfOthers(session, config, 'no spec.revision');
  return 0;
}
