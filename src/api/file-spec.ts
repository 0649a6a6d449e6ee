/** Where the files of an NginxConfig come from, and where they go. */
import { z } from 'zod';
import { objectName } from './common.ts';

export const relativePath = z
  .string()
  .max(512)
  .meta({
    'x-kubernetes-validations': [
      {
        // One expression: splitting a thousand paths costs more than the server allows.
        rule: "!self.matches('(^|/)[.]{0,2}(/|$)|[[:cntrl:]]')",
        message:
          'a relative path without empty parts, `.`, `..` and control characters, such as conf.d/site.conf',
      },
    ],
  });

export const configMapName = objectName('web').describe("The ConfigMap's name.");

export const configMapKey = z
  .string()
  .max(253)
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "self.matches('^[-._a-zA-Z0-9]+$')",
        message: 'a key as ConfigMaps have them (letters, digits, -, _ and .), such as nginx.conf',
      },
    ],
  });

const labelValue = z.string().max(63);

const labelSelector = z
  .object({
    matchLabels: z
      .record(z.string(), labelValue)
      .meta({ maxProperties: 16 })
      .optional()
      .describe('Labels that all must be there.'),
    matchExpressions: z
      .array(
        z
          .object({
            key: z.string().max(317).describe("The label's key."),
            operator: z
              .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
              .describe('How the label relates to the values.'),
            values: z.array(labelValue).max(64).optional().describe('For In and NotIn.'),
          })
          .meta({
            'x-kubernetes-validations': [
              {
                rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
                message:
                  'In and NotIn need values, Exists and DoesNotExist have none, such as {key: team, operator: In, values: [shop]}',
              },
            ],
          }),
      )
      .max(16)
      .optional()
      .describe('Requirements that all must hold.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)',
        message:
          'a selector without labels would choose every ConfigMap of the namespace: name one, such as {matchLabels: {nginx: web}}',
      },
    ],
  })
  .describe('Chooses ConfigMaps of the same namespace by their labels.');

export const file = z
  .object({
    path: relativePath
      .optional()
      .describe(
        'Where the file goes in the tree. Of several files (all keys of a ConfigMap, a selector) the directory that they go into; absent: the top.',
      ),
    inline: z.string().max(262_144).optional().describe('The content itself.'),
    configMap: z
      .object({
        name: configMapName,
        key: configMapKey.optional().describe('One key; absent: all of them, each under its own name.'),
        optional: z.boolean().optional().describe('Whether it may be missing. Default: false.'),
      })
      .optional()
      .describe('A ConfigMap of the same namespace, `data` and `binaryData`.'),
    configMapSelector: labelSelector.optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '[has(self.inline), has(self.configMap), has(self.configMapSelector)].filter(x, x).size() == 1',
        message:
          'exactly one of inline, configMap and configMapSelector, such as {path: nginx.conf, configMap: {name: web, key: nginx.conf}}',
      },
      {
        rule: '!has(self.inline) || has(self.path)',
        message: 'inline needs a path, such as {path: nginx.conf, inline: "…"}',
      },
    ],
  })
  .describe('One file, or several of one origin.');
