/**
 * From a zod schema to what a CustomResourceDefinition may hold: a structural schema
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 */
import { z } from 'zod';

interface ValidationRule {
  /** In CEL. */
  readonly rule: string;
  readonly message: string;
}

export interface StructuralSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Keywords that both languages have, in the order in which people read them. */
const kept = [
  'description',
  'type',
  'format',
  'default',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
] as const;

const walked = ['properties', 'additionalProperties', 'items', 'anyOf'] as const;

/** @throws TypeError for a schema that says something that no structural schema can say, with its place. */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  const { $schema: _, ...source } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  return structural(source, '');
}

function structural(source: JsonSchema, place: string): StructuralSchema {
  for (const keyword of Object.keys(source))
    if (![...kept, ...walked].some((known) => known === keyword))
      throw new TypeError(`${place}: a structural schema has no ${keyword}`);
  if (source['x-kubernetes-int-or-string'] === true) return keywords(source, ['type']);
  if (source.anyOf !== undefined) throw new TypeError(`${place}: one of several types`);
  if (source.type === undefined) return { ...keywords(source), 'x-kubernetes-preserve-unknown-fields': true };
  return { ...keywords(source), ...children(source, place) };
}

function children(source: JsonSchema, place: string): StructuralSchema {
  const { properties, additionalProperties, items } = source;
  if (properties !== undefined)
    return {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [name, below(one, `${place}.${name}`)]),
      ),
    };
  if (items !== undefined) {
    if (Array.isArray(items)) throw new TypeError(`${place}: a list with a type for each place`);
    return { items: below(items, `${place}[]`) };
  }
  if (typeof additionalProperties === 'object')
    return Object.keys(additionalProperties).length === 0
      ? { 'x-kubernetes-preserve-unknown-fields': true }
      : { additionalProperties: below(additionalProperties, `${place}.*`) };
  return {};
}

function below(source: JsonSchema | boolean, place: string): StructuralSchema {
  if (typeof source === 'boolean') throw new TypeError(`${place}: everything or nothing`);
  return structural(source, place);
}

function keywords(source: JsonSchema, without: readonly string[] = []): StructuralSchema {
  const found = kept.flatMap((keyword) => {
    const value: unknown = source[keyword];
    return value === undefined || without.includes(keyword) || isNoBound(keyword, source)
      ? []
      : [[keyword, value] as const];
  });
  return {
    ...Object.fromEntries(found),
    ...(source.type === 'integer' && { format: 'int64' }),
  };
}

/** What zod says of every whole number and of every time of day, and the server knows by the format. */
function isNoBound(keyword: string, source: JsonSchema): boolean {
  if (keyword === 'minimum') return source.minimum === Number.MIN_SAFE_INTEGER;
  if (keyword === 'maximum') return source.maximum === Number.MAX_SAFE_INTEGER;
  return keyword === 'pattern' && source.format === 'date-time';
}
