/** Gathered files → one revision: rendered, linted, named by its content, and small enough to be stored. Pure. */
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxRevisionSpec, Provenance } from '../api/nginx-revision.ts';
import { encodeRevision, type RevisionFile, revisionHash } from '../api/revision-data.ts';
import { StewardError } from '../base/errors.ts';
import { treeToken } from '../base/tree-token.ts';
import { type ConfigFiles, overlayFiles } from '../nginx/language/config-files.ts';
import { readConfiguration } from '../nginx/language/read-configuration.ts';
import { formatFinding } from '../nginx/lint/format.ts';
import { lint } from '../nginx/lint/lint.ts';
import { type Rendered, type Renderer, sourcePosition } from '../render/render.ts';
import type { Gathered, Refusal } from './gather.ts';
import type { Reason } from './reasons.ts';

export interface Revised {
  readonly kind: 'revised';
  readonly name: string;
  readonly spec: NginxRevisionSpec;
  /** What lint warns of. */
  readonly findings: readonly string[];
}

/**
 * Of an object as it is stored: etcd takes 1.5 MiB for a whole request and the API server 1 MiB of it here, and the status
 * and its managed fields still have to fit in.
 */
const mostStoredBytes = 1024 * 1024 - 32 * 1024;
const shownFiles = 3;
/** Where lint believes the tree to be; no file of it exists on any disk. */
const place = treeToken;

export async function revise(
  config: NginxConfig,
  gathered: Extract<Gathered, { kind: 'gathered' }>,
  renderer: Renderer,
): Promise<Revised | Refusal> {
  const rendered = await renderer.render(gathered.files, gathered.values, { treeToken });
  if (rendered.kind === 'refused') return refused(reasonOf(rendered.problems), rendered.problems);
  const { entrypoint } = config.spec;
  const problems = [...privateKeys(rendered.files)];
  if (problems.length > 0) return refused('PrivateKey', problems);
  if (!rendered.files.some(({ path }) => path === entrypoint))
    return refused('EntrypointMissing', [
      new StewardError('STEWARD_SOURCE_MISSING', `no file is called ${entrypoint}`, {
        where: 'spec.entrypoint',
        fix: `There are: ${rendered.files
          .slice(0, 12)
          .map(({ path }) => path)
          .join(', ')}.`,
      }),
    ]);
  const { errors, findings } = lintTree(rendered.files, entrypoint);
  if (errors.length > 0) return refused('LintError', errors);
  return storable(config, rendered.files, gathered.provenance, findings);
}

function storable(
  config: NginxConfig,
  rendered: readonly Rendered[],
  origins: ReadonlyMap<string, Omit<Provenance, 'path'>>,
  findings: readonly string[],
): Revised | Refusal {
  const { name } = config.metadata;
  const { entrypoint } = config.spec;
  const files: readonly RevisionFile[] = rendered;
  const hash = revisionHash(files, entrypoint);
  const provenance = files
    .map(({ path, origin }) => ({
      path,
      ...(origins.get(path) ?? origins.get(`${path}.liquid`) ?? { origin }),
    }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  const spec: NginxRevisionSpec = { config: name, hash, entrypoint, ...encodeRevision(files), provenance };
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes > mostStoredBytes) {
    const largest = [...files]
      .sort((one, other) => other.content.length - one.content.length)
      .slice(0, shownFiles)
      .map(({ path, content, origin }) => `${path} (${content.length} bytes, ${origin})`);
    return refused('TooLarge', [
      new StewardError(
        'STEWARD_REVISION_TOO_LARGE',
        `the revision would take ${bytes} bytes, and ${mostStoredBytes} can be stored; the largest files are ${largest.join(', ')}`,
        { where: `NginxConfig ${name}` },
      ),
    ]);
  }
  return { kind: 'revised', name: `${name}-${hash}`, spec, findings };
}

/** Reads no file of this machine: what lies outside the tree is nginx's to know. */
function lintTree(
  rendered: readonly Rendered[],
  entrypoint: string,
): { readonly errors: readonly StewardError[]; readonly findings: readonly string[] } {
  const byPath = new Map(rendered.map((file) => [`${place}/${file.path}`, file]));
  const nothing: ConfigFiles = { read: () => undefined, list: () => undefined };
  const contents = new Map([...byPath].map(([path, { content }]) => [path, content]));
  const files = overlayFiles(contents, nothing, [place]);
  const configuration = readConfiguration(files, `${place}/${entrypoint}`, { serverPrefix: '/etc/nginx' });
  const errors: StewardError[] = [];
  const findings: string[] = [];
  for (const finding of lint(configuration, { tree: place })) {
    const file = byPath.get(finding.file);
    // What lies elsewhere cannot be seen from here: the agent, which can, says whether it is missing.
    if (file === undefined) continue;
    const { origin, line } = sourcePosition(file, finding.line);
    const shown = { ...finding, file: origin, line };
    findings.push(formatFinding(shown));
    if (finding.severity === 'error')
      errors.push(
        new StewardError('STEWARD_LINT', `${finding.message} [${finding.rule}]`, {
          where: `${origin}:${line}:${finding.column}`,
        }),
      );
  }
  return { errors, findings };
}

function* privateKeys(files: readonly Rendered[]): Generator<StewardError> {
  for (const { content, origin } of files)
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(Buffer.from(content).toString('latin1')))
      yield new StewardError('STEWARD_PRIVATE_KEY', 'it holds a private key', { where: origin });
}

function reasonOf(problems: readonly StewardError[]): Reason {
  return problems.some(({ code }) => code === 'STEWARD_TEMPLATE') ? 'TemplateError' : 'PathConflict';
}

function refused(reason: Reason, problems: readonly StewardError[]): Refusal {
  return { kind: 'refused', reason, problems };
}
