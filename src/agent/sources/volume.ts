import { readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The version that a kubelet volume shows: the name of the directory to which its `..data` leads. Undefined where there
 * is no volume: `..data` is not there, or is not a link to a name beside it as the kubelet makes it.
 */
export function volumeVersion(directory: string): string | undefined {
  let version: string;
  try {
    version = readlinkSync(join(directory, '..data'));
  } catch {
    return undefined;
  }
  return /^\.\.[^/]+$/.test(version) ? version : undefined;
}
