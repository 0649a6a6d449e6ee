/** A Pod, reduced to the fields that are used here. */
import { configLabel, reloadAnnotation, reopenLogsAnnotation } from '../api/names.ts';
import type { KubeObject } from '../kube/object.ts';
import { trusted } from '../kube/trusted.ts';

export interface PodView {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion?: string | undefined;
    readonly deletionTimestamp?: string | undefined;
  };
  /** The config that it has opted in to. */
  readonly config: string | undefined;
  /** The values of our two annotations. */
  readonly reload: string | undefined;
  readonly reopenLogs: string | undefined;
  readonly phase: string;
  readonly ready: boolean;
}

interface RawPod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export function podView(raw: unknown): PodView | undefined {
  const { metadata, status } = trusted<Partial<RawPod>>(raw, {});
  if (metadata === undefined) return undefined;
  const {
    name,
    namespace = '',
    uid = '',
    resourceVersion,
    deletionTimestamp,
    labels,
    annotations,
  } = metadata;
  return {
    metadata: { name, namespace, uid, resourceVersion, deletionTimestamp },
    config: labels?.[configLabel],
    reload: annotations?.[reloadAnnotation],
    reopenLogs: annotations?.[reopenLogsAnnotation],
    phase: status?.phase ?? 'Unknown',
    ready: (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  };
}

/** It will never serve again. */
export function isFinished({ phase }: PodView): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** It serves out what it has. */
export function isEnding({ metadata }: PodView): boolean {
  return metadata.deletionTimestamp !== undefined;
}
