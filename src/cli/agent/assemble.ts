/** Everything real that an agent needs, made from its flags. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations } from '../../agent/annotations.ts';
import { Certificates } from '../../agent/certificates.ts';
import type { AgentOptions, AgentPorts } from '../../agent/context.ts';
import { openStore } from '../../agent/disk-store.ts';
import { sourceGatherer } from '../../agent/gather.ts';
import { InPlaceSubject } from '../../agent/in-place.ts';
import { nginxControl } from '../../agent/nginx-control.ts';
import { PublishedSubject } from '../../agent/published.ts';
import type { Rules } from '../../agent/rules.ts';
import { defaultPolicy } from '../../agent/schedule/state.ts';
import { parseSchedule } from '../../agent/schedule/timers.ts';
import { Watcher } from '../../agent/sources/watcher.ts';
import { systemClock } from '../../base/clock.ts';
import { procTable } from '../../nginx/processes/proc-table.ts';
import { emergLog } from '../../nginx/reload/emerg-log.ts';
import { borderFindings, credentialsOf, type NginxProcess, ownIdentity } from '../../publish/borders.ts';
import type { Finding } from '../../publish/finding.ts';
import { openPublisher } from '../../publish/publisher.ts';
import { prepareRunDirectory } from '../../publish/run-directory.ts';
import { createRenderer } from '../../render/render.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { FlagValues } from '../parse.ts';
import { probe } from '../probe.ts';
import { readValues, sourcesOf } from '../sources.ts';
import { version } from '../version.ts';
import type { FromApi } from './from-api.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Assembled {
  readonly ports: AgentPorts;
  readonly options: AgentOptions;
  readonly metricsText: () => Promise<string>;
  /** What runs beside the loop. */
  readonly beside: FromApi['run'];
  readonly close: () => void;
}

export async function assemble(
  flags: FlagValues,
  env: Environment,
  log: AgentPorts['log'],
): Promise<Assembled> {
  const clock = systemClock;
  const random = Math.random;
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
  const entry = flags.required('entrypoint');
  const baseRules = rulesOf(flags);
  let api: FromApi | undefined;
  const rules = (): Rules => api?.rules() ?? baseRules;
  const nginx = nginxControl({
    table: procTable(),
    clock,
    match: flags.expression('master-match'),
    log: publisher === undefined ? undefined : emergLog(run.emergLog),
    timeoutMs: () => rules().timeoutMs,
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
  let subject: AgentPorts['subject'];
  if (publisher === undefined) subject = new InPlaceSubject({ ...check, file: inPlace ?? '', store });
  else {
    const tree = {
      ...check,
      publisher,
      entry,
      emergLog: run.emergLog,
      defaultErrorLog: flags.required('default-error-log'),
    };
    const config = flags.text('config');
    if (config !== undefined) {
      const { fromApi } = await import('./from-api.ts');
      api = fromApi({ flags, env, config, store, clock, log, random, baseRules, check: tree });
    }
    const gatherer = api?.gatherer ?? filesGatherer(tree, flags, env);
    subject = new PublishedSubject({
      ...gatherer,
      ...{ publisher, store, clock, entry },
      keep: flags.count('keep'),
    });
  }
  const annotationsFile = flags.text('annotations-file');
  const ports: AgentPorts = {
    ...{ subject, nginx, clock, log, metrics, store, certificates, random },
    tokens:
      api?.tokens ??
      (annotationsFile === undefined ? undefined : new Annotations(annotationsFile, store, log)),
    probe: async (signal) => {
      const url = rules().probe;
      return url === undefined ? undefined : probe(url, signal);
    },
    findings: () => [...run.findings, ...(api?.findings() ?? [])],
    changed: api?.changed ?? (() => {}),
    borders: (master, workers) =>
      findBorders(
        master.pid,
        workers.map((worker) => worker.pid),
      ),
    watch: (notice, wake) => {
      api?.listen(notice, wake);
      metrics.watchMode('inotify');
      return new Watcher({
        clock,
        log,
        changed: notice,
        modeChanged: (mode) => metrics.watchMode(mode),
        rescanMs: flags.milliseconds('rescan'),
      });
    },
  };
  return {
    ports,
    options: { version, rules, rescanMs: flags.milliseconds('rescan') },
    metricsText: () => telemetry.text(),
    beside: api?.run ?? (() => Promise.resolve()),
    close: () => publisher?.close(),
  };
}

function filesGatherer(
  tree: Omit<Parameters<typeof sourceGatherer>[0], 'sources' | 'valueFiles' | 'readValues' | 'renderer'>,
  flags: FlagValues,
  env: Environment,
): ReturnType<typeof sourceGatherer> {
  return sourceGatherer({
    ...tree,
    sources: sourcesOf(flags),
    valueFiles: flags.list('values'),
    readValues: () => readValues(flags, env),
    renderer: createRenderer(),
  });
}

function rulesOf(flags: FlagValues): Rules {
  return {
    policy: {
      ...defaultPolicy,
      minIntervalMs: flags.milliseconds('min-interval'),
      maxDraining: flags.count('max-draining'),
      maxDrainWaitMs: flags.milliseconds('max-drain-wait'),
    },
    schedules: flags.list('schedule').map((text) => parseSchedule(text, Math.random())),
    timeoutMs: flags.milliseconds('timeout'),
    probe: flags.text('probe'),
  };
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
