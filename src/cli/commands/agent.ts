/** `steward agent`: the sidecar, from its command line to its end. */
import process from 'node:process';
import { Agent } from '../../agent/agent.ts';
import { systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import { startControl } from '../../telemetry/control.ts';
import { createLog } from '../../telemetry/log.ts';
import { startServer } from '../../telemetry/server.ts';
import { assemble } from '../agent/assemble.ts';
import { checkFlags } from '../agent/check-flags.ts';
import type { FlagValues } from '../parse.ts';
import { version } from '../version.ts';

/** How long an end may take that waits for others: state is whole at any moment, so nothing is lost after it. */
const endLimitMs = 1500;

export async function agent(
  flags: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  checkFlags(flags);
  const format = flags.text('log-format') ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const log = await createLog({ level: flags.required('log-level'), format });
  const end = new AbortController();
  const ended = untilSignalled(end);
  try {
    const { ports, options, metricsText, beside, close } = await assemble(flags, env, log);
    const running = new Agent(ports, options);
    const server = await startServer({
      listen: flags.required('listen'),
      answers: {
        startup: () => running.startup(),
        ready: () => running.ready(),
        healthy: () => running.healthy(),
        status: () => running.status(),
        metrics: metricsText,
        refresh: () => running.refresh(),
      },
    });
    const control = await startControl({
      path: flags.required('control-socket'),
      handle: async (action) => {
        if (action !== 'status') return running.control(action);
        running.refresh();
        return running.status();
      },
    });
    log.info({ version, listen: server.address }, 'agent started');
    const work = Promise.all([running.run(end.signal), beside(() => running.status(), end.signal)]);
    await Promise.race([work, ended.then(() => systemClock.sleep(endLimitMs))]);
    await Promise.all([server.close(), control.close()]);
    close();
    log.info({}, 'agent ended');
    // Whatever still runs (a proof that nobody waits for) has nothing to say any more.
    process.exit(0);
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    log.error({ code: error.code, where: error.where, fix: error.fix }, error.message);
    return error.code === 'STEWARD_USAGE' ? 2 : 1;
  }
}

/** Aborts on SIGTERM or SIGINT. */
function untilSignalled(end: AbortController): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        end.abort(new Error(signal));
        resolve();
      });
  });
}
