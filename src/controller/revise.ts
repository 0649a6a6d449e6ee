/** Gathered files → one revision: rendered, linted, named by its content, and small enough to be stored. Pure. */
import { apiVersion, configLabel } from '../api/names.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxRevisionSpec, Provenance } from '../api/nginx-revision.ts';
import { encodeRevision, revisionHash } from '../api/revision-data.ts';
import { StewardError } from '../base/errors.ts';
import { treeToken } from '../base/tree-token.ts';
import { lineOfPrivateKey } from '../render/private-key.ts';
import { type Rendered, type Renderer, sourcePosition } from '../render/render.ts';
import type { GatheredFiles } from './gather.ts';
import { lintTree } from './lint-tree.ts';
import { type Problem, type Refusal, refusalOf } from './refusal.ts';
import { tooLargeToStore, tooManyBytes } from './size.ts';

export interface Revised {
  readonly kind: 'revised';
  readonly name: string;
  readonly spec: NginxRevisionSpec;
  /** What lint warns of, each as one line. */
  readonly findings: readonly string[];
}

/**
 * The same files, values and entry file give the same name, hash and data, whatever their order.
 *
 * The first kind of trouble that is met is reported, with all of its places: what cannot be rendered cannot be linted.
 */
export async function revise(
  config: NginxConfig,
  gathered: GatheredFiles,
  renderer: Renderer,
): Promise<Revised | Refusal> {
  const { entrypoint } = config.spec;
  const rendered = await renderer.render(gathered.files, gathered.values, { treeToken });
  if (rendered.kind === 'refused')
    return { kind: 'refused', reason: 'TemplateError', problems: rendered.problems };
  const { files } = rendered;
  const refusal =
    refusalOf(tooManyBytes(config, files, 'the rendered files')) ??
    refusalOf(privateKeys(files)) ??
    refusalOf(entrypointMissing(config, files));
  if (refusal !== undefined) return refusal;
  const { errors, warnings } = lintTree(files, entrypoint);
  if (errors.length > 0) return { kind: 'refused', reason: 'LintError', problems: errors };
  return storable(config, files, gathered.provenance, warnings);
}

function storable(
  config: NginxConfig,
  files: readonly Rendered[],
  origins: ReadonlyMap<string, Provenance>,
  findings: readonly string[],
): Revised | Refusal {
  const { name: configName, namespace } = config.metadata;
  const { entrypoint } = config.spec;
  const hash = revisionHash(files, entrypoint);
  const name = `${configName}-${hash}`;
  const provenance = files
    .map(({ path, origin }) => origins.get(path) ?? { path, origin })
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  const spec: NginxRevisionSpec = {
    config: configName,
    hash,
    entrypoint,
    ...encodeRevision(files),
    provenance,
  };
  const metadata = { name, namespace, labels: { [configLabel]: configName } };
  const object = { apiVersion, kind: 'NginxRevision', metadata, spec } as const;
  return refusalOf(tooLargeToStore(object, config, files)) ?? { kind: 'revised', name, spec, findings };
}

function privateKeys(files: readonly Rendered[]): readonly Problem[] {
  return files.flatMap((file) => {
    const found = lineOfPrivateKey(file.content);
    if (found === undefined) return [];
    const { origin, line } = sourcePosition(file, found);
    const what = 'a private key begins here, and every reader of the revision would see it';
    const error = new StewardError('STEWARD_PRIVATE_KEY', what, { where: `${origin}:${line}` });
    return [{ reason: 'PrivateKey', error }];
  });
}

const shownFiles = 12;

function entrypointMissing({ metadata, spec }: NginxConfig, files: readonly Rendered[]): readonly Problem[] {
  if (files.some(({ path }) => path === spec.entrypoint)) return [];
  const paths = files.map(({ path }) => path).sort();
  const there =
    paths.length === 0
      ? 'There are no files at all.'
      : `There are: ${paths.slice(0, shownFiles).join(', ')}${paths.length > shownFiles ? ', …' : '.'}`;
  const error = new StewardError('STEWARD_ENTRYPOINT', `no file becomes ${spec.entrypoint}`, {
    where: `NginxConfig ${metadata.name} spec.entrypoint`,
    fix: `Add it to \`spec.files\`, or set \`spec.entrypoint\` to the file that nginx is to read first. ${there}`,
  });
  return [{ reason: 'EntrypointMissing', error }];
}
