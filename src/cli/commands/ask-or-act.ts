/** What `reload` and `reopen-logs` share: the running agent is asked; where none runs, steward acts by itself. */
import process from 'node:process';
import type { Answer } from '../../agent/askers.ts';
import { StewardError } from '../../base/errors.ts';
import { askControl } from '../../telemetry/control.ts';
import type { FlagValues } from '../parse.ts';
import { isAnswer, printAnswer } from './answers.ts';

const exits = { unproven: 4, noMaster: 5 };

/** Prints the outcome and returns the exit code. `limitMs` is how long the agent may take. */
export async function askOrAct(
  flags: FlagValues,
  action: 'reload' | 'reopen-logs',
  limitMs: number,
  act: () => Promise<Answer>,
): Promise<number> {
  try {
    return printAnswer((await askAgent(flags.required('control-socket'), action, limitMs)) ?? (await act()));
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n${error.fix}\n`);
    // An agent that took the request and said nothing may have done it: that is no "nothing was done".
    return error.code === 'STEWARD_CONTROL' ? exits.unproven : exits.noMaster;
  }
}

async function askAgent(
  socket: string,
  action: 'reload' | 'reopen-logs',
  timeoutMs: number,
): Promise<Answer | undefined> {
  const asked = await askControl(socket, action, { timeoutMs });
  if (asked.kind === 'nobody') return undefined;
  if (isAnswer(asked.value)) return asked.value;
  throw new StewardError('STEWARD_CONTROL', 'what came back is no answer of an agent', {
    where: `--control-socket ${socket}`,
  });
}
