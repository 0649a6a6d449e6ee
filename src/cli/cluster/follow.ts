/** Objects kept current while a command waits or shows them. */
import type { KubeObject } from '../../kube/object.ts';
import { Reflector } from '../../kube/reflector.ts';
import type { Resource } from '../../kube/resource.ts';
import { trusted } from '../../kube/trusted.ts';
import { explained } from './ask.ts';
import type { Session } from './session.ts';

export interface Chosen {
  readonly resource: Resource;
  readonly labelSelector?: string;
  /** One object alone. */
  readonly name?: string;
}

/** `changed` is called after each change. It does nothing before `run`. */
export function follow<T extends KubeObject>(
  { api, namespace, clock, random }: Session,
  { resource, labelSelector, name }: Chosen,
  changed: () => void,
): Reflector<T> {
  return new Reflector<T>({
    api,
    resource,
    namespace,
    ...(labelSelector !== undefined && { labelSelector }),
    ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }),
    reduce: (object) => trusted<T | undefined>(object, undefined),
    changed,
    clock,
    random,
    // What fails shows in `failure`: whoever waits is told once, by the command.
    log: { warn: () => {}, debug: () => {} },
  });
}

/** @throws StewardError where a watch can never come: to go on trying would be to wait for ever. */
export function checkRights(
  { place, namespace }: Session,
  followed: readonly { readonly resource: Resource; readonly reflector: Pick<Reflector<never>, 'failure'> }[],
): void {
  for (const { resource, reflector } of followed) {
    const { failure } = reflector;
    if (failure?.status === 401 || failure?.status === 403)
      throw explained(failure, { verb: 'watch', resource, namespace }, place);
  }
}
