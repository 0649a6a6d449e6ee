/** Names in a configuration made into paths, as nginx does it (ngx_conf_full_name). */
import { dirname, normalize } from 'node:path/posix';
import type { FileDirective } from './named-file-table.ts';
import type { Configuration } from './read-configuration.ts';

/** The absolute path of a name, or why it has none. */
export function resolveName(
  configuration: Configuration,
  value: string,
  base: FileDirective['base'],
): { readonly path: string } | { readonly reason: string } {
  const scheme = /^(data|engine|store):/.exec(value)?.[1];
  if (scheme !== undefined) return { reason: `"${scheme}:" names no file` };
  if (value.includes('$'))
    return { reason: 'its name holds a variable: nginx finds it when a request comes' };
  if (value === '') return { reason: 'its name is empty' };
  if (value.startsWith('/')) return { path: normalize(value) };
  if (base === 'conf') return { path: normalize(`${configuration.confPrefix}/${value}`) };
  if (base === 'server' && configuration.serverPrefix !== undefined)
    return { path: normalize(`${configuration.serverPrefix}/${value}`) };
  const from =
    base === 'server' ? "nginx's own prefix, which is not known" : 'the directory in which nginx was started';
  return { reason: `its name is relative to ${from}: name it by absolute path` };
}

/** Whether something of that name is there, as far as can be seen. */
export function isThere(configuration: Configuration, path: string): boolean {
  const directory = dirname(path);
  const names = configuration.source.list(directory);
  return names?.includes(path.slice(path.lastIndexOf('/') + 1)) === true;
}
