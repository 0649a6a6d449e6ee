/** An NginxConfig and the ConfigMaps of its namespace → source files and values, or all that is wrong with them. Pure. */
import type { FileSpec, NginxConfig } from '../api/nginx-config.ts';
import type { Provenance } from '../api/nginx-revision.ts';
import { StewardError } from '../base/errors.ts';
import { targetOf, targetProblems } from '../render/paths.ts';
import type { SourceFile } from '../render/render.ts';
import type { Values } from '../render/values.ts';
import {
  bytesOf,
  type ConfigMapContent,
  type ConfigMapMeta,
  type ConfigMaps,
  keysOf,
  lookUp,
} from './config-map.ts';
import { gatherValues } from './gather-values.ts';
import { type Problem, type Refusal, refusalOf } from './refusal.ts';
import { matchesSelector, selectorProblem } from './selector.ts';
import { mostEntries, tooMany, tooManyBytes } from './size.ts';

export type { ConfigMapContent, ConfigMapMeta } from './config-map.ts';
export type { Refusal } from './refusal.ts';

/** A ConfigMap that a rendering has seen; an empty version: it was not there. */
export interface SeenSource {
  readonly name: string;
  readonly resourceVersion: string;
}

export interface GatheredFiles {
  readonly kind: 'gathered';
  readonly files: readonly SourceFile[];
  readonly values: Values;
  /** By the path of the rendered file. */
  readonly provenance: ReadonlyMap<string, Provenance>;
  readonly sources: readonly SeenSource[];
}

export type Gathered = GatheredFiles | (Refusal & { readonly sources: readonly SeenSource[] });

/** Whoever may read the configuration in the cluster may read it in the Pod: keys are no part of it. */
const mode = 0o644;

/** The ConfigMaps whose data a config needs now, by name, whether they are there or not. */
export function neededConfigMaps({ spec }: NginxConfig, metas: readonly ConfigMapMeta[]): readonly string[] {
  const names = new Set((spec.values?.configMaps ?? []).map(({ name }) => name));
  for (const { configMap, configMapSelector } of spec.files) {
    if (configMap !== undefined) names.add(configMap.name);
    if (configMapSelector === undefined) continue;
    for (const { name, labels } of metas) if (matchesSelector(configMapSelector, labels)) names.add(name);
  }
  return [...names].sort();
}

/**
 * Takes from `contents` what the config asks for. Selectors look at the labels in `contents`, so what is rendered is what
 * was fetched, whatever it was when its name was chosen. The same contents give the same result, in whatever order they come.
 */
export async function gather(config: NginxConfig, contents: ConfigMaps): Promise<Gathered> {
  const sources = sourcesOf(config, contents);
  const { files, problems } = gatherFiles(config, contents);
  const values = await gatherValues(config, contents);
  problems.push(
    ...values.problems,
    ...pathProblems(files),
    ...tooMany(config, files.length, 'files'),
    ...tooMany(config, sources.length, 'ConfigMaps'),
    ...tooManyBytes(config, files, 'its sources'),
  );
  const refusal = refusalOf(problems);
  if (refusal !== undefined) return { ...refusal, sources: sources.slice(0, mostEntries) };
  return {
    kind: 'gathered',
    files: files.map(({ path, content, origin }) => ({ path, content, mode, origin })),
    values: values.values,
    provenance: new Map(files.map((file) => [targetOf(file.path).path, provenanceOf(file)])),
    sources,
  };
}

/** A file before it is known whether all of them can live in one tree. */
interface FoundFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly origin: string;
  readonly from?: { readonly configMap: ConfigMapContent; readonly key: string };
}

function gatherFiles(
  config: NginxConfig,
  contents: ConfigMaps,
): { readonly files: readonly FoundFile[]; readonly problems: Problem[] } {
  const files: FoundFile[] = [];
  const problems: Problem[] = [];
  const taken = new Set<string>();
  for (const [index, spec] of config.spec.files.entries()) {
    const where = `NginxConfig ${config.metadata.name} spec.files[${index}]`;
    const found = gatherOne(spec, where, contents);
    problems.push(...found.problems);
    for (const file of found.files) {
      // Chosen twice (by name and by a selector, by two selectors), one key at one path is still one file.
      const identity = `${file.origin}\0${file.path}`;
      if (!taken.has(identity)) files.push(file);
      taken.add(identity);
    }
  }
  return { files, problems };
}

interface Found {
  readonly files: readonly FoundFile[];
  readonly problems: readonly Problem[];
}

function gatherOne(spec: FileSpec, where: string, contents: ConfigMaps): Found {
  const { path, inline, configMap, configMapSelector } = spec;
  if (inline !== undefined) {
    const origin = `${where}.inline`;
    return { files: [{ path: path ?? '', content: Buffer.from(inline, 'utf8'), origin }], problems: [] };
  }
  if (configMap !== undefined) return gatherNamed(configMap, path, `${where}.configMap`, contents);
  if (configMapSelector === undefined) return { files: [], problems: [] };
  const problem = selectorProblem(configMapSelector);
  if (problem !== undefined) {
    const error = new StewardError('STEWARD_SELECTOR', problem, { where: `${where}.configMapSelector` });
    return { files: [], problems: [{ reason: 'SelectorInvalid', error }] };
  }
  const chosen = [...contents.values()]
    .filter(({ labels }) => matchesSelector(configMapSelector, labels))
    .sort(byName);
  return { files: chosen.flatMap((one) => allKeys(one, path)), problems: [] };
}

function gatherNamed(
  reference: NonNullable<FileSpec['configMap']>,
  path: string | undefined,
  where: string,
  contents: ConfigMaps,
): Found {
  const found = lookUp(reference, where, contents);
  if (found.kind === 'absent') return { files: [], problems: found.problems };
  const { configMap } = found;
  const { key } = reference;
  if (key === undefined) return { files: allKeys(configMap, path), problems: [] };
  return { files: [fileOf(configMap, key, path ?? key)], problems: [] };
}

function allKeys(configMap: ConfigMapContent, directory: string | undefined): FoundFile[] {
  const prefix = directory === undefined ? '' : `${directory.replace(/\/$/, '')}/`;
  return keysOf(configMap).map((key) => fileOf(configMap, key, `${prefix}${key}`));
}

function fileOf(configMap: ConfigMapContent, key: string, path: string): FoundFile {
  const origin = `ConfigMap ${configMap.name} key ${key}`;
  return { path, content: bytesOf(configMap, key), origin, from: { configMap, key } };
}

function pathProblems(files: readonly FoundFile[]): Problem[] {
  return targetProblems(files).map((error) => ({
    reason: error.code === 'STEWARD_SOURCE_CONFLICT' ? 'PathConflict' : 'PathInvalid',
    error,
  }));
}

function provenanceOf({ path: sourcePath, origin, from }: FoundFile): Provenance {
  const { path } = targetOf(sourcePath);
  if (from === undefined) return { path, origin };
  const { configMap, key } = from;
  return { path, origin, configMap: configMap.name, key, resourceVersion: configMap.resourceVersion };
}

function sourcesOf(config: NginxConfig, contents: ConfigMaps): readonly SeenSource[] {
  return neededConfigMaps(config, [...contents.values()]).map((name) => ({
    name,
    resourceVersion: contents.get(name)?.resourceVersion ?? '',
  }));
}

function byName(one: ConfigMapMeta, other: ConfigMapMeta): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}
