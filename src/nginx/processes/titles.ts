/**
 * What nginx's processes call themselves: `ngx_setproctitle` writes "nginx: " and one of a few fixed phrases over the
 * command line (src/os/unix/ngx_process_cycle.c); OpenResty adds the privileged agent, Angie writes its own name.
 */

const master = /^(?:nginx|angie): master process ?/;
/** Builds that number their workers or name their port do it behind these words. */
const workerWords = /^(?:nginx|angie): worker process\b(?<draining>.*is shutting down)?/;
const helperWords = /^(?:nginx|angie): (?:cache (?:manager|loader)|privileged agent) process/;
const anyTitle = /^(?:nginx|angie): /;
const programs = /^(?:nginx|angie|openresty)/;

export type Title =
  | { readonly kind: 'master'; readonly commandLine: string }
  | { readonly kind: 'worker' | 'draining' | 'helper' }
  /** nginx's program under its plain command line: it starts, is a single process, or was just executed. */
  | { readonly kind: 'untitled'; readonly commandLine: string }
  | { readonly kind: 'other' };

const other: Title = { kind: 'other' };

/** What the process says that it is, by its arguments (see `ProcessTable.commandLine`) and its program's name. */
export function readTitle(args: readonly string[], comm: string): Title {
  const title = (args[0] ?? '').trimEnd();
  const found = master.exec(title);
  if (found !== null) return { kind: 'master', commandLine: title.slice(found[0].length) };
  const worker = workerWords.exec(title);
  if (worker !== null) return { kind: worker.groups?.['draining'] === undefined ? 'worker' : 'draining' };
  if (helperWords.test(title)) return { kind: 'helper' };
  if (anyTitle.test(title) || !isNginxProgram(args, comm) || isErrand(args)) return other;
  return { kind: 'untitled', commandLine: args.join(' ') };
}

/** Both names must agree, so that no shell or editor with "nginx" among its arguments is taken for it. */
function isNginxProgram(args: readonly string[], comm: string): boolean {
  const program = args[0]?.slice(args[0].lastIndexOf('/') + 1) ?? '';
  return programs.test(comm) && programs.test(program);
}

/** `nginx -t`, `-s reload`, `-v` and their like serve nobody and end soon. */
function isErrand(args: readonly string[]): boolean {
  return args.some((arg, index) => /^-[tTvVhq?]*[tTvVhs?]/.test(arg) && args[index - 1] !== '-g');
}
