/**
 * Credentials as kubectl finds them (kubeconfig files, exec plugins, a Pod's token), through Kubernetes' own client library.
 * Only the controller and the commands against a cluster load it: it is large.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { StewardError } from '../base/errors.ts';
import type { Api } from './api.ts';
import { type Credentials, createApi } from './http.ts';

export interface KubeconfigOptions {
  /** A file instead of $KUBECONFIG and ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Instead of the context's own. */
  readonly namespace?: string | undefined;
  readonly userAgent: string;
}

export interface ClusterApi {
  readonly api: Api;
  readonly namespace: string;
  readonly server: string;
  /** For messages. */
  readonly context: string;
}

/** @throws StewardError STEWARD_NO_CLUSTER: there is no such file or context, or it names no cluster. */
export function kubeconfigApi(options: KubeconfigOptions): ClusterApi {
  const config = load(options);
  if (options.context !== undefined) {
    if (config.getContextObject(options.context) === null)
      throw new StewardError('STEWARD_NO_CLUSTER', `the kubeconfig has no context "${options.context}"`, {
        where: '--context',
        fix: `There are: ${config.contexts.map(({ name }) => name).join(', ') || 'none'}.`,
      });
    config.setCurrentContext(options.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new StewardError('STEWARD_NO_CLUSTER', 'no kubeconfig names a cluster', {
      where: options.kubeconfig ?? 'KUBECONFIG',
    });
  const { server } = cluster;
  // What the library makes up where it has found nothing at all.
  if (options.kubeconfig === undefined && cluster.name === 'cluster' && server === 'http://localhost:8080')
    throw new StewardError('STEWARD_NO_CLUSTER', 'there is no kubeconfig', {
      where: 'KUBECONFIG',
      fix: 'Name one: --kubeconfig FILE, or KUBECONFIG; ~/.kube/config is not there either.',
    });
  const api = createApi({
    server,
    userAgent: options.userAgent,
    // Such as that of `kubectl proxy`, which asks for none; a token is never sent in the clear.
    credentials: async () =>
      server.startsWith('http:') ? { tls: {}, headers: {} } : await credentialsOf(config),
  });
  const context = config.getCurrentContext();
  const namespace = options.namespace ?? config.getContextObject(context)?.namespace ?? 'default';
  return { api, server, context, namespace };
}

function load({ kubeconfig }: KubeconfigOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new StewardError('STEWARD_NO_CLUSTER', error instanceof Error ? error.message : String(error), {
      where: kubeconfig ?? 'KUBECONFIG',
    });
  }
  return config;
}

/** Exec plugins and token files are asked again as they expire: the library keeps what is still good. */
async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new StewardError('STEWARD_NO_CLUSTER', error instanceof Error ? error.message : String(error), {
      where: `user ${config.getCurrentUser()?.name ?? '?'} of the kubeconfig`,
    });
  }
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, auth } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {}))
    if (typeof value === 'string') headers[name] = value.trim();
  if (typeof auth === 'string') headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return {
    headers,
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(pfx !== undefined && { pfx }),
      ...(passphrase !== undefined && { passphrase }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      ...(servername !== undefined && { servername }),
    },
  };
}
