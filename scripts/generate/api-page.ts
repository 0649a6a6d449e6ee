/** docs/api.md: everything that may stand in the three kinds, from their schemas. */
import { type CustomResourceDefinition, customResourceDefinitions } from '../../src/api/crd.ts';
import {
  apiVersion,
  configLabel,
  fieldManagers,
  type Kind,
  reloadAnnotation,
  reopenLogsAnnotation,
  withdrawnAnnotation,
} from '../../src/api/names.ts';
import type { StructuralSchema } from '../../src/api/structural.ts';
import { reasons } from '../../src/controller/reasons.ts';
import { exampleConfig, exampleData, exampleLabel } from './api-example.ts';
import { fieldsOf } from './api-fields.ts';
import { page, table } from './markdown.ts';

const introduction = `\`${apiVersion}\`. An NginxConfig says what a group of nginx Pods is to run; the controller renders it into NginxRevisions; for each Pod there is an NginxInstance that says what it should run and what it provably runs. Read them as Deployment, ReplicaSet and Pod. You write NginxConfigs; the rest is written for you, and is there to be looked at. References never leave the namespace.`;

const example = `## A complete example

\`\`\`yaml
${exampleConfig}\`\`\`

Only \`files\` must be there. A Pod opts in with a label that names the NginxConfig:

\`\`\`yaml
${exampleLabel}\`\`\`
`;

/** What the tables cannot say. */
const notes: Readonly<Record<Kind, string>> = {
  NginxConfig: `**Required** is what must be there when its parent is. Durations are written \`500ms\`, \`10s\`, \`1m30s\`, \`2h\`. The server fills in the defaults, and refuses an object that breaks a rule with the rule's sentence.\n`,
  NginxRevision: `### What \`data\` holds

A list of files in JSON, sorted by path; with the encoding \`Gzip\` (above 64 KiB) compressed and in base64. A file has either \`text\` or, where it is no UTF-8, \`base64\`; \`lines\` of a template holds, for each line of the result, how far its line in the template is from the one before.

\`\`\`json
${exampleData}\`\`\`

The whole object must stay below 1 MiB. \`hash\` is the beginning of a SHA-256 over the entrypoint and all paths and bytes, so the same content is the same revision.
`,
  NginxInstance: `Words in the status (\`state\`, \`kind\`, \`verdict\`) are open: a newer agent may say more of them.\n`,
};

export function apiPage(): string {
  const kinds = customResourceDefinitions().map(kindSection);
  return page('The API', introduction, [example, ...kinds, conditionReasons(), names()].join('\n'));
}

function kindSection(definition: CustomResourceDefinition): string {
  const { kind, shortNames, categories, plural } = definition.spec.names;
  const [version] = definition.spec.versions;
  if (version === undefined) throw new Error(`${kind} has no version`);
  const { openAPIV3Schema: schema } = version.schema;
  const columns = version.additionalPrinterColumns.map(({ name, description, priority = 0 }) => [
    name.toUpperCase(),
    priority > 0 ? '`-o wide`' : 'always',
    description,
  ]);
  const rules = (schema['x-kubernetes-validations'] ?? []).map(
    ({ message }) => `The server wants ${message}.\n`,
  );
  return [
    `## ${kind}\n\n${schema.description ?? ''}\n`,
    ...rules,
    `\`kubectl get ${plural}\`, short \`${shortNames.join('`, `')}\`; \`kubectl get ${categories.join(', ')}\` shows all kinds.\n`,
    table(['column', 'shown', 'meaning'], columns),
    notes[kind],
    ...['spec', 'status'].map((part) => partSection(kind, part, schema.properties?.[part] ?? {})),
  ].join('\n');
}

function partSection(kind: Kind, part: string, schema: StructuralSchema): string {
  const rules = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ` Rule: ${message}.`);
  const rows = fieldsOf(schema).map(({ path, type, fallback, meaning }) => [
    `\`${path}\``,
    type,
    fallback,
    meaning,
  ]);
  const head = ['field', 'type', 'default', 'meaning'];
  return `### ${kind} ${part}\n\n${schema.description ?? ''}${rules.join('')}\n\n${table(head, rows)}`;
}

function conditionReasons(): string {
  const rows = Object.entries(reasons).map(([reason, { of, meaning, action }]) => [
    `\`${reason}\``,
    of.join(', '),
    meaning,
    action,
  ]);
  return `## Reasons of an NginxConfig's conditions

\`Ready\`: all Pods provably run what is wanted. \`Available\`: all serve something proven. \`Rendered\`: the sources became a revision. \`Reconciling\`: something is on its way. \`Stalled\`: somebody must act.

${table(['reason', 'of', 'meaning', 'what to do'], rows)}`;
}

function names(): string {
  const labels = [
    [
      `\`${configLabel}\``,
      'Pod',
      'The NginxConfig whose revisions it runs. It is not to be changed on a running Pod.',
    ],
    [`\`${configLabel}\``, 'NginxRevision, NginxInstance', 'The NginxConfig that it belongs to.'],
  ];
  const annotations = [
    [
      `\`${reloadAnnotation}\``,
      'NginxConfig, Pod',
      'Any new value asks for one reload: of all its Pods, `maxConcurrent` at a time, or of this one. The same value never acts twice. The answer is in `status.acknowledged`.',
    ],
    [`\`${reopenLogsAnnotation}\``, 'NginxConfig, Pod', 'Likewise: nginx opens its log files again.'],
    [
      `\`${withdrawnAnnotation}\``,
      'NginxRevision',
      'Somebody took it back (`steward undo`), and why: it is not rolled out while its content stays the same.',
    ],
  ];
  const managers = Object.values(fieldManagers).map((manager) => `\`${manager}\``);
  return `## Labels

${table(['label', 'on', 'meaning'], labels)}
## Annotations

${table(['annotation', 'on', 'meaning'], annotations)}
## Field managers

What is written for you bears one of these in \`managedFields\`: ${managers.join(', ')}.
`;
}
