/** NginxConfig: what the user writes. */
import { z } from 'zod';
import { conditionList, duration, moment, objectMeta, objectName, requestedAction } from './common.ts';
import { configMapKey, configMapName, file, relativePath } from './file-spec.ts';

const schedule = z
  .object({
    action: z.enum(['Reload', 'ReopenLogs']).describe('What is done.'),
    cron: z
      .string()
      .max(200)
      .meta({
        'x-kubernetes-validations': [
          {
            rule: "self.matches('^(@(hourly|daily|weekly|monthly|yearly)|[^@ ]+( +[^ ]+){4,5})$')",
            message:
              'five fields (minute hour day month weekday) or a word such as @daily; every night: 0 3 * * *',
          },
        ],
      })
      .describe(
        'When: five fields (minute hour day month weekday), six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly.',
      ),
    timeZone: z
      .string()
      .max(64)
      .optional()
      .describe('Such as Europe/Berlin. Default: the zone of the container, mostly UTC.'),
    jitter: duration({ least: '0s', most: '1h', example: '5m' })
      .optional()
      .describe(
        'How much later than written it may come, drawn once for each Pod. Default: 60s, and at most a tenth of the time between two.',
      ),
  })
  .describe('Something to be done by the clock.');

export const nginxConfigSpec = z.object({
  files: z
    .array(file)
    .min(1)
    .max(1000)
    .describe(
      'What the tree is made of. Names ending in .liquid are templates and lose that suffix; all else is copied byte for byte.',
    ),
  entrypoint: relativePath.default('nginx.conf').describe('The file that nginx reads first.'),
  values: z
    .object({
      inline: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('Values as they are. They win over ConfigMaps. The server drops a null.'),
      configMaps: z
        .array(
          z.object({
            name: configMapName,
            key: configMapKey.describe('The key that holds YAML or JSON, such as values.yaml.'),
            optional: z.boolean().optional().describe('Whether it may be missing. Default: false.'),
          }),
        )
        .max(64)
        .optional()
        .describe('Values from ConfigMaps; later ones win.'),
    })
    .optional()
    .describe('What the templates see.'),
  reload: z
    .object({
      minInterval: duration({ least: '0s', most: '1h', example: '1s' })
        .default('1s')
        .describe('Between the end of one reload and the start of the next, and between two revisions.'),
      maxDraining: z
        .number()
        .int()
        .min(0)
        .max(1000)
        .default(4)
        .describe('While more generations of workers than this still drain, ordinary reloads wait.'),
      maxDrainWait: duration({ least: '0s', most: '168h', example: '10m' })
        .default('10m')
        .describe('They wait no longer than this.'),
      timeout: duration({ least: '1s', most: '1h', example: '60s' })
        .default('60s')
        .describe('How long a reload may take before it counts as unproven.'),
      settle: duration({ least: '0s', most: '10m', example: '2s' })
        .default('0s')
        .describe(
          'How long nothing must have changed before a change is rendered: several ConfigMaps applied together become one revision.',
        ),
    })
    .prefault({})
    .describe('When nginx is reloaded.'),
  schedules: z.array(schedule).max(16).optional().describe('Reloads and reopened logs by the clock.'),
  rollout: z
    .object({
      maxConcurrent: z
        .union([z.number().int().min(1), z.string()])
        .default('25%')
        .meta({
          'x-kubernetes-int-or-string': true,
          maxLength: 16,
          'x-kubernetes-validations': [
            {
              rule: "type(self) == int ? self >= 1 : self.matches('^([1-9][0-9]?|100)%$')",
              message: 'a number of Pods from 1 on, or a percentage such as 25%',
            },
          ],
        })
        .describe(
          'How many Pods may be at a new revision without being proven at the same time. Percentages are rounded up.',
        ),
      probe: z
        .string()
        .max(2048)
        .optional()
        .meta({
          'x-kubernetes-validations': [
            {
              rule: "self.startsWith('http://') || self.startsWith('https://')",
              message: 'a URL that each agent asks in its Pod, such as http://127.0.0.1:8080/healthz',
            },
          ],
        })
        .describe(
          'A URL that each agent asks after an applied change: another answer than 2xx puts the last good state back.',
        ),
      progressDeadline: duration({ least: '1s', most: '24h', example: '10m' })
        .default('10m')
        .describe('A Pod that does not answer for this long is reported as Stalled.'),
    })
    .prefault({})
    .describe('How a new revision reaches the Pods.'),
  paused: z.boolean().optional().describe('No Pod is moved while this is true.'),
  revision: objectName('web-1f0e8a3c5b7d9e2f4a6c')
    .optional()
    .describe('Pins a revision by its name: all Pods run it, whatever changes.'),
  revisionHistoryLimit: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(5)
    .describe('How many revisions are kept beyond those in use.'),
});

const instanceCounts = z.object({
  desired: z.number().int().describe('Pods that opted in.'),
  updated: z.number().int().describe('Of them, proven to run what is wanted.'),
  available: z.number().int().describe('Of them, serving something proven.'),
  rejected: z.number().int().describe('Of them, refused what was wanted.'),
});

const nginxConfigStatus = z.object({
  observedGeneration: z
    .number()
    .int()
    .optional()
    .describe('The generation of the spec that all this is about.'),
  sources: z
    .array(
      z.object({
        name: z.string().describe("The ConfigMap's name."),
        resourceVersion: z.string().describe('Of the ConfigMap as it was rendered; empty: it was missing.'),
      }),
    )
    .max(5000)
    .optional()
    .describe('The ConfigMaps that the newest rendering has seen: what is newer was not seen yet.'),
  latestRevision: z.string().optional().describe('What the sources say now.'),
  latestNumber: z.number().int().optional().describe('Its number.'),
  stableRevision: z.string().optional().describe('What was last proven on all Pods.'),
  startRevision: z
    .string()
    .optional()
    .describe('What a starting Pod runs: the pin, else the stable one, else the latest.'),
  instances: instanceCounts.optional().describe('The Pods.'),
  state: z.string().optional().describe('One word: Ready, Reconciling, Stalled or Paused.'),
  summary: z.string().optional().describe('How it is, in a few words.'),
  ready: z.string().optional().describe('Updated of desired Pods, such as 3/3.'),
  acknowledged: z
    .array(
      z.object({
        action: requestedAction,
        token: z.string().describe("The annotation's value."),
        at: moment.describe('When the last answer came.'),
        instances: z.string().describe('Pods that have answered, of all, such as 3/3.'),
      }),
    )
    .max(8)
    .optional()
    .describe('Requests by annotation of this object: how many Pods have answered.'),
  conditions: conditionList('Ready, Available, Rendered, Reconciling, Stalled.'),
});

export const nginxConfig = z
  .object({
    apiVersion: z.literal('nginx-steward.io/v1alpha1'),
    kind: z.literal('NginxConfig'),
    metadata: objectMeta,
    spec: nginxConfigSpec.describe('What is wanted.'),
    status: nginxConfigStatus.optional().describe('What is. Written by the controller.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self.metadata.name.size() <= 63',
        message: 'a name of at most 63 characters, such as web: Pods bear it as the value of a label',
      },
    ],
  })
  .describe(
    'The configuration of all nginx Pods that bear the label `nginx-steward.io/config` with its name: the files that it is made of, and how a change reaches the Pods.',
  );

type NginxConfigSpec = z.infer<typeof nginxConfigSpec>;
export type NginxConfigStatus = z.infer<typeof nginxConfigStatus>;
export type NginxConfig = z.infer<typeof nginxConfig>;
export type FileSpec = NginxConfigSpec['files'][number];
export type LabelSelector = NonNullable<FileSpec['configMapSelector']>;
