/** What stands in a ConfigMap. Its keys are anybody's: `constructor` and `__proto__` are keys like any other. */
import { StewardError } from '../base/errors.ts';
import type { Problem } from './refusal.ts';

export interface ConfigMapMeta {
  readonly name: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ConfigMapContent extends ConfigMapMeta {
  readonly data?: Readonly<Record<string, string>>;
  /** In base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** By name. */
export type ConfigMaps = ReadonlyMap<string, ConfigMapContent>;

/** Of `data` and `binaryData`, sorted. */
export function keysOf({ data = {}, binaryData = {} }: ConfigMapContent): readonly string[] {
  return [...Object.keys(data), ...Object.keys(binaryData)].sort();
}

/** The bytes of a key that is there. */
export function bytesOf({ data = {}, binaryData = {} }: ConfigMapContent, key: string): Uint8Array {
  const text = Object.hasOwn(data, key) ? data[key] : undefined;
  if (text !== undefined) return Buffer.from(text, 'utf8');
  const base64 = Object.hasOwn(binaryData, key) ? binaryData[key] : undefined;
  return Buffer.from(base64 ?? '', 'base64');
}

interface Reference {
  readonly name: string;
  readonly key?: string | undefined;
  readonly optional?: boolean | undefined;
}

export type Lookup =
  | { readonly kind: 'found'; readonly configMap: ConfigMapContent }
  /** Without a problem where it is optional. */
  | { readonly kind: 'absent'; readonly problems: readonly Problem[] };

/** A ConfigMap that has the key, where one is named. `where` is the place of the reference, for people. */
export function lookUp({ name, key, optional = false }: Reference, where: string, all: ConfigMaps): Lookup {
  const configMap = all.get(name);
  if (configMap !== undefined && (key === undefined || keysOf(configMap).includes(key)))
    return { kind: 'found', configMap };
  if (optional) return { kind: 'absent', problems: [] };
  if (configMap === undefined) {
    const what = `there is no ConfigMap ${name} in the namespace`;
    return absent('ConfigMapMissing', new StewardError('STEWARD_CONFIG_MAP', what, { where }));
  }
  const fix = `Add the key, mend its name, or set \`optional: true\`. ${keysThere(configMap)}`;
  const what = `ConfigMap ${name} has no key ${key}`;
  return absent('KeyMissing', new StewardError('STEWARD_CONFIG_MAP', what, { where, fix }));
}

function absent(reason: Problem['reason'], error: StewardError): Lookup {
  return { kind: 'absent', problems: [{ reason, error }] };
}

const shownKeys = 12;

function keysThere(configMap: ConfigMapContent): string {
  const keys = keysOf(configMap);
  if (keys.length === 0) return 'It has no keys at all.';
  return `It has: ${keys.slice(0, shownKeys).join(', ')}${keys.length > shownKeys ? ', …' : '.'}`;
}
