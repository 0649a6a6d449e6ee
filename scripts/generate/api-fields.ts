/** The fields of a schema as rows for people. */
import type { StructuralSchema } from '../../src/api/structural.ts';

export interface Field {
  /** `files[].configMap.name` */
  readonly path: string;
  readonly type: string;
  /** In Markdown; empty: none. */
  readonly fallback: string;
  readonly meaning: string;
}

/** All fields below a schema, a parent before its children. */
export function fieldsOf(schema: StructuralSchema, path = ''): readonly Field[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, one]) => {
    const place = path === '' ? name : `${path}.${name}`;
    const inner = one.items ?? one;
    return [
      field(place, one, required.includes(name)),
      ...fieldsOf(inner, inner === one ? place : `${place}[]`),
    ];
  });
}

function field(path: string, schema: StructuralSchema, required: boolean): Field {
  const { default: fallback } = schema;
  const rules = [...rulesOf(schema), ...(schema.items === undefined ? [] : rulesOf(schema.items))];
  const sentences = [schema.description, schema.items?.description, ...rules.map((rule) => `Rule: ${rule}.`)];
  return {
    path,
    type: `${typeOf(schema)}${required ? ', **required**' : ''}`,
    fallback: typeof fallback === 'string' || typeof fallback === 'number' ? `\`${fallback}\`` : '',
    meaning: sentences.filter((one) => one !== undefined && one !== '').join(' '),
  };
}

function rulesOf(schema: StructuralSchema): readonly string[] {
  return (schema['x-kubernetes-validations'] ?? []).map(({ message }) => message);
}

function typeOf(schema: StructuralSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (schema.items !== undefined)
    return `list of ${plainType(schema.items)}s${range(schema.minItems, schema.maxItems)}`;
  if (schema.additionalProperties !== undefined) return `map of ${plainType(schema.additionalProperties)}s`;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'object of any content';
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (schema.format === 'date-time') return 'time';
  if (isDuration(schema)) return 'duration';
  return `${schema.type ?? 'anything'}${bounds(schema)}`;
}

function plainType({ type }: StructuralSchema): string {
  return type ?? 'anything';
}

function isDuration(schema: StructuralSchema): boolean {
  return (schema['x-kubernetes-validations'] ?? []).some(({ rule }) => rule.includes('duration(self)'));
}

function bounds({ type, minimum, maximum, maxLength }: StructuralSchema): string {
  if (type !== 'string') return range(minimum, maximum);
  return maxLength === undefined ? '' : `, up to ${maxLength} characters`;
}

function range(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  if (most !== undefined) return `, at most ${most}`;
  return least === undefined ? '' : `, at least ${least}`;
}
