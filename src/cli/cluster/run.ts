/** From a command's name to its code; each is loaded by itself alone. */
import process from 'node:process';
import type { FlagValues } from '../parse.ts';
import type { Program } from '../program.ts';
import { processOutput } from './output.ts';
import { inCluster, type Session } from './session.ts';

export type ClusterCommand =
  | 'get'
  | 'history'
  | 'diff'
  | 'undo'
  | 'pause'
  | 'resume'
  | 'pin'
  | 'reload'
  | 'wait'
  | 'watch';

/** Runs it to its end; returns the exit code. */
export async function runInCluster(
  command: ClusterCommand,
  flags: FlagValues,
  operands: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  calledAs: Program['name'],
): Promise<number> {
  const output = processOutput(process, flags.required('output'), env);
  return inCluster(flags, calledAs, output, (session) => act(command, session, flags, operands));
}

async function act(
  command: ClusterCommand,
  session: Session,
  flags: FlagValues,
  operands: readonly string[],
): Promise<number> {
  const [name = ''] = operands;
  switch (command) {
    case 'get':
      return (await import('../commands/get.ts')).get(session, operands[0], flags.isOn('all-namespaces'));
    case 'history':
      return (await import('../commands/history.ts')).history(session, name);
    case 'diff':
      return (await import('../commands/diff.ts')).diff(session, name, operands.slice(1));
    case 'undo':
      return (await import('../commands/undo.ts')).undo(session, name, flags.text('to'));
    case 'pause':
      return (await import('../commands/pause.ts')).pause(session, name);
    case 'resume':
      return (await import('../commands/pause.ts')).resume(session, name);
    case 'pin':
      return (await import('../commands/pin.ts')).pin(session, name, {
        revision: operands[1],
        off: flags.isOn('off'),
      });
    case 'reload':
      return (await import('../commands/reload-pods.ts')).reloadPods(session, name, {
        pod: flags.text('pod'),
        wait: !flags.isOn('no-wait'),
        timeoutMs: flags.milliseconds('timeout'),
      });
    case 'wait':
      return (await import('../commands/wait.ts')).wait(session, name, {
        condition: flags.required('for'),
        timeoutMs: flags.milliseconds('timeout'),
      });
    case 'watch':
      return (await import('../commands/watch.ts')).watch(session, name);
  }
}
