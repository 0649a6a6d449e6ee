import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { apiVersion, plurals } from '../../../src/api/names.ts';
import { nginxConfig } from '../../../src/api/nginx-config.ts';
import type { StructuralSchema } from '../../../src/api/structural.ts';

const definitions = customResourceDefinitions();

test('there is one definition for each kind, named for its plural', () => {
  assert.deepEqual(
    definitions.map(({ metadata, spec }) => [metadata.name, spec.names.kind]),
    Object.entries(plurals).map(([kind, plural]) => [`${plural}.nginx-steward.io`, kind]),
  );
  for (const { spec } of definitions)
    for (const { name } of spec.versions) assert.equal(`${spec.group}/${name}`, apiVersion);
});

test('no two kinds share a short name', () => {
  const all = definitions.flatMap(({ spec }) => [
    ...spec.names.shortNames,
    spec.names.singular,
    spec.names.plural,
  ]);
  assert.equal(new Set(all).size, all.length);
});

test('every field has a description that ends as a sentence does', () => {
  for (const [place, schema] of everyField()) {
    assert.match(schema.description ?? '', /[.…]$/, `${place} needs a description`);
    assert.ok((schema.description ?? '').length <= 300, `${place} has too long a description`);
  }
});

test('every node is structural: it has a type, or keeps unknown fields, or is int-or-string', () => {
  const nodes = everyField().flatMap(([place, schema]) =>
    [schema, schema.items, schema.additionalProperties].flatMap((one) =>
      one === undefined ? [] : [[place, one] as const],
    ),
  );
  for (const [place, schema] of nodes) {
    const isOpen =
      schema['x-kubernetes-preserve-unknown-fields'] === true ||
      schema['x-kubernetes-int-or-string'] === true;
    assert.ok(schema.type !== undefined || isOpen, `${place} has no type`);
    assert.ok(
      schema.properties === undefined || schema.additionalProperties === undefined,
      `${place} has both properties and additionalProperties`,
    );
    if (schema.type === 'array') assert.ok(schema.items !== undefined, `${place} has no items`);
  }
});

test('every rule has a message of one line that the server takes', () => {
  for (const [place, schema] of [
    ...everyField(),
    ...definitions.map((one) => ['top', schemaOf(one)] as const),
  ])
    for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
      assert.doesNotMatch(message, /\n/, place);
      assert.ok(message.length > 0 && message.length <= 2048 && rule.trim() !== '', place);
    }
});

test('lists that a user writes are bounded, as the cost of rules needs it', () => {
  const [config] = definitions;
  assert.ok(config !== undefined);
  const spec = schemaOf(config).properties?.['spec'] ?? {};
  for (const [place, schema] of fieldsBelow('NginxConfig.spec', spec))
    if (schema.type === 'array') assert.ok(schema.maxItems !== undefined, `${place} has no maxItems`);
});

test('no word of a status is closed, except those of conditions', () => {
  for (const definition of definitions) {
    const status = schemaOf(definition).properties?.['status'] ?? {};
    for (const [place, schema] of fieldsBelow('status', status))
      if (schema.enum !== undefined) assert.equal(place, 'status.conditions[].status');
  }
});

test('nothing is required but the spec, and metadata is the server’s', () => {
  for (const definition of definitions) {
    const schema = schemaOf(definition);
    assert.deepEqual(schema.required, ['spec']);
    assert.deepEqual(schema.properties?.['metadata'], { type: 'object' });
  }
});

test('every column shows a field that exists', () => {
  for (const definition of definitions)
    for (const { name, jsonPath, type } of definition.spec.versions.flatMap(
      (one) => one.additionalPrinterColumns,
    )) {
      if (jsonPath === '.metadata.creationTimestamp') continue;
      const parts = jsonPath.slice(1).split('.');
      const field = parts.reduce<StructuralSchema | undefined>(
        (schema, part) => schema?.properties?.[part],
        schemaOf(definition),
      );
      assert.equal(field?.type, type, `${definition.spec.names.kind} ${name}: ${jsonPath}`);
    }
});

test('the defaults that the server fills in are those of the types', () => {
  const parsed = nginxConfig.parse({
    apiVersion,
    kind: 'NginxConfig',
    metadata: { name: 'web' },
    spec: { files: [{ path: 'nginx.conf', inline: '' }] },
  });
  const [config] = definitions;
  assert.ok(config !== undefined);
  const { files: _, ...spec } = parsed.spec;
  assert.deepEqual(withDefaults(schemaOf(config).properties?.['spec'] ?? {}, {}), spec);
});

function schemaOf({ spec }: (typeof definitions)[number]): StructuralSchema {
  const [version] = spec.versions;
  assert.ok(version !== undefined);
  return version.schema.openAPIV3Schema;
}

function everyField(): readonly (readonly [string, StructuralSchema])[] {
  return definitions.flatMap((definition) =>
    ['spec', 'status'].flatMap((part) => {
      const place = `${definition.spec.names.kind}.${part}`;
      const schema = schemaOf(definition).properties?.[part] ?? {};
      return [[place, schema] as const, ...fieldsBelow(place, schema)];
    }),
  );
}

/** Named fields; what is between them (items, values of maps) has its description there. */
function fieldsBelow(
  place: string,
  schema: StructuralSchema,
): readonly (readonly [string, StructuralSchema])[] {
  const inner = schema.items ?? schema;
  const at = schema.items === undefined ? place : `${place}[]`;
  return Object.entries(inner.properties ?? {}).flatMap(([name, one]) => {
    const there = `${at}.${name}`;
    return [[there, one] as const, ...fieldsBelow(there, one)];
  });
}

/** As the server does it: a default is filled in where the parent is there, then the defaults below it. */
function withDefaults(schema: StructuralSchema, value: Readonly<Record<string, unknown>>): object {
  const filled: Record<string, unknown> = { ...value };
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const found = filled[name] ?? one.default;
    if (found !== undefined)
      filled[name] = one.type === 'object' ? withDefaults(one, found as Record<string, unknown>) : found;
  }
  return filled;
}
