/** Everything that lint can say, once. The documentation's table is made from this. */

export type Severity = 'error' | 'warning' | 'info';

export interface LintRule {
  /** Errors are what no nginx could read: they block. Everything else is left to nginx to decide. */
  readonly severity: Severity;
  readonly meaning: string;
  readonly mend: string;
}

export const lintRules = {
  syntax: {
    severity: 'error',
    meaning:
      'The file cannot be read as nginx configuration: quotes, braces, a missing `;`, a parameter too long.',
    mend: 'Mend the text at the place named; it is the place where nginx, too, would stop.',
  },
  'byte-order-mark': {
    severity: 'error',
    meaning: 'The file begins with a byte order mark, which nginx takes for a part of its first word.',
    mend: 'Save the file as UTF-8 without a byte order mark.',
  },
  'missing-file': {
    severity: 'error',
    meaning:
      'A file that nginx reads with the configuration should be part of the published tree and is not.',
    mend: "Add it to the sources, or name it by absolute path where nginx's image has it.",
  },
  'include-cycle': {
    severity: 'error',
    meaning: 'A file includes itself, by itself or through others.',
    mend: 'Take the include out that leads back.',
  },
  'absent-file': {
    severity: 'warning',
    meaning: 'A file that the configuration names is not there, or cannot be seen from where steward runs.',
    mend: "Check the name. If only nginx's own container has the file, nothing is wrong.",
  },
  'empty-include': {
    severity: 'warning',
    meaning:
      'An include with a pattern matches nothing. nginx does not mind, so a wrong pattern goes unnoticed.',
    mend: 'Check the pattern and where it starts; take the include out if it is not needed.',
  },
  'too-large': {
    severity: 'warning',
    meaning: 'Includes that repeat or nest so often that they were not all followed.',
    mend: 'Include each file once, at the highest level that needs it.',
  },
  context: {
    severity: 'warning',
    meaning: 'A known directive stands in a block where nginx does not allow it.',
    mend: 'Move it to one of the blocks named.',
  },
  arguments: {
    severity: 'warning',
    meaning:
      'A known directive has too many or too few arguments, often because the `;` before it is missing.',
    mend: 'Give it as many as nginx takes.',
  },
  duplicate: {
    severity: 'warning',
    meaning: 'A directive that nginx accepts once in a block stands there again.',
    mend: 'Take one of the two out; both places are named.',
  },
  misspelt: {
    severity: 'warning',
    meaning: 'A directive that is not known, and differs by one letter from one that is.',
    mend: 'Use the name proposed, unless a module of yours has this one.',
  },
  'lazy-file': {
    severity: 'warning',
    meaning:
      'nginx opens a file of the tree after it was loaded, so running workers see the new one before the reload and even if the reload is refused.',
    mend: 'Name it by `{{ steward.tree }}` in a template: then each generation of workers opens its own.',
  },
  'shutdown-timeout': {
    severity: 'warning',
    meaning:
      '`worker_shutdown_timeout` is not set: after a reload, old workers live as long as their longest connection.',
    mend: 'Set it at main level, for example `worker_shutdown_timeout 10m;`.',
  },
  'keepalive-min-timeout': {
    severity: 'info',
    meaning:
      'nginx closes idle keep-alive connections at every reload, and a client may send a request at that moment. `keepalive_min_timeout` (since nginx 1.27.4) avoids that.',
    mend: 'Set it in `http`, for example `keepalive_min_timeout 2s;`.',
  },
  daemon: {
    severity: 'warning',
    meaning: '`daemon on` lets the first process end, and a container with it.',
    mend: 'Take it out and start nginx with `-g "daemon off;"`.',
  },
  'master-process': {
    severity: 'warning',
    meaning:
      'With `master_process off` there is no master that could replace its workers: nothing can be reloaded.',
    mend: 'Take it out.',
  },
  'unknown-host': {
    severity: 'warning',
    meaning: 'nginx looks a host name up when it loads the configuration, and it cannot be found now.',
    mend: 'Mend the name, or let nginx look it up later: a variable in `proxy_pass` and a `resolver`.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

export type RuleId = keyof typeof lintRules;
