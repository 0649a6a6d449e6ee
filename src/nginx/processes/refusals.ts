/** What people are told where no signal can be sent. */
import { StewardError } from '../../base/errors.ts';
import type { MasterProcess, MasterSearch, NginxProcess } from './find-master.ts';

/** More than this many processes are counted, not listed. */
const listed = 8;

/** The error that says why `search` gives no master to signal, and what to do about it. */
export function masterRefusal(search: Exclude<MasterSearch, { kind: 'found' }>): StewardError {
  switch (search.kind) {
    case 'several':
      return new StewardError(
        'STEWARD_SEVERAL_MASTERS',
        `${search.masters.length} nginx masters run here: ${list(search.masters)}`,
        {
          fix: `Choose one by its command line: --master-match '${escapeForRegExp(search.masters[0]?.commandLine ?? '')}'.`,
        },
      );
    case 'upgrade':
      return new StewardError(
        'STEWARD_UPGRADE_UNDER_WAY',
        `the master has started a new binary (USR2), which has not taken over yet: ${list([search.master, search.newer])}`,
      );
    case 'starting':
      return new StewardError('STEWARD_NO_MASTER', `nginx is still starting: ${list([search.process])}`, {
        fix: 'Nothing, if it gets on: it is looked for again. With `master_process off` there never is a master.',
      });
    case 'single-process':
      return new StewardError(
        'STEWARD_SINGLE_PROCESS',
        `nginx runs as a single process: ${list([search.process])}`,
      );
    case 'none':
      return noMaster(search);
    default:
      return search satisfies never;
  }
}

/** The error for a signal that the kernel did not let through. `own` are the ids of this process. */
export function notPermitted(
  master: Pick<MasterProcess, 'pid' | 'uids'>,
  own: { readonly real: number; readonly effective: number },
): StewardError {
  const { real, saved } = master.uids;
  const theirs = describeUids(real, saved);
  const mine = describeUids(own.real, own.effective);
  if ([own.real, own.effective].some((uid) => uid === real || uid === saved))
    return new StewardError(
      'STEWARD_NOT_PERMITTED',
      `both run as uid ${theirs}, yet the kernel refuses the signal`,
      {
        where: `master ${master.pid}`,
        fix: 'Look for a user namespace of its own, or seccomp, AppArmor or SELinux rules between the two.',
      },
    );
  return new StewardError('STEWARD_NOT_PERMITTED', `it runs as uid ${theirs}, steward as uid ${mine}`, {
    where: `master ${master.pid}`,
    fix: `Run steward with the master's uid: securityContext.runAsUser: ${real} in a Pod (capabilities do not help a non-root user), \`sudo -u '#${real}'\` elsewhere.`,
  });
}

function noMaster(search: Extract<MasterSearch, { kind: 'none' }>): StewardError {
  if (search.others.length > 0)
    return new StewardError(
      'STEWARD_NO_MASTER',
      `no nginx master runs here that --master-match fits, but ${list(search.others)}`,
      { fix: 'Give a --master-match that fits the command line of the one you mean.' },
    );
  if (search.orphans.length > 0)
    return new StewardError(
      'STEWARD_NO_MASTER',
      `no nginx master runs here, but workers of one that is dead still hold its ports: ${list(search.orphans)}`,
      { fix: 'End those workers: while they hold the ports, a new nginx cannot start.' },
    );
  return new StewardError('STEWARD_NO_MASTER', 'no nginx master runs here');
}

/** The ids that the kernel compares for a signal: real and saved of the receiver, real and effective of the sender. */
function describeUids(one: number, two: number): string {
  return one === two ? `${one}` : `${one}/${two}`;
}

function list(processes: readonly NginxProcess[]): string {
  const shown = processes.slice(0, listed).map((one) => `${one.pid} (${one.commandLine})`);
  const more = processes.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
