/** `steward history`: the revisions of an NginxConfig, newest first. */
import { withdrawnAnnotation } from '../../api/names.ts';
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { authorsOf, readConfigMapMetadata } from '../cluster/authors.ts';
import { listInstances, listRevisions, type Metadata, readConfig } from '../cluster/objects.ts';
import { print } from '../cluster/output.ts';
import { differences } from '../cluster/revision-diff.ts';
import type { Session } from '../cluster/session.ts';
import { outcomeTone } from '../cluster/state.ts';
import { table } from '../cluster/table.ts';
import { type Line, span } from '../status/text.ts';
import { measured, moment } from '../status/times.ts';

interface Entry {
  readonly number: number | undefined;
  readonly name: string;
  readonly outcome: string;
  readonly at: string | undefined;
  readonly message: string | undefined;
  readonly durationMilliseconds: number | undefined;
  /** Of what is in use: `latest`, `stable`, `pinned`, `3 Pods`. */
  readonly marks: readonly string[];
  readonly withdrawn: string | undefined;
  /** Lines against the one before; absent of the oldest, which has nothing to be compared with. */
  readonly added: number | undefined;
  readonly removed: number | undefined;
  readonly files: readonly string[];
  readonly authors: readonly string[];
}

export async function history(session: Session, name: string): Promise<number> {
  const { output, clock } = session;
  const [config, revisions, instances, configMaps] = await Promise.all([
    readConfig(session, name),
    listRevisions(session, name),
    listInstances(session, name),
    readConfigMapMetadata(session),
  ]);
  const entries = revisions.map((revision, index) =>
    entryOf(revision, revisions[index + 1], { config, instances, configMaps }),
  );
  await print(output, entries, () =>
    entries.length === 0
      ? [[span(`${name} has no revision yet: ${session.program} get ${name} says why`)]]
      : linesOf(entries, clock.now(), output.isTerminal ? output.columns : undefined),
  );
  return 0;
}

function entryOf(
  revision: NginxRevision,
  before: NginxRevision | undefined,
  known: {
    readonly config: NginxConfig & Metadata;
    readonly instances: readonly NginxInstance[];
    readonly configMaps: ReadonlyMap<string, Metadata>;
  },
): Entry {
  const { config, instances, configMaps } = known;
  const { name, annotations, creationTimestamp } = revision.metadata;
  const { number, outcome, at, message, durationMilliseconds } = revision.status ?? {};
  const changes = before === undefined ? undefined : differences(before, revision);
  const changedPaths = new Set(
    changes?.map(({ path }) => path) ?? revision.spec.provenance.map(({ path }) => path),
  );
  const pods = instances.filter(({ status }) => status?.revision?.name === name).length;
  const withdrawn = annotations?.[withdrawnAnnotation];
  return {
    number,
    name,
    outcome: withdrawn === undefined ? (outcome ?? 'Pending') : 'Withdrawn',
    at: at ?? creationTimestamp,
    message,
    durationMilliseconds,
    marks: [
      ...(config.status?.latestRevision === name ? ['latest'] : []),
      ...(config.status?.stableRevision === name ? ['stable'] : []),
      ...(config.spec.revision === name ? ['pinned'] : []),
      ...(pods === 0 ? [] : [pods === 1 ? '1 Pod' : `${pods} Pods`]),
    ],
    withdrawn,
    added: changes?.reduce((sum, { added }) => sum + added, 0),
    removed: changes?.reduce((sum, { removed }) => sum + removed, 0),
    files: changes?.map(({ path }) => path) ?? [],
    authors: authorsOf(revision, before, changedPaths, config, configMaps),
  };
}

function linesOf(entries: readonly Entry[], now: number, columns: number | undefined): readonly Line[] {
  return table(
    ['REVISION', 'NAME', 'OUTCOME', 'WHEN', 'CHANGE', 'BY', 'NOW', 'MESSAGE'],
    entries.map((entry) => [
      entry.number === undefined ? '?' : String(entry.number),
      { text: entry.name, tone: 'quiet' as const },
      { text: entry.outcome, tone: outcomeTone(entry.outcome) },
      entry.at === undefined ? '-' : moment(entry.at, now),
      changeOf(entry),
      entry.authors.join(', ') || '-',
      { text: entry.marks.join(', ') || '-', tone: entry.marks.length === 0 ? 'quiet' : 'strong' },
      messageOf(entry),
    ]),
    columns,
  );
}

function changeOf({ added, removed, files }: Entry): string {
  if (added === undefined || removed === undefined) return '-';
  return `+${added} −${removed} in ${files.length === 1 ? (files[0] ?? '') : `${files.length} files`}`;
}

function messageOf({ withdrawn, message, durationMilliseconds, outcome }: Entry): string {
  if (withdrawn !== undefined && withdrawn !== '') return withdrawn;
  if (message !== undefined) return message;
  return outcome === 'Applied' && durationMilliseconds !== undefined
    ? `proven on all in ${measured(durationMilliseconds)}`
    : '';
}
