/** How much one revision may be: what the API keeps as one object, and what a controller may hold in memory for it. */
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxRevision } from '../api/nginx-revision.ts';
import { StewardError } from '../base/errors.ts';
import type { Problem } from './refusal.ts';

interface Sized {
  readonly path: string;
  readonly content: Uint8Array;
  readonly origin: string;
}

/** Of files, and of ConfigMaps: as many as a revision and a status may list. */
export const mostEntries = 5000;

/**
 * Bytes in sum. Compressed well it just might fit into an object; in the worst encoding (six characters for a byte) it
 * stays below what an agent is willing to unpack.
 */
const mostBytes = 8 * 1024 * 1024;

/** Bytes of an object as etcd keeps it. Its own limit is 1.5 MiB for a request, with all that comes around the object. */
const largestObject = 1024 * 1024;

/** Bytes for what is not there yet: metadata of the server, managedFields, and a status with its longest message. */
const roomForRest = 32 * 1024;

/** `what` is counted: files, or ConfigMaps. */
export function tooMany({ metadata }: NginxConfig, count: number, what: string): readonly Problem[] {
  if (count <= mostEntries) return [];
  return tooLarge(`its sources are ${count} ${what}, and at most ${mostEntries} are taken`, metadata.name);
}

/** Of sources, or of what was rendered from them. */
export function tooManyBytes(
  { metadata }: NginxConfig,
  files: readonly Sized[],
  what: string,
): readonly Problem[] {
  const sum = files.reduce((bytes, { content }) => bytes + content.length, 0);
  if (sum <= mostBytes) return [];
  return tooLarge(
    `${what} are ${size(sum)}, and at most ${size(mostBytes)} are taken. ${largest(files)}`,
    metadata.name,
  );
}

/** Holds a revision to what the API keeps: everything in it counts, not the files alone. */
export function tooLargeToStore(
  revision: Pick<NginxRevision, 'apiVersion' | 'kind' | 'spec'> & { readonly metadata: object },
  { metadata }: NginxConfig,
  files: readonly Sized[],
): readonly Problem[] {
  const bytes = storedBytes(revision) + roomForRest;
  if (bytes <= largestObject) return [];
  return tooLarge(
    `the revision would be ${size(bytes)} as it is stored (compressed, and with where each file came from), and the API keeps ${size(largestObject)}. ${largest(files)}`,
    metadata.name,
  );
}

/** Bytes of its JSON as Go writes it, which makes six of `<`, `>`, `&` and of two line breaks of Unicode: measured in etcd. */
function storedBytes(object: object): number {
  const json = JSON.stringify(object);
  const escaped = json.match(/[<>&]/g)?.length ?? 0;
  const breaks = json.match(/[\u2028\u2029]/g)?.length ?? 0;
  return Buffer.byteLength(json) + 5 * escaped + 3 * breaks;
}

function tooLarge(message: string, config: string): readonly Problem[] {
  const where = `NginxConfig ${config}`;
  return [{ reason: 'TooLarge', error: new StewardError('STEWARD_REVISION_TOO_LARGE', message, { where }) }];
}

function largest(files: readonly Sized[]): string {
  const three = [...files]
    .sort((one, other) => other.content.length - one.content.length || (one.path < other.path ? -1 : 1))
    .slice(0, 3)
    .map(({ path, content, origin }) => `${path} (${size(content.length)}, ${origin})`);
  return `The largest: ${three.join(', ')}`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${(bytes / (1024 * 1024)).toFixed(2)} MiB`;
}
