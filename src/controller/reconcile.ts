/** One NginxConfig: observe → decide (plan.ts, pure) → act → report. */
import { reloadAnnotation } from '../api/names.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxInstance } from '../api/nginx-instance.ts';
import type { NginxRevisionStatus } from '../api/nginx-revision.ts';
import { isSameJson } from '../base/same-json.ts';
import { splitKey } from '../kube/object.ts';
import {
  createInstance,
  createRevision,
  removeInstance,
  removeRevision,
  writeConfigStatus,
  writeInstanceSpec,
  writeRevisionStatus,
} from './act.ts';
import type { Caches } from './caches.ts';
import { changedSpec, compareInstances, newInstance, type Present } from './instances.ts';
import { type Plan, plan } from './plan.ts';
import type { PodView } from './pods.ts';
import type { ControllerPorts } from './ports.ts';
import type { RenderingState, Renderings } from './rendering.ts';
import { collectable, newestRevision, outcomes, takenUp } from './revisions.ts';
import { turningPoints } from './say.ts';
import { refusalText } from './status/words.ts';
import { configStatus } from './status.ts';
import { tokenOf } from './tokens.ts';
import type { RevisionView } from './views.ts';

export interface Reconciler {
  readonly ports: ControllerPorts;
  readonly caches: Caches;
  readonly renderings: Renderings;
  /** When each config's status was last written, on the clock that never goes back. */
  readonly written: Map<string, number>;
}

/** What came of a look, and when the next one is due whatever happens. */
export interface Outcome {
  readonly changed: boolean;
  readonly againInMs: number | undefined;
}

/** Statuses of one config are written no more often than this. */
const statusGapMs = 1000;
/** Instances written at the same time. */
const atOnce = 16;

export async function reconcile(key: string, reconciler: Reconciler): Promise<Outcome> {
  const { caches, ports } = reconciler;
  const config = caches.config(key);
  if (config === undefined) return withoutConfig(key, reconciler);
  if (!caches.isSynced(splitKey(key).namespace)) return { changed: false, againInMs: 50 };

  const rendering = await reconciler.renderings.look(key, config);
  const latest = latestOf(rendering, config, caches.revisions.of(key));
  const { revisions, changed: isNewRevision } = await withLatest(reconciler, key, config, rendering, latest);

  const { missing, orphaned, living, relabelled } = compareInstances(presentFor(key, caches));
  const instances = living.map(({ instance }) => instance);
  const now = ports.clock.now();
  const decided = plan({ config, latest, revisions, instances, now });
  const changedOutcomes = outcomesOf(reconciler, config, decided, revisions, rendering);
  // Written before any Pod goes back: from then on nobody tries it again, whatever becomes of the Pod that refused it.
  await writeOutcomes(reconciler, config, decided, revisions, only(changedOutcomes, isRejection), rendering);

  const moves = new Map(decided.moves.map(({ instance, revision }) => [instance.metadata.name, revision]));
  const writes: (() => Promise<void>)[] = [];
  for (const pod of missing) {
    const instance = newInstance(config, pod, decided.start, now);
    writes.push(async () => createInstance(ports.api, instance));
  }
  for (const one of living) {
    const spec = changedSpec(config, one, moves.get(one.instance.metadata.name), now);
    if (spec !== undefined) writes.push(async () => writeInstanceSpec(ports.api, one.instance, spec));
  }
  await inBatches(orphaned.map((instance) => async () => removeInstance(ports.api, instance)));
  await inBatches(writes);

  const others = only(changedOutcomes, (status) => !isRejection(status));
  await writeOutcomes(reconciler, config, decided, revisions, others, rendering);
  const { wanted } = decided;
  const wantedStatus =
    wanted === undefined ? undefined : (changedOutcomes.get(wanted.metadata.name) ?? wanted.status);
  for (const revision of collectable(decided, revisions, caches.instances.of(key), {
    limit: config.spec.revisionHistoryLimit,
    latest,
    pin: config.spec.revision,
  }))
    await removeRevision(ports.api, revision);
  const statusDueInMs = await report(reconciler, key, {
    ...{ config, rendering, instances, wantedStatus, missing: missing.length, relabelled },
    plan: decided,
  });
  return {
    changed: isNewRevision || writes.length + orphaned.length > 0,
    againInMs: soonest(rendering.dueInMs, decided.wakeInMs, statusDueInMs),
  };
}

/** Pods keep serving, and keep their instances and what those name; everything else goes. */
async function withoutConfig(
  key: string,
  { caches, ports, renderings, written }: Reconciler,
): Promise<Outcome> {
  renderings.forget(key);
  written.delete(key);
  const { orphaned } = compareInstances(presentFor(key, caches));
  for (const instance of orphaned) await removeInstance(ports.api, instance);
  const gone = new Set(orphaned.map(({ metadata }) => metadata.name));
  const needed = new Set(
    caches.instances
      .of(key)
      .filter(({ metadata }) => !gone.has(metadata.name))
      .flatMap(({ spec, status }) => [spec.revision?.name, status?.revision?.name]),
  );
  const unneeded = caches.revisions.of(key).filter(({ metadata }) => !needed.has(metadata.name));
  for (const revision of unneeded) await removeRevision(ports.api, revision);
  return { changed: orphaned.length + unneeded.length > 0, againInMs: undefined };
}

/** What cannot be rendered leaves what was rendered last. */
function latestOf(
  { rendering }: RenderingState,
  config: NginxConfig,
  revisions: readonly RevisionView[],
): string | undefined {
  if (rendering !== undefined && rendering.kind !== 'refused') return rendering.name;
  return newestRevision(revisions)?.metadata.name ?? config.status?.latestRevision;
}

/** The latest revision is there and has a number: a new one where its content has just become the latest (again). */
async function withLatest(
  { ports, caches }: Reconciler,
  key: string,
  config: NginxConfig,
  { rendering }: RenderingState,
  latest: string | undefined,
): Promise<{ readonly revisions: readonly RevisionView[]; readonly changed: boolean }> {
  const known = caches.revisions.of(key);
  if (latest === undefined) return { revisions: known, changed: false };
  let revision = known.find(({ metadata }) => metadata.name === latest);
  if (revision === undefined && rendering?.kind === 'revised')
    revision = await createRevision(ports.api, config, rendering);
  if (revision === undefined) return { revisions: known, changed: false };
  const others = known.filter(({ metadata }) => metadata.name !== latest);
  const status = takenUp(revision, [...others, revision], {
    told: config.status?.latestNumber,
    token: tokenOf(config.metadata.annotations?.[reloadAnnotation]),
  });
  if (status === undefined) return { revisions: [...others, revision], changed: false };
  const numbered = await writeRevisionStatus(ports.api, revision, status);
  ports.log.info({ config: key, revision: latest, number: status.number }, 'new revision');
  return { revisions: [...others, numbered ?? revision], changed: true };
}

function presentFor(key: string, { pods, instances }: Caches): Present {
  const { namespace, name: config } = splitKey(key);
  return {
    ...{ config, pods: pods.of(key), instances: instances.of(key) },
    podNamed: (name) => pods.named(namespace, name),
    instanceNamed: (name) => instances.named(namespace, name),
  };
}

type Outcomes = ReturnType<typeof outcomes>;

function outcomesOf(
  { ports }: Reconciler,
  config: NginxConfig,
  decided: Plan,
  revisions: readonly RevisionView[],
  rendering: RenderingState,
): Outcomes {
  return outcomes(decided, revisions, {
    now: ports.clock.now(),
    token: tokenOf(config.metadata.annotations?.[reloadAnnotation]),
    refusal: decided.refused === undefined ? undefined : refusalText(decided.refused.verdict),
    sinceEditMs: sinceEditMs(ports, rendering),
  });
}

async function writeOutcomes(
  { ports }: Reconciler,
  config: NginxConfig,
  decided: Plan,
  revisions: readonly RevisionView[],
  all: Outcomes,
  rendering: RenderingState,
): Promise<void> {
  for (const revision of revisions) {
    const status = all.get(revision.metadata.name);
    if (status === undefined) continue;
    await writeRevisionStatus(ports.api, revision, status);
    await turningPoints(ports, config, revision, status, decided);
    const took = sinceEditMs(ports, rendering);
    if (status.outcome === 'Applied' && took !== undefined) ports.metrics.propagated(took);
  }
}

function sinceEditMs({ clock }: ControllerPorts, { editSeenAt }: RenderingState): number | undefined {
  return editSeenAt === undefined ? undefined : clock.monotonic() - editSeenAt;
}

function only(all: Outcomes, which: (status: NginxRevisionStatus) => boolean): Outcomes {
  return new Map([...all].filter(([, status]) => which(status)));
}

function isRejection({ outcome }: NginxRevisionStatus): boolean {
  return outcome === 'Rejected';
}

/** Writes the status if it differs and it is time; else says in how many milliseconds it is. */
async function report(
  { ports, written }: Reconciler,
  key: string,
  facts: {
    readonly config: NginxConfig;
    readonly plan: Plan;
    readonly instances: readonly NginxInstance[];
    readonly wantedStatus: NginxRevisionStatus | undefined;
    readonly missing: number;
    readonly relabelled: readonly PodView[];
    readonly rendering: RenderingState;
  },
): Promise<number | undefined> {
  const { clock, api } = ports;
  const { rendering, dueInMs } = facts.rendering;
  const status = configStatus({
    ...facts,
    rendering: rendering?.kind === 'adopted' ? { ...rendering, kind: 'revised' } : rendering,
    isBehind: dueInMs !== undefined,
    now: clock.now(),
  });
  if (isSameJson(status, facts.config.status ?? {})) return undefined;
  const since = clock.monotonic() - (written.get(key) ?? Number.NEGATIVE_INFINITY);
  if (since < statusGapMs) return Math.ceil(statusGapMs - since);
  written.set(key, clock.monotonic());
  await writeConfigStatus(api, facts.config, status);
  return undefined;
}

async function inBatches(writes: readonly (() => Promise<void>)[]): Promise<void> {
  const rest = [...writes];
  const work = async (): Promise<void> => {
    for (let write = rest.shift(); write !== undefined; write = rest.shift()) await write();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, writes.length) }, work));
}

function soonest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
