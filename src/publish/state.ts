/** What outlives the agent: what is proven, and what was begun. One small file, replaced whole. */
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync } from 'node:fs';
import { type OnStep, replaceFile } from './durable.ts';
import { errorCode, publishError } from './publish-error.ts';

interface ProcessKey {
  readonly pid: number;
  readonly startTime: number;
}

interface Proven {
  readonly tree: string;
  readonly key: string;
  readonly at: number;
  /** What the tree came from, where it came from the API: an NginxRevision. */
  readonly revision?: { readonly name: string; readonly hash: string; readonly number?: number | undefined };
}

/** A request through the API that was acted upon, or is being acted upon as long as it has no verdict. */
export interface NotedRequest {
  readonly action: string;
  readonly origin: string;
  readonly token: string;
  readonly verdict?: string;
  /** Unix epoch, ms. */
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
    | { readonly tree: string; readonly step: 'staged' | 'putting-back'; readonly at: number }
    | undefined;
  /** Which workers read which tree: a tree is kept while one of them lives. */
  readonly generations: readonly { readonly tree: string; readonly workers: readonly ProcessKey[] }[];
  /** The values of the Pod's annotations that were acted upon. */
  readonly acknowledged: { readonly reload?: string; readonly reopenLogs?: string };
  /** Of one NginxInstance (by uid): its requests, noted before they were acted upon. */
  readonly requests?: { readonly instance: string; readonly noted: readonly NotedRequest[] } | undefined;
  /** Something was proven once: readiness, which a restart of the agent must not take away. */
  readonly ready: boolean;
  /** The master that was last seen. */
  readonly master?: ProcessKey | undefined;
}

export const emptyState: State = { version: 1, generations: [], acknowledged: {}, ready: false };

const longestFile = 4 * 1024 * 1024;
const steps = ['staged', 'putting-back'] as const;

/**
 * Reads the state. Where there is none it is empty. One that cannot be understood (damaged, of a newer version, a link or
 * a directory in its place) is kept beside as `.bad`, and `problem` says so: nothing is lost, and the agent proves anew what
 * it would have known.
 */
export function loadState(path: string): { readonly state: State; readonly problem?: string } {
  let wrong: string;
  try {
    const state = parseState(readBounded(path));
    if (state !== undefined) return { state };
    wrong = `${path}: it is not a state of this version`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { state: emptyState };
    wrong = publishError(error, 'it cannot be read', path).message;
  }
  return { state: emptyState, problem: `${wrong}; ${setAside(path)}; everything is proven anew` };
}

/**
 * Replaces the state on disk; what it returns from has reached the disk.
 *
 * @throws StewardError STEWARD_PUBLISH; then the state on disk is the one before.
 */
export function saveState(path: string, state: State, onStep: OnStep = () => {}): void {
  try {
    replaceFile(path, Buffer.from(`${JSON.stringify(state)}\n`), 0o600, onStep);
  } catch (error) {
    throw publishError(error, 'the state cannot be written', path);
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
  const generations = parseList(value['generations'], parseGeneration);
  const { acknowledged } = value;
  if (generations === undefined || !isRecord(acknowledged)) return undefined;
  const proven = parseOptional(value['proven'], parseProven);
  const provenBefore = parseOptional(value['provenBefore'], parseProven);
  const attempt = parseOptional(value['attempt'], parseAttempt);
  const master = parseOptional(value['master'], parseProcess);
  const requests = parseOptional(value['requests'], parseRequests);
  if (proven === 'wrong' || provenBefore === 'wrong' || attempt === 'wrong') return undefined;
  if (master === 'wrong' || requests === 'wrong') return undefined;
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
    ...(requests !== undefined && { requests }),
  };
}

type Attempt = NonNullable<State['attempt']>;
type Generation = State['generations'][number];

/** What is returned holds the known fields alone: it is written again as it is. */
function parseProven(value: unknown): Proven | undefined {
  if (!isRecord(value)) return undefined;
  const { tree, key, at } = value;
  const revision = parseOptional(value['revision'], parseRevision);
  if (!isTreeName(tree) || typeof key !== 'string' || !isTime(at) || revision === 'wrong') return undefined;
  return { tree, key, at, ...(revision !== undefined && { revision }) };
}

function parseRevision(value: unknown): Proven['revision'] {
  if (!isRecord(value)) return undefined;
  const { name, hash, number } = value;
  if (typeof name !== 'string' || typeof hash !== 'string') return undefined;
  if (number !== undefined && !isCount(number)) return undefined;
  return { name, hash, ...(number !== undefined && { number }) };
}

function parseRequests(value: unknown): State['requests'] {
  if (!isRecord(value)) return undefined;
  const { instance } = value;
  const noted = parseList(value['noted'], parseNoted);
  return typeof instance === 'string' && noted !== undefined ? { instance, noted } : undefined;
}

function parseNoted(value: unknown): NotedRequest | undefined {
  if (!isRecord(value)) return undefined;
  const { action, origin, token, verdict, at } = value;
  if (typeof action !== 'string' || typeof origin !== 'string' || typeof token !== 'string') return undefined;
  if (!isTime(at) || (verdict !== undefined && typeof verdict !== 'string')) return undefined;
  return { action, origin, token, at, ...(verdict !== undefined && { verdict }) };
}

function parseAttempt(value: unknown): Attempt | undefined {
  if (!isRecord(value)) return undefined;
  const { tree, at } = value;
  const step = steps.find((one) => one === value['step']);
  return isTreeName(tree) && step !== undefined && isTime(at) ? { tree, step, at } : undefined;
}

function parseGeneration(value: unknown): Generation | undefined {
  if (!isRecord(value)) return undefined;
  const { tree } = value;
  const workers = parseList(value['workers'], parseProcess);
  return isTreeName(tree) && workers !== undefined ? { tree, workers } : undefined;
}

function parseProcess(value: unknown): ProcessKey | undefined {
  if (!isRecord(value)) return undefined;
  const { pid, startTime } = value;
  return isCount(pid) && isCount(startTime) ? { pid, startTime } : undefined;
}

function parseOptional<T>(value: unknown, parse: (value: unknown) => T | undefined): T | undefined | 'wrong' {
  return value === undefined ? undefined : (parse(value) ?? 'wrong');
}

function parseList<T>(value: unknown, parse: (value: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const parsed: T[] = [];
  for (const one of value) {
    const item = parse(one);
    if (item === undefined) return undefined;
    parsed.push(item);
  }
  return parsed;
}

/** It becomes part of a path. */
function isTreeName(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8,64}$/.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
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

function setAside(path: string): string {
  const bad = `${path}.bad`;
  try {
    renameSync(path, bad);
    return `kept as ${bad}`;
  } catch (error) {
    return `it stays there (${publishError(error, 'it cannot be renamed', path).message})`;
  }
}
