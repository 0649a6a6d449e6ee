/** The agent's own NginxInstance, as far as an agent reads it. */
import type { NginxInstance } from '../../api/nginx-instance.ts';
import { trusted } from '../../kube/trusted.ts';

export type InstanceStatus = NonNullable<NginxInstance['status']>;

/** The Pod that this agent is in. */
export interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What is read of it: metadata that names it, the whole spec, and what the agent wrote itself. */
export interface OwnInstance {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid: string;
    readonly resourceVersion?: string | undefined;
    /** Uids of the Pods that own it. */
    readonly pods: readonly string[];
  };
  readonly spec: NginxInstance['spec'];
  readonly status: InstanceStatus | undefined;
}

/** Undefined for what is no instance. */
export function readInstance(object: unknown): OwnInstance | undefined {
  const { metadata, spec, status } = trusted<Partial<NginxInstance>>(object, {});
  if (metadata?.uid === undefined || spec === undefined) return undefined;
  const { name, namespace, uid, resourceVersion, ownerReferences = [] } = metadata;
  const pods = ownerReferences.flatMap((owner) => (owner.kind === 'Pod' ? [owner.uid] : []));
  return { metadata: { name, namespace, uid, resourceVersion, pods }, spec, status };
}

/** Why an instance of this Pod's name is not this Pod's, for people; undefined when it is. */
export function objectionTo(instance: OwnInstance, pod: OwnPod, config: string): string | undefined {
  const { metadata, spec } = instance;
  const what = `NginxInstance ${pod.name}`;
  if (!metadata.pods.includes(pod.uid))
    return `${what} belongs to another Pod of that name (its owner is not the Pod ${pod.uid}): it is ignored until the controller replaces it`;
  if (spec.config !== config)
    return `${what} is for NginxConfig ${spec.config}, and this agent runs with --config ${config}: it is ignored; start the Pod again where its label was changed`;
  return undefined;
}
