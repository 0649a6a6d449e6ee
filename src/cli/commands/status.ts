/** `steward status`: what the running agent knows, once or live. */
import process from 'node:process';
import type { AgentStatus } from '../../agent/status.ts';
import { StewardError } from '../../base/errors.ts';
import { askControl } from '../../telemetry/control.ts';
import type { FlagValues } from '../parse.ts';
import { renderStatus } from '../status/render-status.ts';

const answerLimitMs = 5000;

const nobodyAnswers = 5;

/** Every way in which no answer is to be had has the same exit code. */
export async function status(
  flags: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  try {
    return await showStatus(flags, env);
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n${error.fix}\n`);
    return nobodyAnswers;
  }
}

async function showStatus(
  flags: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const socket = flags.required('control-socket');
  const colour = process.stdout.isTTY && (env['NO_COLOR'] ?? '') === '';
  const ask = async (): Promise<AgentStatus | undefined> => {
    const asked = await askControl(socket, 'status', { timeoutMs: answerLimitMs });
    return asked.kind === 'answer' && isStatus(asked.value) ? asked.value : undefined;
  };
  if (flags.isOn('watch')) {
    const { watchStatus } = await import('../status/watch.ts');
    return watchStatus({ ask, colour });
  }
  const answer = await ask();
  if (answer === undefined) {
    process.stderr.write(
      `no agent answers at ${socket}\nStart one, or name its socket: --control-socket PATH.\n`,
    );
    return nobodyAnswers;
  }
  if (flags.required('output') === 'json') process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  else
    process.stdout.write(
      `${renderStatus(answer, { columns: process.stdout.columns ?? 80, colour, now: Date.now() }).join('\n')}\n`,
    );
  return 0;
}

/** The agent is of our own program: only an older one's answer could lack more than this. */
function isStatus(value: unknown): value is AgentStatus {
  return typeof value === 'object' && value !== null && 'state' in value && 'attempts' in value;
}
