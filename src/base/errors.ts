/**
 * The catalogue of errors: every way in which steward can fail a user, once. `docs/errors.md` is generated from it.
 *
 * `retry` says whether trying again without a change can help: `wait` (the cause is likely to pass), `change` (somebody
 * must change something first), `never` (the call itself was wrong).
 */
export interface ErrorEntry {
  readonly meaning: string;
  readonly action: string;
  readonly retry: 'wait' | 'change' | 'never';
}

export const errorCatalogue = {
  STEWARD_USAGE: {
    meaning: 'A command, a flag or its value is not one that steward knows.',
    action: 'Compare the command with `steward --help`.',
    retry: 'never',
  },
  STEWARD_SOURCE_PATH: {
    meaning: 'A source file has a name that cannot be a path inside the tree.',
    action: 'Give it a relative name without `.` and `..`, such as `conf.d/site.conf`.',
    retry: 'change',
  },
  STEWARD_SOURCE_CONFLICT: {
    meaning: 'Two source files want the same path, or one wants a file where the other wants a directory.',
    action: 'Remove one of the two, or put one source under a prefix of its own.',
    retry: 'change',
  },
  STEWARD_SOURCE_MISSING: {
    meaning: 'A source directory is not there.',
    action: 'Create or mount it; it is taken as soon as it appears.',
    retry: 'wait',
  },
  STEWARD_SOURCE_UNREADABLE: {
    meaning: 'A source directory, or a file in it, cannot be read.',
    action: 'Let the user that steward runs as read it.',
    retry: 'wait',
  },
  STEWARD_SOURCE_LINK: {
    meaning: 'A symbolic link in a source leads nowhere, or out of its directory.',
    action: 'Copy the file into the source, or make what it leads to a source of its own.',
    retry: 'change',
  },
  STEWARD_SOURCE_TOO_LARGE: {
    meaning:
      'A source holds more than a configuration should: a large file, very many files, or too much in sum.',
    action: 'Name large data (geo databases, static sites) by absolute path instead of making it a source.',
    retry: 'change',
  },
  STEWARD_SOURCE_UNSTABLE: {
    meaning: 'A source changed faster than it could be read.',
    action: 'Nothing, if it rests soon: it is read again. Else find out what keeps writing it.',
    retry: 'wait',
  },
  STEWARD_ANNOTATIONS: {
    meaning: 'The file of annotations is not as the kubelet writes one.',
    action:
      'Mount `metadata.annotations` by a downward API volume and name its file with `--annotations-file`.',
    retry: 'change',
  },
  STEWARD_SCHEDULE: {
    meaning: 'A schedule cannot be understood, or never comes.',
    action: 'Write it as `reload=0 3 * * *` or `reopen-logs=TZ=Europe/Berlin @daily ~5m`.',
    retry: 'never',
  },
  STEWARD_CERTIFICATE: {
    meaning: 'A certificate or its key is one that nginx will refuse.',
    action:
      'Put a certificate with its chain, and the unencrypted key that belongs to it, in PEM form in place.',
    retry: 'change',
  },
  STEWARD_CERTIFICATE_PAIR: {
    meaning: 'A certificate and its key do not belong together, and the other half did not come.',
    action: 'Put the certificate and the key of one pair in place; what nginx runs stays until then.',
    retry: 'wait',
  },
  STEWARD_TEMPLATE: {
    meaning: 'A `.liquid` file cannot be rendered.',
    action: 'Mend the template at the place named; docs/templates.md says what templates can do.',
    retry: 'change',
  },
  STEWARD_VALUES: {
    meaning: 'The values for templates cannot be read or used.',
    action: 'Give values as YAML or JSON with names at the top level; docs/templates.md has an example.',
    retry: 'change',
  },
  STEWARD_NO_MASTER: {
    meaning: 'No nginx master runs where steward looks.',
    action:
      'Start nginx; in a Pod set `shareProcessNamespace: true`, so that steward sees it. It is found as soon as it runs.',
    retry: 'wait',
  },
  STEWARD_SEVERAL_MASTERS: {
    meaning: 'More than one nginx master runs, and nothing says which one is meant.',
    action: "Choose one by its command line with `--master-match '<regular expression>'`.",
    retry: 'change',
  },
  STEWARD_SINGLE_PROCESS: {
    meaning: 'nginx runs with `master_process off`: there is no master that could replace its workers.',
    action: 'Take `master_process off` out of the configuration and start nginx again.',
    retry: 'change',
  },
  STEWARD_UPGRADE_UNDER_WAY: {
    meaning:
      'A new nginx binary was started beside the old one (USR2), and both have masters: a reload now would hit the wrong one.',
    action: 'Finish the upgrade (QUIT to the old master) or give it up (QUIT to the new one).',
    retry: 'wait',
  },
  STEWARD_NOT_PERMITTED: {
    meaning: 'steward may not signal the nginx master.',
    action:
      "Run steward with the master's uid (`runAsUser`); capabilities do not help a user that is not root.",
    retry: 'change',
  },
  STEWARD_PUBLISH: {
    meaning:
      'A tree, the link to it, or the state could not be written to the publish directory, or not be read from it.',
    action: 'See the reason: space, rights, or a read-only mount. What was published stays as it was.',
    retry: 'wait',
  },
  STEWARD_PUBLISH_LOCKED: {
    meaning: 'Another agent that is alive publishes into the same directory.',
    action: 'Give each agent a --publish-dir of its own, or end the other one.',
    retry: 'wait',
  },
  STEWARD_RUN_DIRECTORY: {
    meaning: 'The directory that steward shares with nginx cannot be used, or not safely.',
    action: 'Give --run-dir a directory of its own that belongs to root and that nobody else may write.',
    retry: 'change',
  },
  STEWARD_TREE_PATH: {
    meaning: 'A file of the set has a path that cannot be written below one directory.',
    action: 'Use relative paths such as conf.d/site.conf, without `..`.',
    retry: 'change',
  },
  STEWARD_LISTEN: {
    meaning: 'An address or a socket that steward should listen at is not to be had.',
    action: 'Free it, or name another one with the flag in the message.',
    retry: 'change',
  },
  STEWARD_CONTROL: {
    meaning: 'The running agent took a request and did not answer it.',
    action: 'Look at `steward status` and the log of the agent: it may have done what was asked for.',
    retry: 'wait',
  },
  STEWARD_LINT: {
    meaning: 'A rendered configuration is one that no nginx of any build could read.',
    action: 'Mend it at the place named; docs/lint-rules.md explains the rules.',
    retry: 'change',
  },
  STEWARD_PRIVATE_KEY: {
    meaning: 'A file that would be stored in the cluster holds a private key.',
    action: 'Mount the key from a Secret into the Pod and name it by absolute path.',
    retry: 'change',
  },
  STEWARD_REVISION_TOO_LARGE: {
    meaning: 'A revision is larger than an object of the API may be.',
    action: 'Take large files out of the set: mount them into the Pod, and name them by absolute path.',
    retry: 'change',
  },
  STEWARD_NO_CLUSTER: {
    meaning:
      'There is no way to an API server: no kubeconfig, no such context, no token of a Pod, or unusable ones.',
    action: 'Try `kubectl get pods` in the same place: what helps there helps here.',
    retry: 'change',
  },
  STEWARD_REVISION: {
    meaning: 'An NginxRevision does not hold what its name promises.',
    action: 'Delete it: the controller renders it again from the NginxConfig.',
    retry: 'change',
  },
  STEWARD_CONFIG_MAP: {
    meaning: 'A ConfigMap that an NginxConfig names is not there, or does not have the key that is named.',
    action: 'Create it, mend the name, or set `optional: true`.',
    retry: 'change',
  },
  STEWARD_SELECTOR: {
    meaning: 'A `configMapSelector` is one that Kubernetes would not take.',
    action: 'Mend the requirement as the message shows.',
    retry: 'change',
  },
  STEWARD_ENTRYPOINT: {
    meaning: 'No source makes the file that nginx reads first.',
    action: 'Add it to `spec.files`, or set `spec.entrypoint` to the file that is meant.',
    retry: 'change',
  },
  STEWARD_UNREACHABLE: {
    meaning: 'The API server of the cluster gave no answer.',
    action:
      'Start the cluster, or choose another: --context NAME, --kubeconfig FILE; `kubectl cluster-info` shows the present one.',
    retry: 'wait',
  },
  STEWARD_LOGIN: {
    meaning: 'The API server does not accept who asks: the credentials are wrong or expired.',
    action: 'Log in to the cluster again; `kubectl auth whoami` shows as whom.',
    retry: 'change',
  },
  STEWARD_FORBIDDEN: {
    meaning: 'The API server knows who asks, and that right is missing.',
    action: 'Ask for the right in the message, or use another --context.',
    retry: 'change',
  },
  STEWARD_NO_KINDS: {
    meaning: "The cluster does not know steward's kinds: their CustomResourceDefinitions are not installed.",
    action: 'Install them: `kubectl apply --server-side -f deploy/crds` (of the same release).',
    retry: 'change',
  },
  STEWARD_NOT_FOUND: {
    meaning: 'The cluster has no object of that name.',
    action: 'See which there are: `steward get`.',
    retry: 'change',
  },
  STEWARD_API: {
    meaning: 'The API server refused a request, or answered with something else than was asked for.',
    action: "See the server's own reason in the message.",
    retry: 'wait',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An error for people: what happened, where, and what to do. `where` is `file:line`, a path, a process or a flag; `fix`
 * replaces the catalogue's general advice where the place knows better. Never put a secret's bytes into any of them.
 */
export class StewardError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly fix: string;

  constructor(
    code: ErrorCode,
    what: string,
    options: { where?: string; fix?: string; cause?: unknown } = {},
  ) {
    super(options.where === undefined ? what : `${options.where}: ${what}`, { cause: options.cause });
    this.name = 'StewardError';
    this.code = code;
    this.where = options.where;
    this.fix = options.fix ?? errorCatalogue[code].action;
  }

  get retry(): ErrorEntry['retry'] {
    return errorCatalogue[this.code].retry;
  }
}
