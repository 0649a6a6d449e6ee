/** `steward controller`: the composition root of the operator. Everything real is made here and handed down. */
import { hostname } from 'node:os';
import process from 'node:process';
import { systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import { Controller } from '../../controller/controller.ts';
import type { ControllerPorts } from '../../controller/ports.ts';
import { createRecorder } from '../../kube/events.ts';
import { kubeconfigApi } from '../../kube/kubeconfig.ts';
import { lead } from '../../kube/leader.ts';
import { createControllerMetrics } from '../../telemetry/controller-metrics.ts';
import { createLog } from '../../telemetry/log.ts';
import { startServer } from '../../telemetry/server.ts';
import type { FlagValues } from '../parse.ts';
import { version } from '../version.ts';

const leaseName = 'nginx-steward-controller';

export async function controller(flags: FlagValues): Promise<number> {
  const format = flags.text('log-format') ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const log = await createLog({ level: flags.required('log-level'), format });
  const end = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => end.abort(new Error(signal)));
  try {
    const cluster = kubeconfigApi({
      kubeconfig: flags.text('kubeconfig'),
      context: flags.text('context'),
      userAgent: `nginx-steward-controller/${version}`,
    });
    const clock = systemClock;
    const telemetry = createControllerMetrics({ version, clock });
    const identity = `${hostname()}_${process.pid}`;
    const ports: ControllerPorts = {
      ...{ api: cluster.api, clock, log, metrics: telemetry.metrics, random: Math.random },
      recorder: createRecorder({
        ...{ api: cluster.api, clock, log, instance: identity },
        controller: 'nginx-steward.io/controller',
      }),
    };
    const namespaces = flags.list('watch-namespace');
    let running: Controller | undefined;
    const server = await startServer({
      listen: flags.required('listen'),
      answers: {
        startup: () => ({ ok: true, why: 'running' }),
        ready: () => ({ ok: true, why: running === undefined ? 'standing by' : 'leading' }),
        healthy: () => running?.healthy() ?? { ok: true, why: 'standing by' },
        status: () => ({ version, identity, leads: running !== undefined }),
        metrics: () => telemetry.text(running),
        refresh: () => {},
      },
    });
    log.info({ version, listen: server.address, server: cluster.server }, 'controller started');
    const namespace = flags.text('lease-namespace') ?? cluster.namespace;
    const { lost } = await lead({
      ...{ api: cluster.api, namespace, name: leaseName, identity, clock, log, signal: end.signal },
    });
    telemetry.metrics.leader(true);
    running = new Controller(ports, {
      namespaces: namespaces.length === 0 ? undefined : namespaces,
      concurrency: flags.count('concurrency'),
    });
    const work = running.run(end.signal);
    const reason = await Promise.race([lost, work.then(() => 'ended')]);
    await server.close();
    if (end.signal.aborted) {
      // The lease is given back before the process ends, so that the next one need not wait for it.
      await lost;
      log.info({}, 'controller ended');
      process.exit(0);
    }
    log.error({ reason }, 'leadership lost');
    // Nothing of what is under way may go on: its writes would be refused, and the next leader decides.
    process.exit(1);
  } catch (error) {
    if (end.signal.aborted) process.exit(0);
    if (!(error instanceof StewardError)) throw error;
    log.error({ code: error.code, where: error.where, fix: error.fix }, error.message);
    return error.code === 'STEWARD_USAGE' ? 2 : 1;
  }
}
