/** What must be known of the main level to reload nginx and to judge what came of it. */
import type { NamedFile } from './named-files.ts';
import { parseGlobals } from './parse.ts';
import type { Configuration } from './read-configuration.ts';
import { resolveName } from './resolve-name.ts';
import type { Directive } from './syntax-tree.ts';
import { walk } from './walk.ts';

export interface MainFacts {
  /** Undefined where it is not set: nginx then starts one. */
  readonly workerProcesses: number | 'auto' | undefined;
  readonly daemon: boolean | undefined;
  readonly masterProcess: boolean | undefined;
  /** At main level, in nginx's order. */
  readonly errorLogs: readonly ErrorLog[];
  readonly user: string | undefined;
  /** As written. */
  readonly pid: string | undefined;
  /** Its failures are logged as errors, not as emergencies. */
  readonly usesInitByLua: boolean;
}

interface ErrorLog {
  readonly kind: 'file' | 'stderr' | 'syslog' | 'memory';
  /** Of a file: absolute, or undefined where its name is relative and nginx's prefix is not known. */
  readonly path: string | undefined;
  readonly value: string;
  readonly level: string;
}

/** `globals`: what nginx got after `-g`, which it reads before the configuration. */
export function mainFacts(configuration: Configuration, globals = ''): MainFacts {
  const main: Directive[] = [...parseGlobals(globals).directives];
  let usesInitByLua = false;
  walk(configuration, {
    directive: (directive, scope) => {
      if (scope.context === 'main') main.push(directive);
      else if (scope.context === 'http' || scope.context === 'stream')
        usesInitByLua ||= /^init_by_lua(?:_block|_file)?$/.test(directive.name);
    },
  });
  const first = (name: string): string | undefined =>
    main.find((directive) => directive.name === name)?.args[0];
  const errorLogs = main
    .filter((directive) => directive.name === 'error_log')
    .map((directive) => errorLog(configuration, directive));
  return {
    workerProcesses: workerProcesses(first('worker_processes')),
    daemon: flag(first('daemon')),
    masterProcess: flag(first('master_process')),
    errorLogs,
    user: first('user'),
    pid: first('pid'),
    usesInitByLua,
  };
}

/** Those of the files that workers open after nginx has loaded the configuration, below `tree`. */
export function lateFiles(files: readonly NamedFile[], tree: string): readonly NamedFile[] {
  return files.filter((file) => file.isLate && (file.path === tree || file.path.startsWith(`${tree}/`)));
}

function workerProcesses(value: string | undefined): number | 'auto' | undefined {
  if (value === 'auto') return 'auto';
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

function flag(value: string | undefined): boolean | undefined {
  const lower = value?.toLowerCase();
  return lower === 'on' ? true : lower === 'off' ? false : undefined;
}

function errorLog(configuration: Configuration, { args }: Directive): ErrorLog {
  const [value = '', level = 'error'] = args;
  if (value === 'stderr') return { kind: 'stderr', path: undefined, value, level };
  if (value.startsWith('syslog:')) return { kind: 'syslog', path: undefined, value, level };
  if (value.startsWith('memory:')) return { kind: 'memory', path: undefined, value, level };
  const resolved = resolveName(configuration, value, 'server');
  return { kind: 'file', path: 'path' in resolved ? resolved.path : undefined, value, level };
}
