/** An object as it is printed for machines: without the record of who wrote which field, longer than all else. */
import type { KubeObject } from '../../kube/object.ts';
import type { Metadata } from './objects.ts';

export function plainObject<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as Metadata['metadata'];
  return { ...object, metadata };
}
