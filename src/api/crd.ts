/** The CustomResourceDefinitions of the three kinds, from their schemas. */
import type { z } from 'zod';
import { group, type Kind, plurals, version } from './names.ts';
import { nginxConfig } from './nginx-config.ts';
import { nginxInstance } from './nginx-instance.ts';
import { nginxRevision } from './nginx-revision.ts';
import { type StructuralSchema, structuralSchema } from './structural.ts';

/** A column of `kubectl get`; one with a priority above 0 is shown with `-o wide` only. */
interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: {
      readonly kind: Kind;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly CrdVersion[];
  };
}

interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly subresources: { readonly status: Readonly<Record<string, never>> };
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
}

interface KindDefinition {
  readonly schema: z.ZodType;
  readonly shortNames: readonly string[];
  readonly columns: readonly PrinterColumn[];
}

/** `kubectl get nginx-steward` shows all three. */
const category = 'nginx-steward';

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since it was created.',
};

const kinds: Readonly<Record<Kind, KindDefinition>> = {
  NginxConfig: {
    schema: nginxConfig,
    shortNames: ['ngc'],
    columns: [
      column('State', '.status.state', 'How it is, in one word.'),
      {
        ...column('Revision', '.status.latestNumber', 'The number of the newest revision.'),
        type: 'integer',
      },
      column('Pods', '.status.ready', 'Pods proven to run what is wanted, of all that opted in.'),
      column('Summary', '.status.summary', 'How it is, in a few words.'),
      wide(column('Latest', '.status.latestRevision', 'What the sources say now.')),
      wide(column('Stable', '.status.stableRevision', 'What was last proven on all Pods.')),
      wide({ ...column('Paused', '.spec.paused', 'No Pod is moved.'), type: 'boolean' }),
      wide(age),
    ],
  },
  NginxRevision: {
    schema: nginxRevision,
    shortNames: ['ngr'],
    columns: [
      { ...column('Number', '.status.number', 'Rises with every change.'), type: 'integer' },
      column('Config', '.spec.config', 'The NginxConfig that it was rendered for.'),
      column('Outcome', '.status.outcome', 'What became of it.'),
      age,
      wide(column('Message', '.status.message', 'Why.')),
    ],
  },
  NginxInstance: {
    schema: nginxInstance,
    shortNames: ['ngi'],
    columns: [
      column('Config', '.spec.config', 'The NginxConfig that the Pod opted in to.'),
      column('State', '.status.state', 'How its nginx is, in one word.'),
      column('Revision', '.status.revision.name', 'What nginx provably runs.'),
      { ...column('Ready', '.status.ready', 'nginx serves something proven.'), type: 'boolean' },
      age,
      wide(column('Wanted', '.spec.revision.name', 'What it should run.')),
      wide(column('Verdict', '.status.verdict.kind', 'What became of the newest attempt.')),
      wide({ ...column('Workers', '.status.workers.running', 'Workers that serve.'), type: 'integer' }),
      wide({ ...column('Draining', '.status.workers.draining', 'Workers that leave.'), type: 'integer' }),
      wide(column('Nginx', '.status.versions.nginx', "nginx's version.")),
      wide(column('Message', '.status.message', 'How its nginx is, as a sentence.')),
    ],
  },
};

/** In the order in which they depend on each other. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return (['NginxConfig', 'NginxRevision', 'NginxInstance'] as const).map(definition);
}

function definition(kind: Kind): CustomResourceDefinition {
  const { schema, shortNames, columns } = kinds[kind];
  const plural = plurals[kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: [category],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: asObject(structuralSchema(schema)) },
        },
      ],
    },
  };
}

/** The server validates names, metadata and versions itself, and allows nothing about them here. */
function asObject({ properties = {}, required = [], ...rest }: StructuralSchema): StructuralSchema {
  return {
    ...rest,
    required: required.filter((name) => name === 'spec'),
    properties: {
      ...properties,
      apiVersion: { type: 'string', description: 'The version of this API.' },
      kind: { type: 'string', description: 'The kind of this object.' },
      metadata: { type: 'object' },
    },
  };
}

function column(name: string, jsonPath: string, description: string): PrinterColumn {
  return { name, type: 'string', jsonPath, description };
}

function wide(one: PrinterColumn): PrinterColumn {
  return { ...one, priority: 1 };
}
