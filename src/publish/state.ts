/** What outlives the agent: what is proven, and what was begun. One small file, replaced whole. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StewardError } from '../base/errors.ts';
import { syncDirectory } from './durable.ts';

export interface ProcessKey {
  readonly pid: number;
  readonly startTime: number;
}

export interface Proven {
  readonly tree: string;
  readonly key: string;
  readonly at: number;
}

export interface State {
  readonly version: 1;
  /** The last good state: its tree, the key of all bytes that nginx read for it, and when it was proven (Unix epoch, ms). */
  readonly proven?: Proven | undefined;
  /** What was the last good state before it: a generation may still die within its first moments. */
  readonly provenBefore?: Proven | undefined;
  /** Begun and not finished. */
  readonly attempt?:
    | { readonly tree: string; readonly step: 'staged' | 'signalled' | 'putting-back'; readonly at: number }
    | undefined;
  /** Which workers read which tree: a tree is kept while one of them lives. */
  readonly generations: readonly { readonly tree: string; readonly workers: readonly ProcessKey[] }[];
  /** The values of the Pod's annotations that were acted upon. */
  readonly acknowledged: { readonly reload?: string; readonly reopenLogs?: string };
  /** Something was proven once: readiness, which a restart of the agent must not take away. */
  readonly ready: boolean;
  /** The master that was last seen. */
  readonly master?: ProcessKey | undefined;
}

export const emptyState: State = { version: 1, generations: [], acknowledged: {}, ready: false };

const longestFile = 4 * 1024 * 1024;
const steps = new Set(['staged', 'signalled', 'putting-back']);

/**
 * Reads the state. Where there is none it is empty; one that cannot be understood is kept beside as `.bad`, and `problem`
 * says so: nothing is lost, and the agent proves anew what it would have known.
 */
export function loadState(path: string): { readonly state: State; readonly problem?: string } {
  let text: string;
  try {
    text = readBounded(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { state: emptyState };
    return {
      state: emptyState,
      problem: `${path} cannot be read (${messageOf(error)}): everything is proven anew`,
    };
  }
  const state = parseState(text);
  if (state !== undefined) return { state };
  renameSync(path, `${path}.bad`);
  return {
    state: emptyState,
    problem: `${path} is not a state of this version: kept as ${path}.bad, and everything is proven anew`,
  };
}

/** Replaces the state on disk; what it returns from has reached the disk. */
export function saveState(path: string, state: State): void {
  const temporary = join(dirname(path), `.state-${process.pid}.tmp`);
  try {
    const descriptor = openSync(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      writeSync(descriptor, `${JSON.stringify(state)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    tryUnlink(temporary);
    throw new StewardError('STEWARD_PUBLISH', `the state cannot be written (${messageOf(error)})`, {
      where: path,
      cause: error,
    });
  }
}

/** Undefined when it is not a state that this version can take over. */
export function parseState(text: string): State | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['version'] !== 1 || typeof value['ready'] !== 'boolean') return undefined;
  const { proven, provenBefore, attempt, generations, acknowledged, master } = value;
  if (!Array.isArray(generations) || !isRecord(acknowledged)) return undefined;
  if (proven !== undefined && !isProven(proven)) return undefined;
  if (provenBefore !== undefined && !isProven(provenBefore)) return undefined;
  if (attempt !== undefined && !isAttempt(attempt)) return undefined;
  if (master !== undefined && !isProcess(master)) return undefined;
  if (!generations.every(isGeneration)) return undefined;
  const { reload, reopenLogs } = acknowledged;
  return {
    version: 1,
    ready: value['ready'],
    generations,
    acknowledged: {
      ...(typeof reload === 'string' && { reload }),
      ...(typeof reopenLogs === 'string' && { reopenLogs }),
    },
    ...(proven !== undefined && { proven }),
    ...(provenBefore !== undefined && { provenBefore }),
    ...(attempt !== undefined && { attempt }),
    ...(master !== undefined && { master }),
  };
}

type Attempt = NonNullable<State['attempt']>;
type Generation = State['generations'][number];

function isProven(value: unknown): value is Proven {
  return (
    isRecord(value) &&
    isTreeName(value['tree']) &&
    typeof value['key'] === 'string' &&
    typeof value['at'] === 'number'
  );
}

function isAttempt(value: unknown): value is Attempt {
  return (
    isRecord(value) &&
    isTreeName(value['tree']) &&
    typeof value['step'] === 'string' &&
    steps.has(value['step']) &&
    typeof value['at'] === 'number'
  );
}

function isGeneration(value: unknown): value is Generation {
  return (
    isRecord(value) &&
    isTreeName(value['tree']) &&
    Array.isArray(value['workers']) &&
    value['workers'].every(isProcess)
  );
}

function isProcess(value: unknown): value is ProcessKey {
  return isRecord(value) && Number.isSafeInteger(value['pid']) && Number.isSafeInteger(value['startTime']);
}

/** It becomes part of a path. */
function isTreeName(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8,64}$/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readBounded(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > longestFile) throw new Error('it is far too large');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or the directory is gone with it.
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function messageOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error));
}
