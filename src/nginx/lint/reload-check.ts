/** What makes reloads lose more than they need to, or impossible. */
import { parseGlobals } from '../language/parse.ts';
import type { Directive } from '../language/syntax-tree.ts';
import type { Check } from './finding.ts';

/** The first release that has it. */
const keepaliveMinTimeoutSince = [1, 27, 4] as const;

export const reloadCheck: Check = (configuration, report, options) => {
  const globals = parseGlobals(options.globals ?? '').directives;
  const inGlobals = (name: string): Directive | undefined => globals.find((one) => one.name === name);
  let http: Directive | undefined;
  let traffic: Directive | undefined;
  let hasShutdownTimeout = inGlobals('worker_shutdown_timeout') !== undefined;
  let hasKeepaliveMinTimeout = false;
  return {
    directive: (directive, { context }) => {
      const { name, args } = directive;
      if (name === 'keepalive_min_timeout') hasKeepaliveMinTimeout = true;
      if (context !== 'main') return;
      if (name === 'http') http ??= directive;
      if (name === 'http' || name === 'stream' || name === 'mail') traffic ??= directive;
      if (name === 'worker_shutdown_timeout') hasShutdownTimeout = true;
      const value = args[0]?.toLowerCase();
      if (name === 'daemon' && value === 'on')
        report.at(directive, 'daemon', '"daemon on" ends the container\'s first process: take it out');
      if (name === 'master_process' && value === 'off')
        report.at(
          directive,
          'master-process',
          'without a master nothing can be reloaded: take "master_process off" out',
        );
      // nginx reads -g as a part of the main level; of a directive that it takes once, the second is refused.
      if ((name === 'daemon' || name === 'master_process' || name === 'pid') && inGlobals(name) !== undefined)
        report.at(
          directive,
          'duplicate',
          `"${name}" is duplicate: nginx gets it on its command line (-g) already`,
        );
    },
    close: (scope) => {
      if (scope.parent !== undefined) return;
      if (traffic !== undefined && !hasShutdownTimeout)
        report.in(
          configuration.entry,
          0,
          'shutdown-timeout',
          'worker_shutdown_timeout is not set: after each reload old workers stay as long as their longest connection; set it at main level, such as worker_shutdown_timeout 10m;',
        );
      if (
        http !== undefined &&
        !hasKeepaliveMinTimeout &&
        isSince(options.nginxVersion, keepaliveMinTimeoutSince)
      )
        report.at(
          http,
          'keepalive-min-timeout',
          'keepalive_min_timeout is not set: a reload may close a keep-alive connection just as a request comes; set it in http, such as keepalive_min_timeout 2s;',
        );
    },
  };
};

function isSince(version: string | undefined, since: readonly number[]): boolean {
  const parts = version === undefined ? null : /(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (parts === null) return false;
  for (const [index, least] of since.entries()) {
    const part = Number(parts[index + 1]);
    if (part !== least) return part > least;
  }
  return true;
}
