/** A namespace as the command line sees one: an NginxConfig with revisions and Pods, and what a command prints about it. */
import { apiVersion, configLabel } from '../../src/api/names.ts';
import type { NginxConfig } from '../../src/api/nginx-config.ts';
import type { NginxInstance } from '../../src/api/nginx-instance.ts';
import type { NginxRevision } from '../../src/api/nginx-revision.ts';
import { encodeRevision, revisionHash } from '../../src/api/revision-data.ts';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Format, Output } from '../../src/cli/cluster/output.ts';
import type { Session } from '../../src/cli/cluster/session.ts';
import type { Api } from '../../src/kube/api.ts';

export const sceneNow = Date.parse('2026-11-24T12:00:00Z');

export class Printed implements Output {
  readonly format: Format;
  readonly colour = false;
  readonly isTerminal: boolean;
  readonly columns: number;
  text = '';
  complaints = '';

  constructor(format: Format = 'text', isTerminal = false, columns = 100) {
    this.format = format;
    this.isTerminal = isTerminal;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }

  complain(text: string): void {
    this.complaints += `${text}\n`;
  }
}

export function sessionOf(
  api: Api,
  output: Output,
  options: { readonly clock?: Clock; readonly namespace?: string } = {},
): Session {
  return {
    api,
    namespace: options.namespace ?? 'shop',
    place: { server: 'https://cluster:6443', context: 'test' },
    program: 'steward',
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    output,
  };
}

/** The revision of this one file. */
export function revisionOf(
  config: string,
  content: string,
  status: NginxRevision['status'],
  source: { readonly configMap?: string; readonly resourceVersion?: string } = {},
): NginxRevision {
  const { configMap = 'web-files', resourceVersion = '1' } = source;
  const origin = `ConfigMap ${configMap} key nginx.conf`;
  const files = [{ path: 'nginx.conf', content: Buffer.from(content), origin }];
  const hash = revisionHash(files, 'nginx.conf');
  return {
    apiVersion,
    kind: 'NginxRevision',
    metadata: { name: `${config}-${hash}`, namespace: 'shop', labels: { [configLabel]: config } },
    spec: {
      config,
      hash,
      entrypoint: 'nginx.conf',
      ...encodeRevision(files),
      provenance: [{ path: 'nginx.conf', origin, configMap, key: 'nginx.conf', resourceVersion }],
    },
    ...(status !== undefined && { status }),
  };
}

export function configOf(
  name: string,
  changes: {
    readonly status?: NginxConfig['status'];
    readonly spec?: Partial<NginxConfig['spec']>;
    readonly generation?: number;
  } = {},
): NginxConfig {
  return {
    apiVersion,
    kind: 'NginxConfig',
    metadata: {
      name,
      namespace: 'shop',
      generation: changes.generation ?? 1,
      creationTimestamp: '2026-11-22T11:00:00Z',
    },
    spec: {
      files: [{ configMap: { name: `${name}-files` } }],
      entrypoint: 'nginx.conf',
      reload: { minInterval: '1s', maxDraining: 4, maxDrainWait: '10m', timeout: '60s', settle: '0s' },
      rollout: { maxConcurrent: '25%', progressDeadline: '10m' },
      revisionHistoryLimit: 5,
      ...changes.spec,
    },
    ...(changes.status !== undefined && { status: changes.status }),
  };
}

export function conditionsOf(
  all: Readonly<Record<string, readonly [status: 'True' | 'False', reason: string, message: string]>>,
): NonNullable<NonNullable<NginxConfig['status']>['conditions']> {
  return Object.entries(all).map(([type, [status, reason, message]]) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: '2026-11-24T11:59:00.000Z',
  }));
}

export function instanceOf(
  name: string,
  config: string,
  wanted: NginxRevision | undefined,
  status?: NginxInstance['status'],
): NginxInstance {
  return {
    apiVersion,
    kind: 'NginxInstance',
    metadata: { name, namespace: 'shop', labels: { [configLabel]: config } },
    spec: {
      config,
      ...(wanted !== undefined && { revision: { name: wanted.metadata.name, hash: wanted.spec.hash } }),
      policy: { minIntervalMs: 1000, maxDraining: 4, maxDrainWaitMs: 600_000, timeoutMs: 60_000 },
    },
    ...(status !== undefined && { status }),
  };
}

export function provenStatus(revision: NginxRevision, number = 7): NonNullable<NginxInstance['status']> {
  const { name } = revision.metadata;
  const { hash } = revision.spec;
  return {
    state: 'Proven',
    message: 'proven',
    ready: true,
    revision: { name, hash },
    provenAt: '2026-11-24T11:59:00.000Z',
    workers: { running: 2, draining: 0 },
    verdict: {
      ...{ revision: name, hash, number, kind: 'Applied', message: 'seen', at: '2026-11-24T11:59:00.000Z' },
      durationMilliseconds: 104,
    },
  };
}
