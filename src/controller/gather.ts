/** An NginxConfig and the ConfigMaps that it names → source files and values. Pure but for a YAML parser loaded on demand. */
import type { FileSpec, NginxConfig } from '../api/nginx-config.ts';
import type { Provenance } from '../api/nginx-revision.ts';
import { StewardError } from '../base/errors.ts';
import type { SourceFile } from '../render/render.ts';
import { mergeValues, parseValues, type Values } from '../render/values.ts';
import type { Reason } from './reasons.ts';
import { matchesSelector } from './selector.ts';

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

/** A ConfigMap that a rendering has seen; an empty version: it was not there. */
export interface SeenSource {
  readonly name: string;
  readonly resourceVersion: string;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: Reason;
  readonly problems: readonly StewardError[];
}

export type Gathered =
  | {
      readonly kind: 'gathered';
      readonly files: readonly SourceFile[];
      readonly values: Values;
      /** By the source file's path. */
      readonly provenance: ReadonlyMap<string, Omit<Provenance, 'path'>>;
    }
  | Refusal;

interface Found {
  readonly file: SourceFile;
  readonly from: Omit<Provenance, 'path'>;
}

class Missing extends Error {
  readonly reason: Reason;
  readonly problem: StewardError;

  constructor(reason: Reason, problem: StewardError) {
    super(problem.message);
    this.reason = reason;
    this.problem = problem;
  }
}

const mode = 0o644;

/** The ConfigMaps whose data a config needs now, each once: those it names (there or not), and those its selectors choose. */
export function neededConfigMaps(config: NginxConfig, all: readonly ConfigMapMeta[]): readonly string[] {
  const names = new Set<string>();
  for (const { configMap, configMapSelector } of config.spec.files) {
    if (configMap !== undefined) names.add(configMap.name);
    if (configMapSelector !== undefined)
      for (const one of all) if (matchesSelector(configMapSelector, one.labels)) names.add(one.name);
  }
  for (const { name } of config.spec.values?.configMaps ?? []) names.add(name);
  return [...names].sort();
}

/** `contents` holds what `neededConfigMaps` names, as far as it is there. */
export async function gather(
  config: NginxConfig,
  contents: ReadonlyMap<string, ConfigMapContent>,
): Promise<Gathered> {
  const problems: StewardError[] = [];
  let reason: Reason | undefined;
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      reason ??= error.reason;
      problems.push(error.problem);
      return otherwise;
    }
  };
  const found = config.spec.files.flatMap((file, index) =>
    attempt(() => filesOf(file, index, config, contents), []),
  );
  let values: Values = {};
  try {
    values = await valuesOf(config, contents);
  } catch (error) {
    if (error instanceof Missing) {
      reason ??= error.reason;
      problems.push(error.problem);
    } else if (error instanceof StewardError) {
      reason ??= 'ValuesError';
      problems.push(error);
    } else throw error;
  }
  if (reason !== undefined) return { kind: 'refused', reason, problems };
  return {
    kind: 'gathered',
    files: found.map(({ file }) => file),
    values,
    provenance: new Map(found.map(({ file, from }) => [file.path, from])),
  };
}

function filesOf(
  spec: FileSpec,
  index: number,
  config: NginxConfig,
  contents: ReadonlyMap<string, ConfigMapContent>,
): readonly Found[] {
  const { path, inline, configMap, configMapSelector } = spec;
  if (inline !== undefined) {
    const origin = `NginxConfig ${config.metadata.name} spec.files[${index}].inline`;
    return [{ file: { path: path ?? '', content: Buffer.from(inline), mode, origin }, from: { origin } }];
  }
  if (configMap !== undefined) {
    const content = contentOf(configMap, `spec.files[${index}].configMap`, contents);
    if (content === undefined) return [];
    const { key } = configMap;
    if (key === undefined) return keysOf(content).map((one) => fileOf(content, one, inDirectory(path, one)));
    if (!keysOf(content).includes(key)) {
      if (configMap.optional === true) return [];
      throw keyMissing(content, key);
    }
    return [fileOf(content, key, path ?? key)];
  }
  if (configMapSelector === undefined) return [];
  return [...contents.values()]
    .filter((one) => matchesSelector(configMapSelector, one.labels))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((content) => keysOf(content).map((key) => fileOf(content, key, inDirectory(path, key))));
}

function fileOf(content: ConfigMapContent, key: string, path: string): Found {
  const { name, resourceVersion, data = {}, binaryData = {} } = content;
  const origin = `ConfigMap ${name} key ${key}`;
  const text = Object.hasOwn(data, key) ? data[key] : undefined;
  const bytes = text === undefined ? Buffer.from(binaryData[key] ?? '', 'base64') : Buffer.from(text);
  return {
    file: { path, content: bytes, mode, origin },
    from: { origin, configMap: name, key, resourceVersion },
  };
}

async function valuesOf(
  { metadata, spec }: NginxConfig,
  contents: ReadonlyMap<string, ConfigMapContent>,
): Promise<Values> {
  const all: Values[] = [];
  for (const [index, source] of (spec.values?.configMaps ?? []).entries()) {
    const content = contentOf(source, `spec.values.configMaps[${index}]`, contents);
    const text = content?.data?.[source.key];
    if (content === undefined || (text === undefined && source.optional === true)) continue;
    if (text === undefined) throw keyMissing(content, source.key);
    all.push(await parseValues(text, `ConfigMap ${source.name} key ${source.key}`));
  }
  const inline = spec.values?.inline;
  if (inline !== undefined)
    all.push(await parseValues(JSON.stringify(inline), `NginxConfig ${metadata.name} spec.values.inline`));
  return mergeValues(...all);
}

function contentOf(
  { name, optional }: { readonly name: string; readonly optional?: boolean | undefined },
  field: string,
  contents: ReadonlyMap<string, ConfigMapContent>,
): ConfigMapContent | undefined {
  const content = contents.get(name);
  if (content !== undefined || optional === true) return content;
  throw new Missing(
    'ConfigMapMissing',
    new StewardError('STEWARD_SOURCE_MISSING', `ConfigMap ${name} is not there`, {
      where: field,
      fix: 'Create it in the same namespace, or mark it `optional: true`.',
    }),
  );
}

function keyMissing(content: ConfigMapContent, key: string): Missing {
  const keys = keysOf(content);
  return new Missing(
    'KeyMissing',
    new StewardError('STEWARD_SOURCE_MISSING', `it has no key ${key}`, {
      where: `ConfigMap ${content.name}`,
      fix: keys.length === 0 ? 'It is empty.' : `It has: ${keys.slice(0, 12).join(', ')}.`,
    }),
  );
}

function keysOf({ data = {}, binaryData = {} }: ConfigMapContent): readonly string[] {
  return [...Object.keys(data), ...Object.keys(binaryData)].sort();
}

function inDirectory(directory: string | undefined, key: string): string {
  return directory === undefined ? key : `${directory.replace(/\/+$/, '')}/${key}`;
}
