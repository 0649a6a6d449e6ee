/**
 * The catalogue of condition reasons: every word that stands as `reason` in a condition of an NginxConfig, once. The API
 * reference and the page on troubleshooting come from it.
 */
export interface ReasonEntry {
  /** The conditions that it is a reason of. */
  readonly of: readonly string[];
  readonly meaning: string;
  readonly action: string;
}

export const reasons = {
  Rendered: {
    of: ['Rendered'],
    meaning: 'The sources could be rendered; `latestRevision` is what they say.',
    action: 'Nothing.',
  },
  ConfigMapMissing: {
    of: ['Rendered', 'Stalled'],
    meaning: 'A ConfigMap that is named and not optional is not there.',
    action: 'Create it, or mark it `optional: true`. The last good revision stays until then.',
  },
  KeyMissing: {
    of: ['Rendered', 'Stalled'],
    meaning: 'A ConfigMap lacks the key that is named.',
    action: 'Add the key, or name another one.',
  },
  SelectorInvalid: {
    of: ['Rendered', 'Stalled'],
    meaning: 'A `configMapSelector` is one that Kubernetes would not take.',
    action: 'Mend it as the message shows.',
  },
  PathInvalid: {
    of: ['Rendered', 'Stalled'],
    meaning: 'A file would get a name that cannot be a path inside a tree.',
    action: 'Give it a `path` such as `conf.d/site.conf`.',
  },
  PathConflict: {
    of: ['Rendered', 'Stalled'],
    meaning: 'Two sources want the same path, or one wants a file where the other wants a directory.',
    action: 'Give one of the two that the message names another `path`.',
  },
  ValuesError: {
    of: ['Rendered', 'Stalled'],
    meaning: 'Values for the templates cannot be read.',
    action: 'Mend the YAML or JSON at the place named.',
  },
  TemplateError: {
    of: ['Rendered', 'Stalled'],
    meaning: 'A template cannot be rendered.',
    action: 'Mend it at the place named.',
  },
  LintError: {
    of: ['Rendered', 'Stalled'],
    meaning: 'No nginx of any build could read what was rendered.',
    action: 'Mend it at the place named.',
  },
  EntrypointMissing: {
    of: ['Rendered', 'Stalled'],
    meaning: 'The file that nginx reads first is not among the files.',
    action: 'Add it, or name another one with `spec.entrypoint`.',
  },
  PrivateKey: {
    of: ['Rendered', 'Stalled'],
    meaning: 'A rendered file holds a private key, which whoever may read revisions could then read.',
    action: 'Mount keys from a Secret into the Pod and name them by absolute path.',
  },
  TooLarge: {
    of: ['Rendered', 'Stalled'],
    meaning: 'The sources, or the revision that they become, are more than one object of the API holds.',
    action:
      'Take large files out of the set (the message names the largest): mount them, and name them by absolute path.',
  },
  PinMissing: {
    of: ['Ready', 'Stalled'],
    meaning: '`spec.revision` names a revision that does not exist.',
    action: 'Name one that `steward history` lists, or take the pin away.',
  },
  NoInstances: {
    of: ['Ready', 'Available'],
    meaning: 'No Pod has opted in, so there is nothing to do.',
    action: 'Label Pods with `nginx-steward.io/config: <name>`.',
  },
  NotRendered: {
    of: ['Ready'],
    meaning: 'The newest edit has not become a revision.',
    action: 'See the condition Rendered.',
  },
  RolledOut: {
    of: ['Ready'],
    meaning: 'Every Pod provably runs what is wanted.',
    action: 'Nothing.',
  },
  Progressing: {
    of: ['Ready', 'Reconciling'],
    meaning: 'A revision is on its way to the Pods.',
    action: 'Wait; `steward watch` shows it.',
  },
  RolloutRejected: {
    of: ['Ready', 'Stalled'],
    meaning: 'A Pod refused the revision; all Pods are back at the stable one, or on their way.',
    action: 'Mend what the message names; the next content is rolled out by itself.',
  },
  PodRefused: {
    of: ['Ready', 'Stalled'],
    meaning: 'A Pod refused what is proven on the others: it stays with what it had, or serves nothing.',
    action: 'Look at its NginxInstance: something in that Pod or on its node is different.',
  },
  Withdrawn: {
    of: ['Ready', 'Stalled'],
    meaning: 'The latest revision was taken back by hand.',
    action: 'Change its sources; the next content is rolled out by itself.',
  },
  Paused: {
    of: ['Ready'],
    meaning: '`spec.paused` is true: no Pod is moved.',
    action: '`steward resume` when it may go on.',
  },
  DeadlineExceeded: {
    of: ['Ready', 'Stalled'],
    meaning: 'A Pod has not answered within `rollout.progressDeadline`.',
    action: 'Look at that Pod: its agent, its nginx, its node.',
  },
  Serving: {
    of: ['Available'],
    meaning: 'Every Pod serves something proven.',
    action: 'Nothing.',
  },
  NotServing: {
    of: ['Available'],
    meaning: 'A Pod serves nothing that is proven.',
    action: 'Look at its NginxInstance.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof reasons;
