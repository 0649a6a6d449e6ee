/** Parts that more than one kind has. */
import { z } from 'zod';

/**
 * As Kubernetes writes them: `1s`, `1m30s`, `500ms`. So few digits that twenty characters of it never overflow CEL's
 * durations (292 years): an overflow would be an error of the rule, without its message.
 */
const durationPattern = '^([0-9]{1,6}[smh]|[0-9]{1,9}ms)+$';

/** Milliseconds of a duration as the schemas let it through. */
export function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let sum = 0;
  for (const [, count = '0', unit = 's'] of text.matchAll(/([0-9]+)(ms|s|m|h)/g))
    sum += Number(count) * (units[unit] ?? 0);
  return sum;
}

/** A duration between two bounds; its message shows a right example. */
export function duration(bounds: {
  readonly least: string;
  readonly most: string;
  readonly example: string;
}) {
  const { least, most, example } = bounds;
  return z
    .string()
    .max(20)
    .meta({
      'x-kubernetes-validations': [
        {
          rule: `self.matches('${durationPattern}') && duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
          message: `a duration between ${least} and ${most}, such as ${example}`,
        },
      ],
    });
}

/** An object's name; `example` is `web`, or what else shows it. */
export function objectName(example: string) {
  return z
    .string()
    .max(253)
    .meta({
      'x-kubernetes-validations': [
        {
          rule: "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
          message: `an object's name (lower case letters, digits, - and .), such as ${example}`,
        },
      ],
    });
}

/** A moment, as RFC 3339 writes it. */
export const moment = z.iso.datetime();

export const objectMeta = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z
    .array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().optional(),
        blockOwnerDeletion: z.boolean().optional(),
      }),
    )
    .optional(),
});

/** As kstatus and `kubectl wait` read them. Reasons are open strings: a closed list would refuse a newer writer. */
const condition = z.object({
  type: z.string().describe('What it is about.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().describe('Why, as one word.'),
  message: z.string().describe('Why, as a sentence for people: what, where, and what to do.'),
  lastTransitionTime: moment.describe('When the status last changed.'),
  observedGeneration: z
    .number()
    .int()
    .optional()
    .describe('The generation of the spec that this was said about.'),
});

export type Condition = z.infer<typeof condition>;

/** An action that somebody asked for. */
export const requestedAction = z.string().describe('`Reload` or `ReopenLogs`.');

/** Conditions of a status; `about` names their types. */
export function conditionList(about: string) {
  return z
    .array(condition)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .describe(about);
}
