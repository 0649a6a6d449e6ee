/** What a block is to nginx: which directives may stand in it. */

/**
 * `data` are the bodies of `map`, `geo`, `types` and their like, whose lines are values, not directives. `unknown` is the
 * inside of a block of some other module: nothing is known of what may stand there.
 */
export type Context =
  | 'main'
  | 'events'
  | 'http'
  | 'server'
  | 'location'
  | 'upstream'
  | 'if in server'
  | 'if in location'
  | 'limit_except'
  | 'stream'
  | 'stream server'
  | 'stream upstream'
  | 'mail'
  | 'mail server'
  | 'data'
  | 'unknown';

const inside: Readonly<Record<string, Readonly<Partial<Record<Context, Context>>>>> = {
  events: { main: 'events' },
  http: { main: 'http' },
  stream: { main: 'stream' },
  mail: { main: 'mail' },
  server: { http: 'server', stream: 'stream server', mail: 'mail server' },
  upstream: { http: 'upstream', stream: 'stream upstream' },
  location: { server: 'location', location: 'location' },
  if: { server: 'if in server', location: 'if in location' },
  limit_except: { location: 'limit_except' },
  map: { http: 'data', stream: 'data' },
  geo: { http: 'data', stream: 'data' },
  split_clients: { http: 'data', stream: 'data' },
  charset_map: { http: 'data' },
  types: { http: 'data', server: 'data', location: 'data' },
};

/** The context between the braces of the block `name` that stands in `context`. */
export function contextInside(name: string, context: Context): Context {
  return (Object.hasOwn(inside, name) ? inside[name]?.[context] : undefined) ?? 'unknown';
}
