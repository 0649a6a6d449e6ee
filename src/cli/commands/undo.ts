/** `steward undo`: the newest revision is withdrawn, and the Pods go back to the one before, or to the one named. */
import { userInfo } from 'node:os';
import { withdrawnAnnotation } from '../../api/names.ts';
import { own } from '../../kube/resource.ts';
import { change } from '../cluster/change.ts';
import { called, findRevision, listInstances, listRevisions, readConfig } from '../cluster/objects.ts';
import { print } from '../cluster/output.ts';
import { differences, type FileDifference } from '../cluster/revision-diff.ts';
import type { Session } from '../cluster/session.ts';
import { type TakeBack, takeBack } from '../cluster/take-back.ts';
import { type Line, span } from '../status/text.ts';

const nothingToGoBackTo = 1;

export async function undo(session: Session, name: string, to: string | undefined): Promise<number> {
  const { output, clock, program } = session;
  const [config, revisions, instances] = await Promise.all([
    readConfig(session, name),
    listRevisions(session, name),
    listInstances(session, name),
  ]);
  const decision = takeBack({
    config,
    revisions,
    instances,
    to: to === undefined ? undefined : findRevision(revisions, name, to),
    now: clock.now(),
  });
  if (decision.kind === 'impossible') {
    output.complain(`${name}: ${decision.reason}`);
    if (decision.hint !== '') output.complain(`Try ${program} ${decision.hint}.`);
    return nothingToGoBackTo;
  }
  const reason = `taken back at ${new Date(clock.now()).toISOString()} by ${userName()}`;
  // What counts again comes first, so that no moment lies between in which the Pods would go elsewhere; then the oldest
  // first, so that the latest, whose mark begins the movement, finds all others marked.
  for (const revision of decision.restore) await mark(session, revision.metadata.name, null);
  for (const revision of decision.withdraw.toReversed()) await mark(session, revision.metadata.name, reason);

  const changes = differences(decision.target, decision.latest);
  const value = {
    name,
    withdrawn: decision.withdraw.map(({ metadata }) => metadata.name),
    restored: decision.restore.map(({ metadata }) => metadata.name),
    target: decision.target.metadata.name,
    differs: changes.map(({ path, origin }) => ({ path, origin })),
  };
  await print(output, value, () => linesOf(session, name, decision, changes, config.spec.paused === true));
  return 0;
}

async function mark(session: Session, revision: string, reason: string | null): Promise<void> {
  await change(session, own('NginxRevision'), revision, {
    metadata: { annotations: { [withdrawnAnnotation]: reason } },
  });
}

function linesOf(
  session: Session,
  name: string,
  { withdraw, restore, target, latest }: Extract<TakeBack, { kind: 'possible' }>,
  changes: readonly FileDifference[],
  isPaused: boolean,
): readonly Line[] {
  const { program } = session;
  const lines: Line[] = [
    ...withdraw.map((revision): Line => [span(`${called(revision)} is withdrawn`)]),
    ...restore.map((revision): Line => [span(`${called(revision)} counts again`)]),
  ];
  if (withdraw.length + restore.length === 0) lines.push([span(`${called(target)} is what counts already`)]);
  else lines.push([span(`the Pods of ${name} go to `), span(called(target), 'strong')]);
  if (isPaused) lines.push([span(`once it goes on: ${program} resume ${name} (it is paused)`, 'warning')]);
  if (changes.length === 0) return lines;
  lines.push([], [span(`the source still says what ${called(latest)} says; to make it follow, change:`)]);
  for (const { path, kind, origin } of changes)
    lines.push([
      span(`  ${path}  `),
      span({ Added: 'remove it: ', Removed: 'put it back: ', Changed: '' }[kind], 'warning'),
      span(origin),
    ]);
  const back = `${program} diff ${name} ${numberOrName(latest)} ${numberOrName(target)}`;
  lines.push(
    [span(`${back} shows how`, 'quiet')],
    [span('the next new content of the source rolls out as ever', 'quiet')],
  );
  return lines;
}

function numberOrName({ status, metadata }: TakeBackRevision): string {
  return status?.number === undefined ? metadata.name : String(status.number);
}

type TakeBackRevision = Extract<TakeBack, { kind: 'possible' }>['target'];

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without an entry in the list of users, as in many containers.
    return 'somebody';
  }
}
