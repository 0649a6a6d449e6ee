/** NginxRevision: one rendered result, named by its content, never changed. */
import { z } from 'zod';
import { moment, objectMeta } from './common.ts';

const provenance = z
  .object({
    path: z.string().describe('The file in the tree.'),
    origin: z.string().describe('For people: `ConfigMap web key nginx.conf`, `NginxConfig web file 2`.'),
    configMap: z.string().optional().describe('The ConfigMap that it came from.'),
    key: z.string().optional().describe('The key in it.'),
    resourceVersion: z.string().optional().describe('Of that ConfigMap.'),
  })
  .describe('Where one file came from.');

const nginxRevisionSpec = z
  .object({
    config: z.string().describe('The NginxConfig that it was rendered for.'),
    hash: z.string().describe('Of its content.'),
    entrypoint: z.string().describe('The file that nginx reads first.'),
    encoding: z.enum(['Plain', 'Gzip']).describe('How `data` is written: JSON as it is, or gzip in base64.'),
    data: z
      .string()
      .describe(
        'All files (see the API reference). A plain string: a byte field would refuse later writes of the status.',
      ),
    provenance: z.array(provenance).max(5000).describe('Where each file came from.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self == oldSelf',
        message: 'a revision never changes: edit the NginxConfig or its ConfigMaps instead',
      },
    ],
  });

const nginxRevisionStatus = z.object({
  number: z
    .number()
    .int()
    .optional()
    .describe('Rises with every change, also when earlier content comes back.'),
  outcome: z
    .string()
    .optional()
    .describe('`Pending`, `RollingOut`, `Applied`, `Rejected`, `Superseded` or `Withdrawn`.'),
  message: z.string().max(2048).optional().describe('Why, with the place in the source.'),
  token: z
    .string()
    .max(1024)
    .optional()
    .describe('The reload annotation when it was rejected: another value has it tried again.'),
  at: moment.optional().describe('When the outcome was reached.'),
  durationMilliseconds: z.number().int().optional().describe('From the edit seen to the proof on all Pods.'),
});

export const nginxRevision = z
  .object({
    apiVersion: z.literal('nginx-steward.io/v1alpha1'),
    kind: z.literal('NginxRevision'),
    metadata: objectMeta,
    spec: nginxRevisionSpec.describe('The rendered result. It never changes.'),
    status: nginxRevisionStatus.optional().describe('What became of it. Written by the controller.'),
  })
  .describe('One rendered result of an NginxConfig, named by its content.');

export type NginxRevisionSpec = z.infer<typeof nginxRevisionSpec>;
export type NginxRevisionStatus = z.infer<typeof nginxRevisionStatus>;
export type NginxRevision = z.infer<typeof nginxRevision>;
export type Provenance = z.infer<typeof provenance>;
