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
import { isSameJson } from '../base/same-json.ts';
import { isEnding, isFinished, type PodView } from './pods.ts';
import { tokenOf } from './tokens.ts';
import type { RevisionView } from './views.ts';

export interface InstanceChanges {
  /** Pods without an instance of their own. */
  readonly missing: readonly PodView[];
  /** Instances whose Pod is gone, has ended, or is another one of the same name: removed before anything is created. */
  readonly orphaned: readonly NginxInstance[];
  /** Instances of Pods that are there and not about to end. */
  readonly living: readonly Living[];
  /** Pods whose label was changed while they ran: they stay with the config that they began with. */
  readonly relabelled: readonly PodView[];
}

export interface Living {
  readonly instance: NginxInstance;
  readonly pod: PodView;
}

/** What there is for one config. */
export interface Present {
  /** Its name. */
  readonly config: string;
  /** Pods with its label. */
  readonly pods: readonly PodView[];
  /** Instances made for it. */
  readonly instances: readonly NginxInstance[];
  /** Whatever its label names. */
  readonly podNamed: (name: string) => PodView | undefined;
  /** Whatever config it was made for. */
  readonly instanceNamed: (name: string) => NginxInstance | undefined;
}

/**
 * An agent is started for one config and can take no other one's revisions, so an instance stays with its config as long as
 * its Pod lives. That of a Pod that is about to end is left as it is: whatever it is told, nobody waits for it.
 */
export function compareInstances(present: Present): InstanceChanges {
  const living: Living[] = [];
  const orphaned: NginxInstance[] = [];
  const missing: PodView[] = [];
  const relabelled: PodView[] = [];
  for (const instance of present.instances) {
    const pod = present.podNamed(instance.metadata.name);
    if (pod === undefined || isFinished(pod) || !isOwned(instance, pod)) orphaned.push(instance);
    else if (!isEnding(pod)) {
      living.push({ instance, pod });
      if (pod.config !== present.config) relabelled.push(pod);
    }
  }
  const own = new Set(present.instances.map(({ metadata }) => metadata.name));
  for (const pod of present.pods) {
    if (own.has(pod.metadata.name) || isFinished(pod) || isEnding(pod)) continue;
    const other = present.instanceNamed(pod.metadata.name);
    if (other !== undefined && isOwned(other, pod)) {
      relabelled.push(pod);
      continue;
    }
    // Of a Pod of the same name that belonged to another config; nobody would tell this one when that is gone.
    if (other !== undefined) orphaned.push(other);
    missing.push(pod);
  }
  return { missing, orphaned, living, relabelled };
}

function isOwned({ metadata }: NginxInstance, pod: PodView): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid) === true;
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
  { instance, pod }: Living,
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
  return isSameJson(wanted, spec) ? undefined : wanted;
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
    { action: 'Reload', origin: 'Config', value: annotations[reloadAnnotation] },
    { action: 'ReopenLogs', origin: 'Config', value: annotations[reopenLogsAnnotation] },
    { action: 'Reload', origin: 'Pod', value: pod.reload },
    { action: 'ReopenLogs', origin: 'Pod', value: pod.reopenLogs },
  ];
  return all.flatMap(({ action, origin, value }) => {
    const token = tokenOf(value);
    return token === undefined ? [] : [{ action, origin, token }];
  });
}
