/** The commands against a cluster, as data. */
import { type Command, type Flag, output, usage } from './flag.ts';

const connection: readonly Flag[] = [
  {
    name: 'namespace',
    kind: 'text',
    placeholder: 'NAME',
    help: "Where the objects are. Default: the context's namespace. Also `-n`.",
  },
  {
    name: 'context',
    kind: 'text',
    placeholder: 'NAME',
    help: 'The context of the kubeconfig. Default: its current one.',
  },
  {
    name: 'kubeconfig',
    kind: 'text',
    placeholder: 'FILE',
    help: 'Default: what KUBECONFIG names, else ~/.kube/config.',
  },
];

const printed = output(['text', 'json', 'yaml']);

const notToBeHad: readonly [number, string] = [
  5,
  'the cluster, a right in it, or the object that was named is not to be had: the message says which',
];

const name = { placeholder: 'NAME', least: 1, most: 1 };

/** Of `reload NAME` alone: the same command without a name is the one for this machine. */
export const reloadFlags: readonly Flag[] = [
  ...connection,
  printed,
  {
    name: 'pod',
    kind: 'text',
    placeholder: 'POD',
    help: 'With NAME: only this Pod.',
  },
  {
    name: 'no-wait',
    kind: 'switch',
    help: 'With NAME: asks, and does not wait for the verdicts.',
  },
];

const reloadTimeout: Flag = {
  name: 'timeout',
  kind: 'duration',
  default: '60s',
  help: 'How long all verdicts together may take.',
};

/** `reload NAME`, where nothing but a cluster is meant. */
export const clusterReload: Command = {
  name: 'reload',
  summary: 'Has every Pod of an NginxConfig reload once, and waits for what came of it in each.',
  operands: name,
  flags: [...reloadFlags, reloadTimeout],
  exits: [
    [0, '`Applied` in all Pods (with --no-wait: asked for)'],
    [1, '`Rejected` in at least one'],
    usage,
    [3, '`Degraded` in at least one'],
    [4, '`Unproven` in at least one, or one gave no answer in time'],
    notToBeHad,
  ],
};

export const clusterCommands: readonly Command[] = [
  {
    name: 'get',
    summary: 'The NginxConfigs and how they are; of one also its Pods, with what became of each.',
    operands: { placeholder: '[NAME]', least: 0, most: 1 },
    flags: [
      ...connection,
      { name: 'all-namespaces', kind: 'switch', help: 'Of every namespace. Also `-A`.' },
      printed,
    ],
    exits: [[0, 'printed'], usage, notToBeHad],
  },
  {
    name: 'history',
    summary: 'The revisions of an NginxConfig: what came of each, how much it changed, and who changed it.',
    operands: name,
    flags: [...connection, printed],
    exits: [[0, 'printed'], usage, notToBeHad],
  },
  {
    name: 'diff',
    summary:
      'How two revisions differ, file by file. A revision is named by its number or its name; without one: what is proven on all Pods, and the latest; with one: that, and the latest.',
    operands: { placeholder: 'NAME [REVISION [REVISION]]', least: 1, most: 3 },
    flags: [...connection, printed],
    exits: [[0, 'no difference'], [1, 'differences'], usage, notToBeHad],
  },
  {
    name: 'undo',
    summary:
      'Takes the newest revision back: it is marked as withdrawn, and the Pods go back to the one before. The next new content rolls out as ever.',
    operands: name,
    flags: [
      ...connection,
      printed,
      {
        name: 'to',
        kind: 'text',
        placeholder: 'REVISION',
        help: 'Goes back to this one, by number or name: every later one is withdrawn.',
      },
    ],
    exits: [[0, 'withdrawn'], [1, 'there is nothing to go back to'], usage, notToBeHad],
  },
  {
    name: 'pause',
    summary: 'Moves no Pod of an NginxConfig to another revision, until it is resumed.',
    operands: name,
    flags: [...connection, printed],
    exits: [[0, 'paused'], usage, notToBeHad],
  },
  {
    name: 'resume',
    summary: 'Ends a pause.',
    operands: name,
    flags: [...connection, printed],
    exits: [[0, 'resumed'], usage, notToBeHad],
  },
  {
    name: 'pin',
    summary: 'Holds all Pods at one revision, by number or name, whatever changes; with --off no longer.',
    operands: { placeholder: 'NAME [REVISION]', least: 1, most: 2 },
    flags: [...connection, printed, { name: 'off', kind: 'switch', help: 'Takes the pin out.' }],
    exits: [[0, 'pinned, or no longer'], usage, notToBeHad],
  },
  {
    name: 'wait',
    summary:
      'Until what the NginxConfig and its ConfigMaps say now is proven on all Pods: right also straight after `kubectl apply`.',
    operands: name,
    flags: [
      ...connection,
      printed,
      {
        name: 'for',
        kind: 'text',
        placeholder: 'CONDITION[=STATUS]',
        default: 'Ready',
        help: 'The condition of the NginxConfig that is waited for.',
      },
      { name: 'timeout', kind: 'duration', default: '60s', help: 'How long at most.' },
    ],
    exits: [
      [0, 'the condition holds, for exactly this content'],
      [1, 'this content is refused: the reason is printed'],
      usage,
      [4, 'not in time: what is missing is printed'],
      notToBeHad,
    ],
  },
  {
    name: 'watch',
    summary:
      'Shows an NginxConfig and the progress of its Pods live, until interrupted; without a terminal one line for each change.',
    operands: name,
    flags: [...connection, output(['text', 'json'])],
    exits: [[0, 'interrupted'], usage, notToBeHad],
  },
];
