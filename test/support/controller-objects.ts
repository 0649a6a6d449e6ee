/** The objects that the controller decides about, as small as a test can have them. A revision called `r7` has the hash `r7`. */
import { apiVersion, configLabel, withdrawnAnnotation } from '../../src/api/names.ts';
import type { NginxConfig } from '../../src/api/nginx-config.ts';
import type { InstanceVerdict, NginxInstance } from '../../src/api/nginx-instance.ts';
import type { PodView } from '../../src/controller/pods.ts';
import type { RevisionView } from '../../src/controller/views.ts';

export const now = Date.parse('2026-11-24T12:00:00Z');
export const second = 1000;
export const minute = 60 * second;

export function ago(milliseconds: number): string {
  return new Date(now - milliseconds).toISOString();
}

export interface ConfigChanges {
  readonly stable?: string;
  readonly maxConcurrent?: number | string;
  readonly pin?: string;
  readonly paused?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly generation?: number;
  readonly spec?: Partial<NginxConfig['spec']>;
  readonly status?: NginxConfig['status'];
}

/** NginxConfig `web`. */
export function config(changes: ConfigChanges = {}): NginxConfig {
  const { stable, maxConcurrent = 1, pin, paused, annotations, generation = 1, spec, status } = changes;
  return {
    apiVersion,
    kind: 'NginxConfig',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'config-uid',
      generation,
      ...(annotations !== undefined && { annotations }),
    },
    spec: {
      files: [{ configMap: { name: 'web' } }],
      entrypoint: 'nginx.conf',
      reload: { minInterval: '1s', maxDraining: 4, maxDrainWait: '10m', timeout: '60s', settle: '0s' },
      rollout: { maxConcurrent, progressDeadline: '10m' },
      revisionHistoryLimit: 5,
      ...(pin !== undefined && { revision: pin }),
      ...(paused !== undefined && { paused }),
      ...spec,
    },
    ...((stable !== undefined || status !== undefined) && {
      status: { ...(stable !== undefined && { stableRevision: stable }), ...status },
    }),
  };
}

export interface RevisionChanges {
  /** Default: the digits of its name; null: none yet. */
  readonly number?: number | null;
  readonly withdrawn?: boolean;
  readonly token?: string;
  readonly message?: string;
}

export function revision(name: string, outcome?: string, changes: RevisionChanges = {}): RevisionView {
  const { number = Number(name.replaceAll(/\D/g, '')), withdrawn, token, message } = changes;
  return {
    metadata: {
      name,
      namespace: 'shop',
      labels: { [configLabel]: 'web' },
      ...(withdrawn === true && { annotations: { [withdrawnAnnotation]: 'by hand' } }),
    },
    spec: { config: 'web', hash: name, entrypoint: 'nginx.conf' },
    status: {
      ...(number !== null && { number }),
      ...(outcome !== undefined && { outcome }),
      ...(token !== undefined && { token }),
      ...(message !== undefined && { message }),
    },
  };
}

export interface InstanceChanges {
  /** The number that the revision was handed out with. Default: the digits of its name. */
  readonly number?: number;
  readonly verdict?: InstanceVerdict;
  /** Milliseconds since it was told. Default: a second. */
  readonly toldMs?: number;
  readonly ready?: boolean;
  readonly owner?: string;
  readonly requests?: NginxInstance['spec']['requests'];
  readonly acknowledged?: NonNullable<NginxInstance['status']>['acknowledged'];
}

/** The instance of Pod `name`, told to run `told`, provably running `runs`. */
export function instance(
  name: string,
  told: string | undefined,
  runs: string | undefined,
  changes: InstanceChanges = {},
): NginxInstance {
  const { verdict, toldMs = second, ready = runs !== undefined, owner = `${name}-uid` } = changes;
  const { number = Number(told?.replaceAll(/\D/g, '')), requests, acknowledged } = changes;
  return {
    apiVersion,
    kind: 'NginxInstance',
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-instance`,
      resourceVersion: '1',
      labels: { [configLabel]: 'web' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid: owner }],
    },
    spec: {
      config: 'web',
      ...(told !== undefined && {
        revision: { name: told, hash: told, number },
        movedAt: ago(toldMs),
      }),
      policy: { minIntervalMs: 1000, maxDraining: 4, maxDrainWaitMs: 600_000, timeoutMs: 60_000 },
      ...(requests !== undefined && { requests }),
    },
    status: {
      ready,
      ...(runs !== undefined && { revision: { name: runs, hash: runs } }),
      ...(verdict !== undefined && { verdict }),
      ...(acknowledged !== undefined && { acknowledged }),
    },
  };
}

export function verdict(kind: string, of: string, changes: Partial<InstanceVerdict> = {}): InstanceVerdict {
  return {
    revision: of,
    hash: of,
    number: Number(of.replaceAll(/\D/g, '')),
    kind,
    message: `${kind} was seen`,
    at: ago(500),
    ...changes,
  };
}

export function pod(
  name: string,
  changes: Partial<Omit<PodView, 'metadata'>> & {
    readonly uid?: string;
    readonly ending?: boolean;
  } = {},
): PodView {
  const { uid = `${name}-uid`, ending, ...rest } = changes;
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid,
      ...(ending === true && { deletionTimestamp: ago(second) }),
    },
    config: 'web',
    reload: undefined,
    reopenLogs: undefined,
    phase: 'Running',
    ready: true,
    ...rest,
  };
}
