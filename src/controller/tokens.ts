/** Values of our annotations, by which people ask for something once. */
import { createHash } from 'node:crypto';

/** What the schemas hold. An annotation may be 256 KiB long. */
const longest = 1024;

/** The token that an annotation's value stands for; undefined: it asks for nothing. */
export function tokenOf(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (value.length <= longest) return value;
  return `${value.slice(0, 64)}… sha256 ${createHash('sha256').update(value).digest('hex')}`;
}
