/** What the rules of an NginxConfig refuse, and what they let through. */

export type Fields = Readonly<Record<string, unknown>>;

interface RuleCase {
  /** Where the server says that it is wrong. */
  readonly field: string;
  /** Of specs, what matters: `files` is filled in where it is missing. */
  readonly wrong: readonly Fields[];
  readonly right: readonly Fields[];
  readonly says: RegExp;
}

/** The least that an NginxConfig must say. */
export const files = [{ path: 'nginx.conf', configMap: { name: 'web', key: 'nginx.conf' } }];

export const rules: readonly RuleCase[] = [
  {
    field: 'spec.files[0].path',
    wrong: ['/etc/nginx.conf', '../x', 'a/../b', 'a/..', './a', 'a/./b', 'a//b', 'a/', '', 'a\nb'].map(
      (path) => ({ files: [{ path, inline: '' }] }),
    ),
    right: ['nginx.conf', 'conf.d/site.conf', '..a', 'a..', '.hidden', 'a b/ü.conf', '...'].map((path) => ({
      files: [{ path, inline: '' }],
    })),
    says: /such as conf\.d\/site\.conf$/,
  },
  {
    field: 'spec.files[0]',
    wrong: [
      { files: [{ path: 'nginx.conf' }] },
      { files: [{ path: 'nginx.conf', inline: '', configMap: { name: 'web' } }] },
      { files: [{ configMap: { name: 'web' }, configMapSelector: { matchLabels: { a: 'b' } } }] },
    ],
    right: [
      { files: [{ path: 'nginx.conf', inline: '' }] },
      { files: [{ configMap: { name: 'web' } }] },
      { files: [{ configMapSelector: { matchLabels: { a: 'b' } } }] },
    ],
    says: /exactly one of inline, configMap and configMapSelector, such as \{path: nginx\.conf, /,
  },
  {
    field: 'spec.files[0]',
    wrong: [{ files: [{ inline: '' }] }],
    right: [{ files: [{ path: 'a', inline: '' }] }],
    says: /inline needs a path, such as \{path: nginx\.conf, inline: "…"\}$/,
  },
  {
    field: 'spec.files[0].configMap.name',
    wrong: ['Web', '..', 'a/b', '', '-a'].map((name) => ({ files: [{ configMap: { name } }] })),
    right: ['web', 'web.example', '0-a'].map((name) => ({ files: [{ configMap: { name } }] })),
    says: /an object's name .*such as web$/,
  },
  {
    field: 'spec.files[0].configMap.key',
    wrong: ['conf.d/a.conf', ''].map((key) => ({ files: [{ configMap: { name: 'web', key } }] })),
    right: ['nginx.conf', '_A-1'].map((key) => ({ files: [{ configMap: { name: 'web', key } }] })),
    says: /a key as ConfigMaps have them .*such as nginx\.conf$/,
  },
  {
    field: 'spec.files[0].configMapSelector',
    wrong: [{}, { matchLabels: {} }, { matchExpressions: [] }].map((configMapSelector) => ({
      files: [{ configMapSelector }],
    })),
    right: [{ files: [{ configMapSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }] }],
    says: /a selector without labels would choose every ConfigMap .*such as \{matchLabels: \{nginx: web\}\}$/,
  },
  {
    field: 'spec.files[0].configMapSelector.matchExpressions[0]',
    wrong: [
      { key: 'a', operator: 'In' },
      { key: 'a', operator: 'NotIn', values: [] },
      { key: 'a', operator: 'Exists', values: ['b'] },
    ].map(selecting),
    right: [
      { key: 'a', operator: 'In', values: ['b'] },
      { key: 'a', operator: 'DoesNotExist' },
    ].map(selecting),
    says: /In and NotIn need values, .*such as \{key: team, operator: In, values: \[shop\]\}$/,
  },
  ...(
    [
      [
        'reload',
        'minInterval',
        ['5', '1h1s', '-1s', '1d', '1.5s', ''],
        ['0s', '1s', '1h', '59m59s'],
        '0s and 1h, such as 1s',
      ],
      ['reload', 'maxDrainWait', ['169h', '99999h99999h'], ['168h', '10m'], '0s and 168h, such as 10m'],
      [
        'reload',
        'timeout',
        ['0s', '999ms', '61m', '9999999999999999999h'],
        ['1s', '1000ms', '1h'],
        '1s and 1h, such as 60s',
      ],
      ['reload', 'settle', ['11m', '10m1ms'], ['0s', '2s'], '0s and 10m, such as 2s'],
      ['rollout', 'progressDeadline', ['0s', '25h'], ['1s', '24h'], '1s and 24h, such as 10m'],
    ] as const
  ).map(([part, name, wrong, right, says]) => ({
    field: `spec.${part}.${name}`,
    wrong: wrong.map((value) => ({ [part]: { [name]: value } })),
    right: right.map((value) => ({ [part]: { [name]: value } })),
    says: new RegExp(`a duration between ${says}$`),
  })),
  {
    field: 'spec.schedules[0].jitter',
    wrong: [{ schedules: [{ action: 'Reload', cron: '@daily', jitter: '2h' }] }],
    right: [{ schedules: [{ action: 'Reload', cron: '@daily', jitter: '5m' }] }],
    says: /a duration between 0s and 1h, such as 5m$/,
  },
  {
    field: 'spec.schedules[0].cron',
    wrong: ['', 'daily', '@never', '0 3 * *', '0 3 * * * * *'].map((cron) => scheduled(cron)),
    right: ['0 3 * * *', '*/5 0-3 1,15 JAN-MAR MON', '30 0 3 * * *', '@daily'].map((cron) => scheduled(cron)),
    says: /five fields \(minute hour day month weekday\) .*every night: 0 3 \* \* \*$/,
  },
  {
    field: 'spec.rollout.maxConcurrent',
    wrong: [0, -1, '0%', '101%', '25', '25 %', 'all'].map((maxConcurrent) => ({
      rollout: { maxConcurrent },
    })),
    right: [1, 500, '1%', '25%', '100%'].map((maxConcurrent) => ({ rollout: { maxConcurrent } })),
    says: /a number of Pods from 1 on, or a percentage such as 25%$/,
  },
  {
    field: 'spec.rollout.probe',
    wrong: ['localhost:8080', 'file:///etc/passwd'].map((probe) => ({ rollout: { probe } })),
    right: ['http://127.0.0.1:8080/healthz', 'https://[::1]/'].map((probe) => ({ rollout: { probe } })),
    says: /a URL that each agent asks in its Pod, such as http:\/\/127\.0\.0\.1:8080\/healthz$/,
  },
  {
    field: 'spec.revision',
    wrong: [{ revision: 'rev 7' }],
    right: [{ revision: 'web-0123456789abcdef0123' }],
    says: /an object's name .*such as web-[0-9a-f]{20}$/,
  },
];

function selecting(expression: Fields): Fields {
  return { files: [{ configMapSelector: { matchExpressions: [expression] } }] };
}

function scheduled(cron: string): Fields {
  return { schedules: [{ action: 'Reload', cron }] };
}
