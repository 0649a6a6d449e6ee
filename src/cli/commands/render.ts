/** `steward render`: sources and values into files, as the agent would publish them. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { readSource } from '../../agent/sources/read-source.ts';
import { StewardError } from '../../base/errors.ts';
import { createRenderer, type Rendered } from '../../render/render.ts';
import { unifiedDiff } from '../diff.ts';
import type { FlagValues } from '../parse.ts';
import { readValues, sourcesOf } from '../sources.ts';

/** What `{{ steward.tree }}` gives on standard output, where no tree has a directory. */
const noTree = '/steward-tree';

export async function render(
  flags: FlagValues,
  operands: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const [directory] = operands;
  const compared = flags.text('diff');
  if (flags.list('source').length === 0)
    throw new StewardError('STEWARD_USAGE', 'there is nothing to render', {
      where: 'steward render',
      fix: 'Name a source: --source DIR.',
    });
  if (directory !== undefined && compared !== undefined)
    throw new StewardError('STEWARD_USAGE', 'it writes into a directory or compares with one, not both', {
      where: 'steward render --diff',
    });
  let files: readonly Rendered[];
  try {
    files = await renderAll(flags, env, treeOf(directory, compared));
  } catch (error) {
    if (!(error instanceof StewardError) || error.code === 'STEWARD_USAGE') throw error;
    process.stderr.write(`${error.code}: ${error.message}\n${error.fix}\n`);
    return 6;
  }
  if (compared !== undefined) return showDifferences(files, compared);
  if (directory !== undefined) writeAll(files, directory);
  else print(files);
  return 0;
}

/** The directory that the files are for: with its links followed, as a published tree names itself. */
function treeOf(directory: string | undefined, compared: string | undefined): string {
  if (directory !== undefined) return resolve(directory);
  if (compared === undefined) return noTree;
  return existsSync(compared) ? realpathSync(compared) : resolve(compared);
}

async function renderAll(
  flags: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
  tree: string,
): Promise<readonly Rendered[]> {
  const snapshots = await Promise.all(sourcesOf(flags).map((source) => readSource(source)));
  const values = await readValues(flags, env);
  const result = await createRenderer().render(
    snapshots.flatMap(({ files }) => files),
    values,
    { treeToken: tree },
  );
  if (result.kind === 'rendered') return result.files;
  const [first, ...others] = result.problems;
  for (const problem of others) process.stderr.write(`${problem.code}: ${problem.message}\n`);
  throw first ?? new Error('refused without a reason');
}

function print(files: readonly Rendered[]): void {
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    process.stdout.write(only.content);
    return;
  }
  for (const file of files) {
    process.stdout.write(`# ${file.path}\n`);
    process.stdout.write(file.content);
    if (file.content.at(-1) !== 0x0a) process.stdout.write('\n');
  }
}

function writeAll(files: readonly Rendered[], directory: string): void {
  for (const file of files) {
    const path = join(directory, file.path);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content, { mode: file.mode });
      // A file that was there keeps its mode otherwise, and a new one lacks what the umask takes.
      chmodSync(path, file.mode);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new StewardError('STEWARD_USAGE', `it cannot be written (${code})`, {
        where: path,
        cause: error,
        fix: 'Name a directory that can be written.',
      });
    }
  }
}

function showDifferences(files: readonly Rendered[], directory: string): number {
  const wanted = new Map(files.map((file) => [file.path, file.content]));
  const there = new Set(
    lstatSync(directory, { throwIfNoEntry: false }) === undefined ? [] : filesBelow(directory),
  );
  let isSame = true;
  for (const path of [...new Set([...wanted.keys(), ...there])].sort()) {
    const before = there.has(path) ? asAuthored(readFileSync(join(directory, path))) : undefined;
    const after = wanted.get(path);
    if (before !== undefined && after !== undefined && before.equals(after)) continue;
    isSame = false;
    const name = (content: Uint8Array | undefined, label: string): string =>
      content === undefined ? '/dev/null' : label;
    const empty = new Uint8Array();
    process.stdout.write(
      unifiedDiff(name(before, join(directory, path)), before ?? empty, name(after, path), after ?? empty),
    );
  }
  return isSame ? 0 : 1;
}

/** Without what publishing puts before a configuration's first byte, so that a published tree can be compared with. */
function asAuthored(content: Buffer): Buffer {
  const added =
    /^(\xef\xbb\xbf)?error_log (?:\S+|"[^\n"]*\/)steward\/emerg\.log"? (?:alert|error); error_log stderr emerg; (?:error_log (?:[^\s;"]+|"[^\n"]*"); )?/;
  const start = content.toString('latin1', 0, 4096);
  const match = added.exec(start);
  if (match === null) return content;
  const mark = content.subarray(0, match[1]?.length ?? 0);
  return Buffer.concat([mark, content.subarray(match[0].length)]);
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, '/').length));
}
