/**
 * Writes, each as one call. Whoever passes an object's resourceVersion gets a conflict (409) where it has changed since;
 * with its uid as well, also where it is gone: without the uid, server-side apply would bring a deleted object back
 * (measured on Kubernetes 1.37.2).
 */
import { type Api, isApiError, patchTypes } from './api.ts';
import { pathOf, type Resource } from './resource.ts';

export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Server-side apply: the fields in `object` become ours and get these values; those that were ours and are missing go. A
 * resourceVersion in its metadata must be the present one.
 */
export async function apply(
  api: Api,
  { resource, namespace, name }: Target,
  object: object,
  { manager, subresource, signal }: { manager: string; subresource?: string; signal?: AbortSignal },
): Promise<unknown> {
  return api.request({
    method: 'PATCH',
    path: pathOf(resource, namespace, name, subresource),
    query: { fieldManager: manager, force: true },
    contentType: patchTypes.apply,
    body: object,
    ...(signal !== undefined && { signal }),
  });
}

/** False: one of that name was there already. */
export async function create(
  api: Api,
  { resource, namespace }: Omit<Target, 'name'>,
  object: object,
  { manager }: { manager: string },
): Promise<boolean> {
  try {
    await api.request({
      method: 'POST',
      path: pathOf(resource, namespace),
      query: { fieldManager: manager },
      body: object,
    });
    return true;
  } catch (error) {
    if (isApiError(error, 409)) return false;
    throw error;
  }
}

/** Removes it if it still is what was seen; one that is gone is fine. */
export async function remove(
  api: Api,
  { resource, namespace, name }: Target,
  seen: { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined },
): Promise<void> {
  try {
    await api.request({
      method: 'DELETE',
      path: pathOf(resource, namespace, name),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: seen },
    });
  } catch (error) {
    if (!isApiError(error, 404)) throw error;
  }
}
