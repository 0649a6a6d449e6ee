/** The API server of the tests behind the faulty one, and reflectors that look through it. */
import { systemClock } from '../../src/base/clock.ts';
import type { Api } from '../../src/kube/api.ts';
import { type ApiOptions, createApi } from '../../src/kube/http.ts';
import type { KubeObject, ObjectKey } from '../../src/kube/object.ts';
import { Reflector, type ReflectorOptions } from '../../src/kube/reflector.ts';
import { configMaps } from '../../src/kube/resource.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type FaultyApi, startFaultyApi } from './faulty-api.ts';
import { until } from './nginx.ts';
import { configMap, createObject, replaceObject, type StoredObject } from './objects.ts';

export interface DataMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Told {
  readonly key: ObjectKey;
  /** The value of the key `a`; undefined: the object went. */
  readonly a: string | undefined;
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

export interface Following {
  readonly reflector: Reflector<DataMap>;
  readonly told: readonly Told[];
  readonly warnings: readonly string[];
  /** What was told of one ConfigMap. */
  valuesOf(name: string): (string | undefined)[];
  /** Replaces a ConfigMap, past the faulty server. */
  edit(name: string, a: string): Promise<StoredObject>;
  /** Waits until this is the last that was told of it. */
  sees(name: string, a: string | undefined, limit?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface KubeStage {
  readonly plane: ControlPlane;
  readonly faulty: FaultyApi;
  /** A client that asks the faulty server, as an administrator with a token. */
  client(options?: Partial<ApiOptions>): Api;
  /** Makes a namespace with ConfigMaps m0, m1, … (`a: '0'`), and follows them through the faulty server. */
  follow(namespace: string, count: number, options?: Partial<ReflectorOptions<DataMap>>): Promise<Following>;
  /** Between two tests: hands everything through again, and ends whatever a failed one left. */
  tidy(): Promise<void>;
  stop(): Promise<void>;
}

export const quietLog = { info: () => undefined, warn: () => undefined, debug: () => undefined };

export async function startKubeStage(): Promise<KubeStage> {
  const plane = await startControlPlane();
  const faulty = await startFaultyApi(plane);
  const token = await administratorToken(plane);
  const client = (options: Partial<ApiOptions> = {}): Api =>
    createApi({
      server: faulty.server,
      userAgent: 'steward-tests',
      credentials: async () => ({
        tls: { ca: plane.authority.certificate },
        headers: { authorization: `Bearer ${token}` },
      }),
      ...options,
    });
  const left = new Set<() => Promise<void>>();
  return {
    plane,
    faulty,
    client,
    tidy: async () => {
      await faulty.heal();
      for (const stop of left) await stop();
    },
    follow: async (namespace, count, options = {}) => {
      await plane.namespace(namespace);
      const names = Array.from({ length: count }, (_, number) => `m${number}`);
      await Promise.all(names.map((name) => createObject(plane.api, namespace, configMap(name, { a: '0' }))));
      faulty.forget();
      const api = options.api ?? client();
      const following = startFollowing(plane, namespace, { ...options, api });
      const stop = async (): Promise<void> => {
        left.delete(stop);
        await following.stop();
        api.close();
        await until('its watch is closed', () => faulty.openWatches() === 0);
      };
      left.add(stop);
      await following.reflector.whenSynced(AbortSignal.timeout(20_000));
      await until('it watches', () => faulty.openWatches() > 0);
      return { ...following, stop };
    },
    stop: async () => {
      await faulty.stop();
      await plane.stop();
    },
  };
}

/** Follows the ConfigMaps of a namespace until `stop`. */
function startFollowing(
  plane: ControlPlane,
  namespace: string,
  options: Partial<ReflectorOptions<DataMap>> & Pick<ReflectorOptions<DataMap>, 'api'>,
): Following {
  const end = new AbortController();
  const told: Told[] = [];
  const warnings: string[] = [];
  const reflector = new Reflector<DataMap>({
    resource: configMaps,
    namespace,
    reduce: (object) => object as DataMap,
    changed: (key, object) => told.push({ key, a: object?.data?.['a'], at: performance.now() }),
    clock: systemClock,
    random: Math.random,
    log: { ...quietLog, warn: (fields) => warnings.push(JSON.stringify(fields)) },
    ...options,
  });
  const ended = reflector.run(end.signal);
  const valuesOf = (name: string): (string | undefined)[] =>
    told.filter(({ key }) => key === `${namespace}/${name}`).map(({ a }) => a);
  return {
    reflector,
    told,
    warnings,
    valuesOf,
    edit: (name, a) => replaceObject(plane.api, namespace, configMap(name, { a })),
    sees: async (name, a, limit) => {
      const isSeen = (): boolean => valuesOf(name).length > 0 && valuesOf(name).at(-1) === a;
      await until(`${name} is ${a}`, isSeen, limit);
    },
    stop: async () => {
      end.abort();
      await ended;
    },
  };
}

/** Of an account that may everything: a client certificate would end at the faulty server. */
async function administratorToken(plane: ControlPlane): Promise<string> {
  const account = '--serviceaccount=default:administrator';
  await plane.kubectl(['create', 'clusterrolebinding', 'tests', '--clusterrole=cluster-admin', account]);
  return plane.serviceAccountToken('default', 'administrator');
}
