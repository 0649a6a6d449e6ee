/**
 * Which NginxConfigs a ConfigMap concerns, without asking each of them: an edit must cost the same among a thousand configs
 * as among ten.
 */
import type { NginxConfig } from '../api/nginx-config.ts';
import type { ObjectKey } from '../kube/object.ts';
import { matchesSelector } from './selector.ts';

type Selector = NonNullable<NginxConfig['spec']['files'][number]['configMapSelector']>;
type Labels = Readonly<Record<string, string>>;

interface Wanted {
  readonly names: readonly string[];
  readonly selectors: readonly Selector[];
}

export class Interest {
  /** By `namespace/name` of a ConfigMap. */
  readonly #byName = new Map<ObjectKey, Set<ObjectKey>>();
  /** By namespace: configs that choose by labels. */
  readonly #selecting = new Map<string, Set<ObjectKey>>();
  readonly #wanted = new Map<ObjectKey, Wanted>();

  /** Takes over what a config wants now; undefined: it is gone. */
  set(key: ObjectKey, config: NginxConfig | undefined): void {
    this.#drop(key);
    if (config === undefined) return;
    const namespace = config.metadata.namespace ?? '';
    const wanted = wantedBy(config);
    this.#wanted.set(key, wanted);
    for (const name of wanted.names) setOf(this.#byName, `${namespace}/${name}`).add(key);
    if (wanted.selectors.length > 0) setOf(this.#selecting, namespace).add(key);
  }

  /** The configs that a change of this ConfigMap may matter to; `labels` are those before and after. */
  concerned(namespace: string, name: string, labels: readonly Labels[]): readonly ObjectKey[] {
    const found = new Set(this.#byName.get(`${namespace}/${name}`));
    for (const key of this.#selecting.get(namespace) ?? []) {
      const selectors = this.#wanted.get(key)?.selectors ?? [];
      if (selectors.some((selector) => labels.some((one) => matchesSelector(selector, one)))) found.add(key);
    }
    return [...found];
  }

  /** Namespaces that have an NginxConfig. */
  namespaces(): ReadonlySet<string> {
    return new Set([...this.#wanted.keys()].map((key) => key.slice(0, key.indexOf('/'))));
  }

  #drop(key: ObjectKey): void {
    const before = this.#wanted.get(key);
    if (before === undefined) return;
    this.#wanted.delete(key);
    const namespace = key.slice(0, key.indexOf('/'));
    for (const name of before.names) removeFrom(this.#byName, `${namespace}/${name}`, key);
    removeFrom(this.#selecting, namespace, key);
  }
}

function wantedBy({ spec }: NginxConfig): Wanted {
  return {
    names: [
      ...spec.files.flatMap(({ configMap }) => (configMap === undefined ? [] : [configMap.name])),
      ...(spec.values?.configMaps ?? []).map(({ name }) => name),
    ],
    selectors: spec.files.flatMap(({ configMapSelector }) =>
      configMapSelector === undefined ? [] : [configMapSelector],
    ),
  };
}

function setOf<K>(sets: Map<K, Set<ObjectKey>>, key: K): Set<ObjectKey> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<ObjectKey>();
  sets.set(key, made);
  return made;
}

function removeFrom<K>(sets: Map<K, Set<ObjectKey>>, key: K, value: ObjectKey): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
