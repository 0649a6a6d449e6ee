/** The NginxInstance of each Pod that has opted in: what it should be. Pure. */
import { durationMs } from '../api/common.ts';
import { apiVersion, configLabel, reloadAnnotation, reopenLogsAnnotation } from '../api/names.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type {
  InstancePolicy,
  InstanceRequest,
  NginxInstance,
  NginxInstanceSpec,
} from '../api/nginx-instance.ts';
import { isFinished, type PodView } from './pods.ts';
import type { RevisionView } from './views.ts';

const longestToken = 1024;

export interface InstanceChanges {
  /** Pods without an instance of their own. */
  readonly missing: readonly PodView[];
  /** Instances whose Pod is gone, has ended, or is another one of the same name. */
  readonly orphaned: readonly NginxInstance[];
  /** Instances of Pods that are there. */
  readonly living: readonly { readonly instance: NginxInstance; readonly pod: PodView }[];
}

export function compareInstances(
  pods: readonly PodView[],
  instances: readonly NginxInstance[],
): InstanceChanges {
  const byName = new Map(instances.map((instance) => [instance.metadata.name, instance]));
  const running = new Map(pods.filter((pod) => !isFinished(pod)).map((pod) => [pod.metadata.name, pod]));
  const isOwned = (instance: NginxInstance, pod: PodView | undefined): boolean =>
    instance.metadata.ownerReferences?.some(({ uid }) => uid === pod?.metadata.uid) === true;
  const living: { instance: NginxInstance; pod: PodView }[] = [];
  const missing: PodView[] = [];
  for (const pod of running.values()) {
    const instance = byName.get(pod.metadata.name);
    if (instance === undefined) missing.push(pod);
    else if (isOwned(instance, pod)) living.push({ instance, pod });
  }
  const orphaned = instances.filter((one) => !isOwned(one, running.get(one.metadata.name)));
  return { missing, orphaned, living };
}

/** The object that is created for a Pod. */
export function newInstance(
  config: NginxConfig,
  pod: PodView,
  revision: RevisionView | undefined,
  now: number,
): NginxInstance {
  const { name, namespace, uid } = pod.metadata;
  return {
    apiVersion,
    kind: 'NginxInstance',
    metadata: {
      name,
      namespace,
      labels: { [configLabel]: config.metadata.name },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }],
    },
    spec: specOf(config, pod, revision, new Date(now).toISOString()),
  };
}

/** The spec that an instance should have; undefined: it has it. */
export function changedSpec(
  config: NginxConfig,
  { instance, pod }: { readonly instance: NginxInstance; readonly pod: PodView },
  move: RevisionView | undefined,
  now: number,
): NginxInstanceSpec | undefined {
  const { spec } = instance;
  const kept = { ...(spec.revision !== undefined && { revision: spec.revision }) };
  const wanted: NginxInstanceSpec =
    move === undefined
      ? {
          ...specOf(config, pod, undefined, undefined),
          ...kept,
          ...(spec.movedAt !== undefined && { movedAt: spec.movedAt }),
        }
      : specOf(config, pod, move, new Date(now).toISOString());
  return isSame(wanted, spec) ? undefined : wanted;
}

function specOf(
  config: NginxConfig,
  pod: PodView,
  revision: RevisionView | undefined,
  movedAt: string | undefined,
): NginxInstanceSpec {
  const requests = requestsOf(config, pod);
  return {
    config: config.metadata.name,
    ...(revision !== undefined && {
      revision: {
        name: revision.metadata.name,
        hash: revision.spec.hash,
        ...(revision.status?.number !== undefined && { number: revision.status.number }),
      },
      ...(movedAt !== undefined && { movedAt }),
    }),
    policy: policyOf(config),
    ...(requests.length > 0 && { requests }),
  };
}

function policyOf({ spec }: NginxConfig): InstancePolicy {
  const { reload, rollout, schedules } = spec;
  return {
    minIntervalMs: durationMs(reload.minInterval),
    maxDraining: reload.maxDraining,
    maxDrainWaitMs: durationMs(reload.maxDrainWait),
    timeoutMs: durationMs(reload.timeout),
    ...(rollout.probe !== undefined && { probe: rollout.probe }),
    ...(schedules !== undefined && schedules.length > 0 && { schedules }),
  };
}

function requestsOf(config: NginxConfig, pod: PodView): InstanceRequest[] {
  const annotations = config.metadata.annotations ?? {};
  const all = [
    { action: 'Reload', origin: 'Config', token: annotations[reloadAnnotation] },
    { action: 'ReopenLogs', origin: 'Config', token: annotations[reopenLogsAnnotation] },
    { action: 'Reload', origin: 'Pod', token: pod.reload },
    { action: 'ReopenLogs', origin: 'Pod', token: pod.reopenLogs },
  ];
  return all.flatMap(({ action, origin, token }) =>
    // Longer ones the schema refuses, and the whole instance with them.
    token === undefined || token === '' || token.length > longestToken ? [] : [{ action, origin, token }],
  );
}

/** As JSON has it, whatever the order of names. */
function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
