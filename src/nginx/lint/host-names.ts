/** Host names that nginx looks up when it loads a configuration. The only check that asks anybody, so it is asked for. */
import { isIP } from 'node:net';
import type { Configuration } from '../language/read-configuration.ts';
import type { Directive } from '../language/syntax-tree.ts';
import { walk } from '../language/walk.ts';
import { collectFindings, type Finding } from './finding.ts';

/** Says whether a name has an address now; never rejects. */
export type Lookup = (name: string) => Promise<boolean>;

const passDirectives = /^(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass$/;
const atOnce = 16;

export async function lintHostNames(
  configuration: Configuration,
  lookup: Lookup,
): Promise<readonly Finding[]> {
  const report = collectFindings(configuration, {});
  const wanted = new Map<string, Directive[]>();
  const groups = new Set<string>();
  walk(configuration, {
    directive: (directive, { context }) => {
      if (directive.name === 'upstream') groups.add((directive.args[0] ?? '').toLowerCase());
      const name = hostIn(directive, context.endsWith('upstream'));
      if (name === undefined) return;
      const directives = wanted.get(name);
      if (directives === undefined) wanted.set(name, [directive]);
      else directives.push(directive);
    },
  });
  const names = [...wanted.keys()].filter((name) => !groups.has(name));
  const missing = new Set<string>();
  const work = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop())
      if (!(await lookup(name))) missing.add(name);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  for (const name of missing)
    for (const directive of wanted.get(name) ?? [])
      report.at(
        directive,
        'unknown-host',
        `"${name}" has no address now, and nginx refuses a configuration that names it: mend the name, or have it looked up per request by a variable and a resolver`,
      );
  return report.findings();
}

/** The name that nginx would look up for a directive. */
function hostIn(directive: Directive, inUpstream: boolean): string | undefined {
  const { name, args } = directive;
  const [value = ''] = args;
  if (!passDirectives.test(name) && !(inUpstream && name === 'server')) return undefined;
  // With `resolve` nginx asks its resolver while it runs.
  if (inUpstream && args.includes('resolve')) return undefined;
  const bare = value.replace(/^[a-z]+:\/\//i, '');
  if (bare.includes('$') || bare.startsWith('unix:') || bare.startsWith('[')) return undefined;
  const host = /^[^:/?]+/.exec(bare)?.[0]?.toLowerCase();
  return host === undefined || isIP(host) !== 0 ? undefined : host;
}
