/** NginxInstance: one nginx Pod as the cluster sees it. The controller writes its spec, its agent the status. */
import { z } from 'zod';
import { conditionList, moment, objectMeta, requestedAction } from './common.ts';

const revisionReference = z.object({
  name: z.string().describe("The NginxRevision's name."),
  hash: z.string().describe('Its hash.'),
  number: z
    .number()
    .int()
    .optional()
    .describe(
      'Its number when it was handed out: tells this time from an earlier one with the same content.',
    ),
});

const requestKey = {
  action: requestedAction,
  origin: z.string().describe('`Config` or `Pod`: where the annotation stood.'),
  token: z.string().max(1024).describe("The annotation's value."),
};

const nginxInstanceSpec = z.object({
  config: z.string().describe('The NginxConfig that the Pod opted in to.'),
  revision: revisionReference.optional().describe('What it should run; absent: nothing was rendered yet.'),
  policy: z
    .object({
      minIntervalMs: z.number().int().describe('Milliseconds from one reload to the next.'),
      maxDraining: z.number().int().describe('Generations that may drain before ordinary reloads wait.'),
      maxDrainWaitMs: z.number().int().describe('Milliseconds that they wait at most.'),
      timeoutMs: z.number().int().describe('Milliseconds that a reload may take.'),
      probe: z.string().optional().describe('The URL that is asked after an applied change.'),
      schedules: z
        .array(
          z.object({
            action: requestedAction,
            cron: z.string().describe('When.'),
            timeZone: z.string().optional().describe("Of `cron`; absent: the container's."),
            jitter: z.string().optional().describe('How much later it may come.'),
          }),
        )
        .max(16)
        .optional()
        .describe('What is done by the clock.'),
    })
    .describe('All that the agent needs to know of the NginxConfig: it reads nothing else.'),
  requests: z.array(z.object(requestKey)).max(8).optional().describe('What was asked for by annotation.'),
  movedAt: z.iso.datetime().optional().describe('When the controller last changed `revision`.'),
});

const verdict = z.object({
  revision: z.string().describe('The NginxRevision that was tried.'),
  hash: z.string().describe('Its hash.'),
  number: z.number().int().optional().describe('The number that came with it.'),
  kind: z
    .string()
    .describe(
      '`Applied`, `Rejected`, `Degraded`, `Unproven`, `Stopping`, `RefusedByLint`, `RefusedByProbe` or `Failed`.',
    ),
  message: z.string().describe('What was seen, in a sentence.'),
  lines: z
    .array(
      z.object({
        level: z.string().describe('`emerg`, `alert` or `error`.'),
        text: z.string().max(2048).describe('What nginx wrote, without the time.'),
        source: z
          .string()
          .optional()
          .describe('The place in the ConfigMap: `ConfigMap web key nginx.conf:12`.'),
      }),
    )
    .max(8)
    .optional()
    .describe("nginx's own lines for this attempt."),
  putBack: z.string().optional().describe('Whether the last good state was put back: `proven` or `failed`.'),
  at: moment.describe('When.'),
  durationMilliseconds: z.number().int().optional().describe('From the signal to the verdict.'),
});

const nginxInstanceStatus = z.object({
  state: z
    .string()
    .optional()
    .describe(
      'One word: Starting, WaitingForMaster, Proving, Proven, Pending, Refused, Unproven, PutBackFailed, Blocked.',
    ),
  message: z.string().max(2048).optional().describe('The same as a sentence.'),
  ready: z.boolean().optional().describe('nginx serves something proven.'),
  revision: revisionReference.optional().describe('What nginx provably runs.'),
  provenAt: moment.optional().describe('Since when.'),
  verdict: verdict.optional().describe('What became of the newest attempt.'),
  acknowledged: z
    .array(
      z.object({
        ...requestKey,
        verdict: z.string().describe('What became of it; `Existing`: it was there before the instance was.'),
        at: moment.describe('When.'),
      }),
    )
    .max(8)
    .optional()
    .describe('Requests that were acted upon: the newest of each action and origin.'),
  certificates: z
    .array(
      z.object({
        path: z.string().describe('The file.'),
        notAfter: moment.describe('When it expires.'),
        served: z.string().describe('Whether nginx shows it to clients: `yes`, `no` or `unknown`.'),
        reason: z.string().max(512).optional().describe('Why it is not, or cannot be known.'),
      }),
    )
    .max(20)
    .optional()
    .describe('The 20 that expire first.'),
  certificateCount: z.number().int().optional().describe('All of them.'),
  workers: z
    .object({
      running: z.number().int().describe('They take new connections.'),
      draining: z.number().int().describe('They finish the connections that they have.'),
    })
    .optional()
    .describe("nginx's workers; at most a minute old."),
  versions: z
    .object({ agent: z.string().describe("The agent's."), nginx: z.string().optional().describe("nginx's.") })
    .optional()
    .describe('Of the agent, and of nginx where it can be known.'),
  masterStartedAt: moment.optional().describe("Since when nginx's master runs."),
  conditions: conditionList('What people should know: ColdStartAtRisk, CertificateNotServed, …'),
});

export const nginxInstance = z
  .object({
    apiVersion: z.literal('nginx-steward.io/v1alpha1'),
    kind: z.literal('NginxInstance'),
    metadata: objectMeta,
    spec: nginxInstanceSpec.describe('What its agent is to do. Written by the controller.'),
    status: nginxInstanceStatus.optional().describe('What is proven. Written by its agent.'),
  })
  .describe('One nginx Pod, by whose name it is called: what it should run, and what it provably runs.');

export type NginxInstanceSpec = z.infer<typeof nginxInstanceSpec>;
type NginxInstanceStatus = z.infer<typeof nginxInstanceStatus>;
export type NginxInstance = z.infer<typeof nginxInstance>;
export type InstancePolicy = NginxInstanceSpec['policy'];
export type InstanceVerdict = NonNullable<NginxInstanceStatus['verdict']>;
export type InstanceRequest = NonNullable<NginxInstanceSpec['requests']>[number];
