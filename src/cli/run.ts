/** From a command line to an exit code. What only one command needs is loaded by it alone: an agent's memory counts. */
import process from 'node:process';
import { StewardError } from '../base/errors.ts';
import { manual } from './help.ts';
import { type FlagValues, parseArguments } from './parse.ts';
import { type Program, steward } from './program.ts';
import { version } from './version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs one command to its end; every error for people ends here, as one message. */
export async function run(
  args: readonly string[],
  env: Environment,
  program: Program = steward,
): Promise<number> {
  try {
    const invocation = parseArguments(args, env, program);
    switch (invocation.kind) {
      case 'help':
        process.stdout.write(manual(invocation.command, program));
        return args.length === 0 ? 2 : 0;
      case 'version':
        process.stdout.write(`${version}\n`);
        return 0;
      case 'run':
        return await runCommand(
          invocation.command.name,
          invocation.flags,
          invocation.operands,
          env,
          program.name,
        );
    }
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n${error.fix}\n`);
    return error.code === 'STEWARD_USAGE' ? 2 : 1;
  }
}

async function runCommand(
  name: string,
  flags: FlagValues,
  operands: readonly string[],
  env: Environment,
  calledAs: Program['name'],
): Promise<number> {
  switch (name) {
    case 'agent':
      return (await import('./commands/agent.ts')).agent(flags, env);
    case 'controller':
      return (await import('./commands/controller.ts')).controller(flags);
    case 'reload':
      return (await import('./commands/reload.ts')).reload(flags, operands, env, calledAs);
    case 'reopen-logs':
      return (await import('./commands/reopen-logs.ts')).reopenLogs(flags);
    case 'status':
      return (await import('./commands/status.ts')).status(flags, env);
    case 'lint':
      return (await import('./commands/lint.ts')).lint(flags, operands);
    case 'render':
      return (await import('./commands/render.ts')).render(flags, operands, env);
    case 'get':
    case 'history':
    case 'diff':
    case 'undo':
    case 'pause':
    case 'resume':
    case 'pin':
    case 'wait':
    case 'watch':
      return (await import('./cluster/run.ts')).runInCluster(name, flags, operands, env, calledAs);
    default:
      throw new Error(`command ${name} has no code`);
  }
}
