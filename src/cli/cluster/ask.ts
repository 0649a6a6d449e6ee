/** Requests whose errors are for people: which server, which right on what, what is not installed. */
import { group } from '../../api/names.ts';
import { StewardError } from '../../base/errors.ts';
import { ApiError, type ApiRequest, isApiError } from '../../kube/api.ts';
import { pathOf, type Resource } from '../../kube/resource.ts';
import type { Session } from './session.ts';

/** What a request is about. */
export interface Asked {
  readonly verb: 'get' | 'list' | 'watch' | 'patch';
  readonly resource: Resource;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly name?: string;
  readonly query?: NonNullable<ApiRequest['query']>;
  readonly accept?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/**
 * The answer; undefined where the server has no such object.
 *
 * @throws StewardError for every other way to fail.
 */
export async function ask({ api, place }: Pick<Session, 'api' | 'place'>, asked: Asked): Promise<unknown> {
  const { verb, resource, namespace, name, ...rest } = asked;
  try {
    return await api.request({
      method: verb === 'patch' ? 'PATCH' : 'GET',
      path: pathOf(resource, namespace, name),
      ...rest,
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (isApiError(error, 404)) {
      if (!isOwn(resource) || (await hasKinds(api, resource))) return undefined;
      throw new StewardError('STEWARD_NO_KINDS', `the cluster does not know ${group}`, {
        where: whereOf(place),
        cause: error,
      });
    }
    throw explained(error, asked, place);
  }
}

/** An error of the API as one for people. */
export function explained(
  error: ApiError,
  { verb, resource, namespace, name }: Pick<Asked, 'verb' | 'resource' | 'namespace' | 'name'>,
  place: Session['place'],
): StewardError {
  const where = whereOf(place);
  const options = { where, cause: error };
  const kind = `${resource.plural}${isOwn(resource) ? `.${group}` : ''}`;
  switch (error.status) {
    case 0:
      return new StewardError('STEWARD_UNREACHABLE', `no answer: ${error.message}`, options);
    case 401:
      return new StewardError('STEWARD_LOGIN', 'the API server does not accept these credentials', options);
    case 403: {
      const scope = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
      const flag = namespace === undefined ? '--all-namespaces' : `-n ${namespace}`;
      return new StewardError('STEWARD_FORBIDDEN', `you may not ${verb} ${kind} ${scope}`, {
        ...options,
        fix: `Ask for the verb \`${verb}\` on \`${kind}\`; \`kubectl auth can-i ${verb} ${kind} ${flag}\` tells when it is there.`,
      });
    }
    default: {
      const what = name === undefined ? kind : `${kind} ${name}`;
      return new StewardError('STEWARD_API', `${what}: ${error.message}`, options);
    }
  }
}

function whereOf({ context, server }: Session['place']): string {
  return context === '' ? server : `context ${context} (${server})`;
}

function isOwn({ base }: Resource): boolean {
  return base.startsWith(`/apis/${group}/`);
}

async function hasKinds(api: Session['api'], { base }: Resource): Promise<boolean> {
  try {
    await api.request({ method: 'GET', path: base });
    return true;
  } catch (error) {
    // Whoever may not look there is told of the object, which is more likely.
    return !isApiError(error, 404);
  }
}
