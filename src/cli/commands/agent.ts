/** `steward agent`: the composition root of the sidecar. Everything real is made here and handed down. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Agent } from '../../agent/agent.ts';
import { Annotations } from '../../agent/annotations.ts';
import { Certificates } from '../../agent/certificates.ts';
import type { AgentPorts } from '../../agent/context.ts';
import { openStore } from '../../agent/disk-store.ts';
import { sourceGatherer } from '../../agent/gather.ts';
import { InPlaceSubject } from '../../agent/in-place.ts';
import { nginxControl } from '../../agent/nginx-control.ts';
import { PublishedSubject } from '../../agent/published.ts';
import { defaultPolicy, type SchedulePolicy } from '../../agent/schedule/state.ts';
import { parseSchedule } from '../../agent/schedule/timers.ts';
import { Watcher } from '../../agent/sources/watcher.ts';
import { systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import { procTable } from '../../nginx/processes/proc-table.ts';
import { emergLog } from '../../nginx/reload/emerg-log.ts';
import { borderFindings, credentialsOf, type NginxProcess, ownIdentity } from '../../publish/borders.ts';
import type { Finding } from '../../publish/finding.ts';
import { openPublisher, type Publisher } from '../../publish/publisher.ts';
import { prepareRunDirectory } from '../../publish/run-directory.ts';
import { createRenderer } from '../../render/render.ts';
import { startControl } from '../../telemetry/control.ts';
import { createLog } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { startServer } from '../../telemetry/server.ts';
import type { FlagValues } from '../parse.ts';
import { probe } from '../probe.ts';
import { readValues, sourcesOf } from '../sources.ts';
import { version } from '../version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How long an end may take that waits for others: state is whole at any moment, so nothing is lost after it. */
const endLimitMs = 1500;

export async function agent(flags: FlagValues, env: Environment): Promise<number> {
  checkFlags(flags);
  const format = flags.text('log-format') ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const log = await createLog({ level: flags.required('log-level'), format });
  const end = new AbortController();
  const ended = untilSignalled(end);
  try {
    const { ports, publisher } = await assemble(flags, env, log);
    const running = new Agent(ports.agent, {
      version,
      policy: policyOf(flags),
      schedules: flags.list('schedule').map((text) => parseSchedule(text, Math.random())),
      timeoutMs: flags.milliseconds('timeout'),
      rescanMs: flags.milliseconds('rescan'),
    });
    const server = await startServer({
      listen: flags.required('listen'),
      answers: {
        startup: () => running.startup(),
        ready: () => running.ready(),
        healthy: () => running.healthy(),
        status: () => running.status(),
        metrics: () => ports.metricsText(),
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
    await Promise.race([running.run(end.signal), ended.then(() => systemClock.sleep(endLimitMs))]);
    await Promise.all([server.close(), control.close()]);
    publisher?.close();
    log.info({}, 'agent ended');
    // Whatever still runs (a proof that nobody waits for) has nothing to say any more.
    process.exit(0);
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    log.error({ code: error.code, where: error.where, fix: error.fix }, error.message);
    return error.code === 'STEWARD_USAGE' ? 2 : 1;
  }
}

interface Assembled {
  readonly ports: { readonly agent: AgentPorts; readonly metricsText: () => Promise<string> };
  readonly publisher: Publisher | undefined;
}

async function assemble(flags: FlagValues, env: Environment, log: AgentPorts['log']): Promise<Assembled> {
  const clock = systemClock;
  const table = procTable();
  const telemetry = createMetrics({ version, clock });
  const { metrics } = telemetry;
  const certificates = new Certificates(clock, log);
  const run = prepareRunDirectory(flags.required('run-dir'));
  for (const finding of run.findings)
    log.warn({ type: finding.type, reason: finding.reason }, finding.message);
  const inPlace = flags.text('in-place');
  const publisher = inPlace === undefined ? await openPublisher(flags.required('publish-dir')) : undefined;
  const store = openStore(join(publisher?.directory ?? run.directory, 'state.json'));
  if (store.problem !== undefined) log.warn({ reason: store.problem }, 'state lost');
  const match = flags.expression('master-match');
  const nginx = nginxControl({
    table,
    clock,
    match,
    log: publisher === undefined ? undefined : emergLog(run.emergLog),
    timeoutMs: flags.milliseconds('timeout'),
  });
  const check = {
    clock,
    certificates,
    serverPrefix: flags.required('server-prefix'),
    mounts: () => readFileSync('/proc/self/mountinfo', 'utf8'),
    /** What only nginx sees is read through its root, where that was chosen and there is a master. */
    root: () => {
      const view = flags.isOn('through-proc-root') ? nginx.look() : undefined;
      return view?.kind === 'master' ? `/proc/${view.identity.pid}/root` : undefined;
    },
  };
  const gather =
    publisher === undefined
      ? undefined
      : sourceGatherer({
          ...check,
          sources: sourcesOf(flags),
          valueFiles: flags.list('values'),
          readValues: () => readValues(flags, env),
          renderer: createRenderer(),
          publisher,
          entry: flags.required('entrypoint'),
          emergLog: run.emergLog,
          defaultErrorLog: flags.required('default-error-log'),
        });
  const subject =
    publisher === undefined || gather === undefined
      ? new InPlaceSubject({ ...check, file: inPlace ?? '', store })
      : new PublishedSubject({
          ...gather,
          publisher,
          store,
          clock,
          entry: flags.required('entrypoint'),
          keep: flags.count('keep'),
        });
  const annotationsFile = flags.text('annotations-file');
  const probeUrl = flags.text('probe');
  const agentPorts: AgentPorts = {
    subject,
    nginx,
    clock,
    log,
    metrics,
    store,
    certificates,
    annotations: annotationsFile === undefined ? undefined : new Annotations(annotationsFile, store, log),
    probe: probeUrl === undefined ? undefined : (signal) => probe(probeUrl, signal),
    random: Math.random,
    findings: run.findings,
    borders: (master, workers) =>
      findBorders(
        master.pid,
        workers.map((worker) => worker.pid),
      ),
    watch: (changed) => {
      metrics.watchMode('inotify');
      return new Watcher({
        clock,
        log,
        changed,
        modeChanged: (mode) => metrics.watchMode(mode),
        rescanMs: flags.milliseconds('rescan'),
      });
    },
  };
  return { ports: { agent: agentPorts, metricsText: () => telemetry.text() }, publisher };
}

function findBorders(master: number, workers: readonly number[]): readonly Finding[] {
  const processOf = (name: string, pid: number): readonly NginxProcess[] => {
    const credentials = credentialsOf(pid);
    return credentials === undefined ? [] : [{ ...credentials, name }];
  };
  const nginx = [
    ...processOf('the nginx master', master),
    ...workers.flatMap((pid) => processOf('a worker', pid)),
  ];
  return borderFindings(ownIdentity(), nginx);
}

function policyOf(flags: FlagValues): SchedulePolicy {
  return {
    ...defaultPolicy,
    minIntervalMs: flags.milliseconds('min-interval'),
    maxDraining: flags.count('max-draining'),
    maxDrainWaitMs: flags.milliseconds('max-drain-wait'),
  };
}

function checkFlags(flags: FlagValues): void {
  const sources = flags.list('source').length;
  const inPlace = flags.text('in-place');
  const refuse = (what: string, fix: string): never => {
    throw new StewardError('STEWARD_USAGE', what, { where: 'steward agent', fix });
  };
  if (sources === 0 && inPlace === undefined)
    refuse('there is nothing to watch', 'Give it --source DIR (repeatable), or --in-place FILE.');
  if (sources > 0 && inPlace !== undefined)
    refuse('--source and --in-place exclude each other', 'In place, nginx reads its files itself.');
  for (const name of ['in-place', 'publish-dir', 'run-dir', 'control-socket']) {
    const path = flags.text(name);
    if (path !== undefined && !path.startsWith('/'))
      refuse(`--${name} ${path} is no absolute path`, 'nginx and steward must mean the same by it.');
  }
  const url = flags.text('probe');
  if (url !== undefined && !/^https?:\/\//.test(url))
    refuse(
      `--probe ${url} is no http:// or https:// URL`,
      'A right one: --probe http://127.0.0.1:8080/healthz',
    );
  for (const text of flags.list('schedule')) parseSchedule(text, 0);
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
