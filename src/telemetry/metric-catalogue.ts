/** Every metric, as data: the registries and docs/metrics.md come from here alone. */

export interface MetricEntry {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label, and which values it has. */
  readonly labels: Readonly<Record<string, string>>;
}

const prefix = 'nginx_steward_';

/** What an agent tells. */
export const agentMetrics = {
  reloads: {
    name: `${prefix}reloads_total`,
    type: 'counter',
    help: 'Attempts to have nginx run something, by why they were made and what became of them.',
    labels: {
      trigger:
        'why: `start`, `change`, `certificate`, `schedule`, `annotation`, `control`, `retry`, `put-back`, `master-start`',
      verdict: '`Applied`, `Rejected`, `Degraded`, `Unproven`, `Stopping`',
    },
  },
  reloadDuration: {
    name: `${prefix}reload_duration_seconds`,
    type: 'histogram',
    help: 'How long the phases of an attempt took.',
    labels: {
      phase:
        '`settle` (a change is seen until it is acted upon), `check` (render, lint, certificates), `publish`, `signal` (until the master is idle and has the signal), `verify` (the signal until the verdict)',
    },
  },
  lastReloadSuccessful: {
    name: `${prefix}last_reload_successful`,
    type: 'gauge',
    help: 'Whether the last reload was proven to be applied: 1 or 0.',
    labels: {},
  },
  lastReloadSuccess: {
    name: `${prefix}last_reload_success_timestamp_seconds`,
    type: 'gauge',
    help: 'When a reload was last proven to be applied (Unix time).',
    labels: {},
  },
  config: {
    name: `${prefix}config_info`,
    type: 'gauge',
    help: 'What nginx provably runs: always 1, and there only after proof.',
    labels: { revision: 'its name', hash: 'the hash of its content' },
  },
  changes: {
    name: `${prefix}changes_total`,
    type: 'counter',
    help: 'Changes of content that were seen.',
    labels: {},
  },
  coalesced: {
    name: `${prefix}changes_coalesced_total`,
    type: 'counter',
    help: 'Notices of a change that were joined to one that already waited.',
    labels: {},
  },
  rollbacks: {
    name: `${prefix}rollbacks_total`,
    type: 'counter',
    help: 'How often the last good state was put back.',
    labels: {},
  },
  workers: {
    name: `${prefix}workers`,
    type: 'gauge',
    help: 'Workers of nginx.',
    labels: { state: '`running`, or `draining` (told to leave and still serving)' },
  },
  masterStarts: {
    name: `${prefix}master_starts_total`,
    type: 'counter',
    help: 'Masters of nginx that were seen for the first time.',
    labels: {},
  },
  certificateNotAfter: {
    name: `${prefix}certificate_not_after_timestamp_seconds`,
    type: 'gauge',
    help: 'When a certificate that the configuration names expires (Unix time). At most 500, those that expire first.',
    labels: { path: 'the file of the certificate' },
  },
  watchMode: {
    name: `${prefix}watch_mode`,
    type: 'gauge',
    help: 'How changes are noticed: 1 for the way in use, 0 for the other.',
    labels: { mode: '`inotify`, or `poll` where no inotify is to be had' },
  },
  unwatchedFiles: {
    name: `${prefix}unwatched_files`,
    type: 'gauge',
    help: 'Files that the configuration names and that steward cannot see: their changes go unnoticed.',
    labels: {},
  },
} as const satisfies Record<string, MetricEntry>;

/** What every process of steward tells of itself. */
export const processMetrics = {
  build: {
    name: `${prefix}build_info`,
    type: 'gauge',
    help: 'The running version of steward: always 1.',
    labels: { version: 'as `steward --version` prints it' },
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory of steward. Program text, which Pods of one image share, is part of it.',
    labels: {},
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Time that steward has spent on a CPU.',
    labels: {},
  },
  started: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When steward was started (Unix time).',
    labels: {},
  },
} as const satisfies Record<string, MetricEntry>;

/** What the controller tells. */
export const controllerMetrics = {
  reconciles: {
    name: `${prefix}reconcile_total`,
    type: 'counter',
    help: 'How often an NginxConfig was looked at, by what came of it.',
    labels: {
      result:
        '`unchanged`, `changed`, `conflict` (something was newer than what was decided on: looked at again), `failed`',
    },
  },
  reconcileDuration: {
    name: `${prefix}reconcile_duration_seconds`,
    type: 'histogram',
    help: 'How long a look took, with the writes that followed.',
    labels: {},
  },
  queueDepth: {
    name: `${prefix}queue_depth`,
    type: 'gauge',
    help: 'NginxConfigs that wait for a look, or are being looked at.',
    labels: {},
  },
  propagation: {
    name: `${prefix}propagation_seconds`,
    type: 'histogram',
    help: 'From an edit that was seen to the proof on all Pods.',
    labels: {},
  },
  instances: {
    name: `${prefix}instances`,
    type: 'gauge',
    help: 'nginx Pods by the state that their agent last told.',
    labels: { state: 'as `NginxInstance.status.state` has it; `Unknown`: its agent has told nothing yet' },
  },
  rollouts: {
    name: `${prefix}rollouts_total`,
    type: 'counter',
    help: 'Rollouts that ended, by how.',
    labels: { result: '`applied`, `rejected`, `superseded` (a newer edit came first)' },
  },
  leader: {
    name: `${prefix}leader`,
    type: 'gauge',
    help: 'Whether this replica is the one that acts: 1 or 0.',
    labels: {},
  },
  watchLastEvent: {
    name: `${prefix}watch_last_event_timestamp_seconds`,
    type: 'gauge',
    help: 'When the API server was last heard about a kind (Unix time): an event, a bookmark or a list.',
    labels: { kind: '`nginxconfigs`, `nginxrevisions`, `nginxinstances`, `pods`, `configmaps`' },
  },
} as const satisfies Record<string, MetricEntry>;

/** Seconds. A refused configuration is known within a millisecond or so; a port in use takes nginx 2.5 s. */
export const durationBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
