/** Files that are only a part of a configuration, such as `conf.d/site.conf`. */
import type { Context } from '../language/contexts.ts';
import { formIn, knownDirectives } from '../language/directives.ts';
import type { ParsedFile } from '../language/syntax-tree.ts';

/** In this order: where most fragments belong comes first. */
const candidates: readonly Context[] = [
  'main',
  'http',
  'server',
  'location',
  'upstream',
  'stream',
  'stream server',
  'mail',
  'mail server',
  'events',
];

/** The block in which all known directives of the file's outermost level may stand; `unknown` where there is none. */
export function contextOfFragment(file: ParsedFile): Context {
  const fits = (context: Context): boolean =>
    file.directives.every(({ name, block }) => {
      const forms = knownDirectives.get(name);
      if (forms === undefined) return true;
      return formIn(forms, context)?.isBlock === (block !== undefined);
    });
  return candidates.find(fits) ?? 'unknown';
}
