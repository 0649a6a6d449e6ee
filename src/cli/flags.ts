/** Every command and flag, as data: parsing, `--help` and docs/flags.md come from here alone. */

import { agentApiFlags } from './flags/agent-api.ts';
import { clusterCommands, reloadFlags } from './flags/cluster.ts';
import { type Command, type Flag, output, usage } from './flags/flag.ts';

const controlSocket: Flag = {
  name: 'control-socket',
  kind: 'text',
  placeholder: 'PATH',
  default: '/run/nginx-steward/control.sock',
  help: 'The Unix socket through which the running agent is asked (mode 0600). Put it where nginx mounts nothing.',
};

const masterMatch: Flag = {
  name: 'master-match',
  kind: 'expression',
  placeholder: 'REGEXP',
  help: 'Chooses the nginx master by its command line where several run.',
};

const timeout: Flag = {
  name: 'timeout',
  kind: 'duration',
  default: '60s',
  help: 'How long a reload may take before it counts as unproven.',
};

const serverPrefix: Flag = {
  name: 'server-prefix',
  kind: 'text',
  placeholder: 'DIR',
  default: '/etc/nginx',
  help: 'Where names start that nginx resolves against its own prefix (`-p`, or what its build says).',
};

const entrypoint: Flag = {
  name: 'entrypoint',
  kind: 'text',
  placeholder: 'PATH',
  default: 'nginx.conf',
  help: 'The file that nginx reads first, relative to the set.',
};

const values: readonly Flag[] = [
  {
    name: 'values',
    kind: 'list',
    placeholder: 'FILE',
    help: 'YAML or JSON for the templates (`*.liquid`). Repeatable; later ones win.',
  },
  {
    name: 'values-env',
    kind: 'text',
    placeholder: 'PREFIX',
    help: 'Takes environment variables as values too: with APP, `APP_PORT=80` is `port`. They win over files.',
  },
];

const source: Flag = {
  name: 'source',
  kind: 'list',
  placeholder: 'DIR[=PREFIX]',
  help: 'A directory of configuration files: a mounted ConfigMap or Secret, or any other. Repeatable. With a prefix its files go below that path of the set (`/etc/tls=certs`).',
};

const verdictExits: Command['exits'] = [
  [0, '`Applied`: nginx provably runs it'],
  [
    1,
    '`Rejected` (or refused before nginx saw it): nginx kept the old configuration; its own line is printed',
  ],
  usage,
  [3, '`Degraded`: the new generation of workers is not there or not complete'],
  [4, '`Unproven`: what was seen proves nothing'],
  [
    5,
    'no master, several, one that is stopping, or no right to signal it; with NAME: the cluster, a right in it, or that name is not to be had',
  ],
];

const logging: readonly Flag[] = [
  {
    name: 'log-level',
    kind: 'text',
    placeholder: 'LEVEL',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    help: 'The least severe messages that are logged.',
  },
  {
    name: 'log-format',
    kind: 'text',
    placeholder: 'json|pretty',
    choices: ['json', 'pretty'],
    help: 'Default: pretty on a terminal, else json.',
  },
];

const agentFlags: readonly Flag[] = [
  source,
  ...values,
  entrypoint,
  {
    name: 'publish-dir',
    kind: 'text',
    placeholder: 'DIR',
    default: '/var/lib/nginx-steward',
    help: 'Where whole trees are published. nginx starts with `-c DIR/current/nginx.conf` and sees it at the same path, read-only.',
  },
  {
    name: 'run-dir',
    kind: 'text',
    placeholder: 'DIR',
    default: '/run/nginx',
    help: "A directory shared with nginx, at the same path; steward makes DIR/steward in it for the log of nginx's reasons.",
  },
  {
    name: 'in-place',
    kind: 'text',
    placeholder: 'FILE',
    help: 'Instead of --source: nginx reads FILE itself, and steward watches, checks, reloads, proves and reports. There is nothing to put back.',
  },
  ...agentApiFlags,
  serverPrefix,
  {
    name: 'listen',
    kind: 'text',
    placeholder: '[HOST]:PORT',
    default: ':9477',
    help: 'HTTP for reading alone: /metrics, /startupz, /readyz, /healthz, /status.',
  },
  controlSocket,
  {
    name: 'annotations-file',
    kind: 'text',
    placeholder: 'FILE',
    help: "The Pod's annotations as a downward API volume shows them: a new value of `nginx-steward.io/reload` or `nginx-steward.io/reopen-logs` asks once.",
  },
  masterMatch,
  {
    name: 'schedule',
    kind: 'list',
    placeholder: "'ACTION=CRON'",
    help: "Reloads or reopens logs by the clock: `'reload=0 3 * * *'`, `'reopen-logs=@daily'`, `'reload=TZ=Europe/Berlin 0 3 * * * ~5m'`. Repeatable.",
  },
  {
    name: 'min-interval',
    kind: 'duration',
    default: '1s',
    help: 'Between the end of one reload and the start of the next. What somebody asks for does not wait.',
  },
  {
    name: 'max-draining',
    kind: 'count',
    default: '4',
    help: 'While more generations of workers than this still drain, ordinary reloads wait.',
  },
  { name: 'max-drain-wait', kind: 'duration', default: '10m', help: 'They wait no longer than this.' },
  timeout,
  {
    name: 'probe',
    kind: 'text',
    placeholder: 'URL',
    help: 'After each applied change: an answer other than 2xx within 5 s puts the last good state back.',
  },
  {
    name: 'keep',
    kind: 'count',
    default: '3',
    help: 'Trees kept beyond those that living workers have read.',
  },
  {
    name: 'rescan',
    kind: 'duration',
    default: '45s',
    help: 'Everything is looked at again this often, in case no event told of a change.',
  },
  {
    name: 'default-error-log',
    kind: 'text',
    placeholder: 'PATH',
    default: '/var/log/nginx/error.log',
    help: "The log of nginx's build: named again where a configuration has no log of its own that is a file, since steward's would turn it off.",
  },
  {
    name: 'through-proc-root',
    kind: 'switch',
    help: "Reads files that only nginx sees (certificates in its image) through /proc/MASTER/root. Needs nginx's gid too, so not in a Pod.",
  },
  ...logging,
];

export const commands: readonly Command[] = [
  {
    name: 'agent',
    summary: 'The sidecar: watches, renders, checks, publishes, reloads, proves, puts back, tells.',
    flags: agentFlags,
    exits: [[0, 'ended by SIGTERM or SIGINT'], [1, 'it could not start: the message says why'], usage],
  },
  {
    name: 'reload',
    summary:
      'One proven reload, with or without an agent running: an `nginx -s reload` that tells the truth. With NAME: of every Pod of that NginxConfig in the cluster.',
    operands: { placeholder: '[NAME]', least: 0, most: 1 },
    flags: [controlSocket, masterMatch, timeout, serverPrefix, ...reloadFlags],
    exits: verdictExits,
  },
  {
    name: 'reopen-logs',
    summary: 'Has nginx open its log files again (USR1), likewise.',
    flags: [controlSocket, masterMatch, timeout, serverPrefix],
    exits: [
      [0, 'the master has opened them again'],
      [1, 'it could not open some of them'],
      usage,
      [4, 'not seen to be done'],
      [5, 'no master, several, one that is stopping, or no right to signal it'],
    ],
  },
  {
    name: 'status',
    summary: "What this Pod's agent knows.",
    flags: [
      controlSocket,
      output(['text', 'json']),
      { name: 'watch', kind: 'switch', help: 'Shows it live until interrupted. Also `-w`.' },
    ],
    exits: [[0, 'the agent answered'], usage, [5, 'no agent answers at the control socket']],
  },
  {
    name: 'lint',
    summary: 'Checks a configuration without executing anything: a file, or a directory with an nginx.conf.',
    operands: { placeholder: 'PATH…', least: 1, most: 1000 },
    flags: [
      entrypoint,
      serverPrefix,
      output(['text', 'json', 'sarif']),
      {
        name: 'nginx-version',
        kind: 'text',
        placeholder: 'X.Y.Z',
        help: 'Also finds what this version of nginx could do better.',
      },
      { name: 'resolve', kind: 'switch', help: 'Looks up the names of upstreams.' },
    ],
    exits: [[0, 'no findings'], [1, 'findings'], usage],
  },
  {
    name: 'controller',
    summary: 'The operator: renders NginxConfigs into revisions and hands them to their Pods. Experimental.',
    flags: [
      {
        name: 'watch-namespace',
        kind: 'list',
        placeholder: 'NAME',
        help: 'Only the NginxConfigs of this namespace. Repeatable; default: all namespaces.',
      },
      {
        name: 'lease-namespace',
        kind: 'text',
        placeholder: 'NAME',
        help: "Where the Lease of the leader is. Default: the Pod's own namespace, or the context's.",
      },
      {
        name: 'concurrency',
        kind: 'count',
        default: '4',
        help: 'NginxConfigs that are looked at simultaneously.',
      },
      {
        name: 'kubeconfig',
        kind: 'text',
        placeholder: 'FILE',
        help: "Default: what KUBECONFIG names, else ~/.kube/config, else the Pod's own token.",
      },
      { name: 'context', kind: 'text', placeholder: 'NAME', help: 'The context of the kubeconfig.' },
      {
        name: 'listen',
        kind: 'text',
        placeholder: '[HOST]:PORT',
        default: ':9478',
        help: 'HTTP for reading alone: /metrics, /startupz, /readyz, /healthz, /status.',
      },
      ...logging,
    ],
    exits: [[0, 'ended by SIGTERM or SIGINT'], [1, 'it could not start, or is no longer the leader'], usage],
  },
  {
    name: 'render',
    summary: 'Sources and values into a directory, or onto standard output.',
    operands: { placeholder: '[DIR]', least: 0, most: 1 },
    flags: [
      source,
      ...values,
      {
        name: 'diff',
        kind: 'text',
        placeholder: 'DIR',
        help: 'Shows how the result differs from DIR instead of writing it.',
      },
    ],
    exits: [
      [0, 'rendered; with --diff: no difference'],
      [1, 'with --diff: differences'],
      usage,
      [6, 'a source, a value or a template is refused: the message says where'],
    ],
  },
  ...clusterCommands,
];

/** `--publish-dir` is also `STEWARD_PUBLISH_DIR`. */
export function environmentName(flag: Flag): string {
  return `STEWARD_${flag.name.replaceAll('-', '_').toUpperCase()}`;
}
