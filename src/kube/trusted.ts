/**
 * Takes what the API server sent for what its schema says it is; what is no object at all is `otherwise`. The server has
 * validated every object against the schema that it serves, so a second validation here would cost every agent a library
 * and find nothing. Optional fields stay optional in the type, since an older or newer version may not have them.
 */
export function trusted<T>(value: unknown, otherwise: T): T;
export function trusted(value: unknown, otherwise: unknown): unknown {
  return typeof value === 'object' && value !== null ? value : otherwise;
}
