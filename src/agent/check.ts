/** A configuration as nginx would read it: what lint says, which files it names, what the proof of its reload needs. */
import type { Clock } from '../base/clock.ts';
import type { PairFile } from '../nginx/certificates/pair.ts';
import type { CertificatePair } from '../nginx/language/certificate-pairs.ts';
import type { ConfigFiles } from '../nginx/language/config-files.ts';
import { lateFiles, type MainFacts, mainFacts } from '../nginx/language/facts.ts';
import { type NamedFiles as Named, namedFiles } from '../nginx/language/named-files.ts';
import { readConfiguration } from '../nginx/language/read-configuration.ts';
import type { Finding } from '../nginx/lint/finding.ts';
import { formatFinding } from '../nginx/lint/format.ts';
import { lint } from '../nginx/lint/lint.ts';
import type { Certificates, InspectedPair } from './certificates.ts';
import { type NamedFiles as Digested, namedFilesDigest } from './sources/named-files.ts';
import { readWhole } from './sources/read-file.ts';
import { neverUpdated } from './sources/sub-paths.ts';

export interface CheckOptions {
  readonly clock: Clock;
  readonly certificates: Certificates;
  readonly serverPrefix: string;
  /** Put before the paths of files that only nginx sees; undefined: they are where steward sees them. */
  readonly root: () => string | undefined;
  /** The mount table, as /proc/self/mountinfo has it. */
  readonly mounts: () => string;
}

/** How the paths that nginx sees relate to what is about to be published. */
export interface Placement {
  /** The directory below which a plain file must not be missing. */
  readonly tree: string | undefined;
  readonly isPublished: (path: string) => boolean;
  /** Of a published file. */
  readonly content: (path: string) => Uint8Array | undefined;
  /** The path that people know it by. */
  readonly shown: (path: string) => string;
  /** The author's own file and line. */
  readonly source: (
    path: string,
    line: number,
  ) => { readonly file: string; readonly line: number } | undefined;
}

export interface Checked {
  readonly isEntryThere: boolean;
  readonly refusals: readonly string[];
  readonly findings: readonly string[];
  readonly facts: MainFacts;
  readonly named: Named;
  readonly pairs: readonly InspectedPair[];
  /** Of certificates and keys, as nginx sees them. */
  readonly pairPaths: readonly string[];
  readonly mounted: ReadonlySet<string>;
  readonly outside: Outside;
  readonly unwatched: readonly { readonly path: string; readonly reason: string }[];
}

/** The files that lie outside what is published. */
interface Outside {
  readonly digest: string;
  readonly withoutPairs: string;
  readonly loose: string;
  readonly stamp: string;
  readonly newestChange: number;
  readonly watch: readonly string[];
}

const longestKeyFile = 1024 * 1024;

/** A check that remembers which files it has read, so that those that did not change are not read again. */
export function createCheck(
  options: CheckOptions,
): (files: ConfigFiles, entry: string, placement: Placement) => Checked {
  let knownPairs: Digested | undefined;
  let knownOthers: Digested | undefined;
  return (files, entry, placement) => {
    const configuration = readConfiguration(files, entry, { serverPrefix: options.serverPrefix });
    const named = namedFiles(configuration);
    const pairPaths = named.pairs.flatMap(({ certificate, key }) => [certificate.path, key.path]);
    const isPair = new Set(pairPaths);
    const outside = [
      ...configuration.files.keys(),
      ...named.files.flatMap(({ path, kind }) => (kind === 'file' ? [path] : [])),
    ].filter((path) => !placement.isPublished(path));
    const root = options.root();
    const digest = (paths: readonly string[], previous: Digested | undefined): Digested =>
      namedFilesDigest(paths, {
        now: options.clock.now(),
        ...(root !== undefined && { root }),
        ...(previous !== undefined && { previous }),
      });
    knownPairs = digest(
      outside.filter((path) => isPair.has(path)),
      knownPairs,
    );
    knownOthers = digest(
      outside.filter((path) => !isPair.has(path)),
      knownOthers,
    );
    const found = lint(configuration, placement.tree === undefined ? {} : { tree: placement.tree });
    const say = (finding: Finding): string =>
      formatFinding({ ...finding, ...placement.source(finding.file, finding.line) });
    const pairs = named.pairs.map((pair) => inspect(pair, options, placement, root));
    return {
      isEntryThere: !configuration.problems.some(({ directive }) => directive === undefined),
      refusals: found.filter(({ severity }) => severity === 'error').map(say),
      findings: found.map(say),
      facts: mainFacts(configuration),
      named,
      pairs,
      pairPaths,
      mounted: new Set(
        named.pairs.flatMap(({ certificate }) =>
          placement.isPublished(certificate.path) ? [] : [certificate.path],
        ),
      ),
      outside: {
        digest: `${knownPairs.digest}${knownOthers.digest}`,
        withoutPairs: knownOthers.digest,
        loose: `${knownPairs.loose}${knownOthers.loose}`,
        stamp: `${knownPairs.stamp}${knownOthers.stamp}`,
        newestChange: Math.max(knownPairs.newestChange, knownOthers.newestChange),
        watch: [...knownPairs.watch, ...knownOthers.watch],
      },
      unwatched: [
        ...knownPairs.problems,
        ...knownOthers.problems,
        ...unwatchable(named),
        ...frozen(outside, options),
      ],
    };
  };
}

/** `worker_processes` as the proof takes it. */
export function workerProcessesOf({ facts }: Checked): number | 'auto' | 'unset' {
  return facts.workerProcesses ?? 'unset';
}

/** nginx opens files of the published tree after it was loaded, through the link that names the current one. */
export function opensOwnFilesLate({ named }: Checked, current: string): boolean {
  return lateFiles(named.files, current).length > 0;
}

function inspect(
  pair: CertificatePair,
  { certificates }: CheckOptions,
  placement: Placement,
  root: string | undefined,
): InspectedPair {
  const half = (path: string): PairFile => ({
    path: placement.shown(path),
    content: placement.isPublished(path)
      ? (placement.content(path) ?? 'missing')
      : readHalf(`${root ?? ''}${path}`),
  });
  const inspection = certificates.inspect(half(pair.certificate.path), half(pair.key.path));
  return { inspection, served: pair.served };
}

function readHalf(path: string): PairFile['content'] {
  try {
    return readWhole(path, longestKeyFile).content;
  } catch (error) {
    // Where only nginx sees it, nothing can be said of it.
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'unseen' : 'missing';
  }
}

/** Files mounted by `subPath`: no change of them ever arrives. */
export function frozen(
  paths: readonly string[],
  { mounts }: CheckOptions,
): readonly { readonly path: string; readonly reason: string }[] {
  const reason = 'it is mounted by subPath, which the kubelet never updates: mount the whole volume';
  return neverUpdated(paths, mounts()).map((path) => ({ path, reason }));
}

function unwatchable(named: Named): readonly { readonly path: string; readonly reason: string }[] {
  return named.unwatchable.map(({ directive, value, reason }) => ({ path: `${directive} ${value}`, reason }));
}
