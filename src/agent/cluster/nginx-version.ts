/** nginx's version, from the program that the master runs, where it may be read: in a Pod mostly not (another gid). */
import { open } from 'node:fs/promises';

const chunkBytes = 256 * 1024;
/** Far larger than any nginx. */
const mostBytes = 64 * 1024 * 1024;
/** Longer than what is looked for: it may lie across two chunks. */
const overlapBytes = 64;
/**
 * What `nginx -V` prints first, as it lies in the program (src/core/nginx.c, ngx_show_version_info), with the byte behind
 * it: a chunk's end would cut the version.
 */
const banner = /nginx version: ([A-Za-z]+)\/([0-9]+(?:\.[0-9]+){1,3})(?=[^0-9.])/;

/** `1.30.6`, or `openresty/1.27.1.2` of a build with a name of its own; undefined where it cannot be known. */
export async function nginxVersion(program: string): Promise<string | undefined> {
  try {
    const file = await open(program, 'r');
    try {
      return await search(
        async (buffer, position) => (await file.read(buffer, 0, chunkBytes, position)).bytesRead,
      );
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

async function search(
  read: (buffer: Buffer, position: number) => Promise<number>,
): Promise<string | undefined> {
  const buffer = Buffer.alloc(chunkBytes);
  for (let position = 0; position < mostBytes; position += chunkBytes - overlapBytes) {
    const count = await read(buffer, position);
    const [, name, version] = banner.exec(buffer.toString('latin1', 0, count)) ?? [];
    if (version !== undefined) return name === 'nginx' ? version : `${name ?? ''}/${version}`;
    if (count < chunkBytes) return undefined;
  }
  return undefined;
}
