/** Objects for tests, as a user or a kubelet would make them. */
import type { z } from 'zod';
import { apiVersion, configLabel } from '../../src/api/names.ts';
import type { nginxConfigSpec } from '../../src/api/nginx-config.ts';
import { type Api, isApiError, patchTypes } from '../../src/kube/api.ts';
import { configMaps, own, pathOf, pods, type Resource } from '../../src/kube/resource.ts';
import type { Target } from '../../src/kube/write.ts';

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object to be written. */
export interface NewObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata & { readonly name: string };
}

/** An object as the server has it. */
export interface StoredObject extends NewObject {
  readonly metadata: NewObject['metadata'] & {
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
  };
}

interface NewPod extends NewObject {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
}

export interface PodOptions extends Metadata {
  readonly serviceAccount?: string;
  readonly image?: string;
}

export interface PodState {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly ready?: boolean;
}

export function configMap(
  name: string,
  data: Readonly<Record<string, string>>,
  options: Metadata & { readonly binaryData?: Readonly<Record<string, string>> } = {},
): NewObject & { readonly data: Readonly<Record<string, string>> } {
  const { binaryData, ...metadata } = options;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...metadata },
    data,
    ...(binaryData !== undefined && { binaryData }),
  };
}

export function nginxConfig(
  name: string,
  spec: z.input<typeof nginxConfigSpec>,
  metadata: Metadata = {},
): NewObject & { readonly spec: z.input<typeof nginxConfigSpec> } {
  return { apiVersion, kind: 'NginxConfig', metadata: { name, ...metadata }, spec };
}

/** A Pod that opted in to an NginxConfig (`config`), or did not. */
export function pod(name: string, config?: string, options: PodOptions = {}): NewPod {
  const { serviceAccount = 'default', image = 'nginx:1.30', labels, annotations } = options;
  const optedIn = config === undefined ? {} : { [configLabel]: config };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { ...optedIn, ...labels }, ...(annotations !== undefined && { annotations }) },
    spec: { serviceAccountName: serviceAccount, containers: [{ name: 'nginx', image }] },
  };
}

/** Creates it in a namespace. */
export async function createObject(api: Api, namespace: string, object: NewObject): Promise<StoredObject> {
  const path = pathOf(resourceOf(object), namespace);
  return (await api.request({ method: 'POST', path, body: object })) as StoredObject;
}

/** Replaces it whatever its version. */
export async function replaceObject(api: Api, namespace: string, object: NewObject): Promise<StoredObject> {
  const path = pathOf(resourceOf(object), namespace, object.metadata.name);
  return (await api.request({ method: 'PUT', path, body: object })) as StoredObject;
}

/** A JSON merge patch: null takes a field away. */
export async function patchObject(
  api: Api,
  { resource, namespace, name }: Target,
  patch: object,
): Promise<StoredObject> {
  const path = pathOf(resource, namespace, name);
  return (await api.request({
    method: 'PATCH',
    path,
    body: patch,
    contentType: patchTypes.merge,
  })) as StoredObject;
}

/** Undefined: there is none. */
export async function readObject<T extends StoredObject>(
  api: Api,
  { resource, namespace, name }: Target,
): Promise<T | undefined> {
  try {
    return (await api.request({ method: 'GET', path: pathOf(resource, namespace, name) })) as T;
  } catch (error) {
    if (isApiError(error, 404)) return undefined;
    throw error;
  }
}

export async function deleteObject(api: Api, namespace: string, object: NewObject): Promise<void> {
  await api.request({ method: 'DELETE', path: pathOf(resourceOf(object), namespace, object.metadata.name) });
}

/** Creates a Pod and says of it what a kubelet would: by default that it runs and is ready. */
export async function startPod(
  api: Api,
  namespace: string,
  object: NewObject,
  state: PodState = {},
): Promise<StoredObject> {
  await createObject(api, namespace, object);
  return setPodState(api, namespace, object.metadata.name, state);
}

export async function setPodState(
  api: Api,
  namespace: string,
  name: string,
  { phase = 'Running', ready = phase === 'Running' }: PodState,
): Promise<StoredObject> {
  const status = ready ? 'True' : 'False';
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: type === 'Ready' || type === 'ContainersReady' ? status : 'True',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  }));
  return (await api.request({
    method: 'PATCH',
    path: pathOf(pods, namespace, name, 'status'),
    contentType: 'application/strategic-merge-patch+json',
    body: { status: { phase, conditions, podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] } },
  })) as StoredObject;
}

function resourceOf({ kind }: NewObject): Resource {
  if (kind === 'ConfigMap') return configMaps;
  if (kind === 'Pod') return pods;
  if (kind === 'NginxConfig' || kind === 'NginxRevision' || kind === 'NginxInstance') return own(kind);
  throw new Error(`test/support/objects.ts does not know where a ${kind} is`);
}
