/** What must not stand together on the command line of `steward agent`. */
import { parseSchedule } from '../../agent/schedule/timers.ts';
import { StewardError } from '../../base/errors.ts';
import type { FlagValues } from '../parse.ts';

/** What the NginxConfig says where the agent takes its configuration from the API. */
const notWithConfig = [
  ['values', 'spec.values of the NginxConfig'],
  ['values-env', 'spec.values of the NginxConfig'],
  ['schedule', 'spec.schedules of the NginxConfig'],
  ['probe', 'spec.rollout.probe of the NginxConfig'],
  ['annotations-file', "the Pod's annotations, which reach it through the API"],
] as const;

/** @throws StewardError STEWARD_USAGE */
export function checkFlags(flags: FlagValues): void {
  checkOrigin(flags);
  for (const name of ['in-place', 'publish-dir', 'run-dir', 'control-socket']) {
    const path = flags.text(name);
    if (path !== undefined && !path.startsWith('/'))
      throw usage(`--${name} ${path} is no absolute path`, 'nginx and steward must mean the same by it.');
  }
  const url = flags.text('probe');
  if (url !== undefined && !/^https?:\/\//.test(url))
    throw usage(
      `--probe ${url} is no http:// or https:// URL`,
      'A right one: --probe http://127.0.0.1:8080/healthz',
    );
  for (const text of flags.list('schedule')) parseSchedule(text, 0);
}

function checkOrigin(flags: FlagValues): void {
  const hasSources = flags.list('source').length > 0;
  const inPlace = flags.text('in-place');
  const config = flags.text('config');
  if (!hasSources && inPlace === undefined && config === undefined)
    throw usage(
      'there is nothing to watch',
      'Give it --source DIR (repeatable), or --in-place FILE, or --config NAME.',
    );
  if (hasSources && inPlace !== undefined)
    throw usage('--source and --in-place exclude each other', 'In place, nginx reads its files itself.');
  if (config === undefined) return;
  if (hasSources || inPlace !== undefined)
    throw usage(
      `--config and --${hasSources ? 'source' : 'in-place'} exclude each other`,
      'With --config, the files come from the NginxConfig.',
    );
  for (const [name, instead] of notWithConfig)
    if (flags.list(name).length > 0)
      throw usage(`--config and --${name} exclude each other`, `With --config, write ${instead}.`);
}

function usage(what: string, fix: string): StewardError {
  return new StewardError('STEWARD_USAGE', what, { where: 'steward agent', fix });
}
