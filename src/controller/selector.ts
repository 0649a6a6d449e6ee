/** Label selectors, as Kubernetes means them. */
import type { LabelSelector } from '../api/nginx-config.ts';

/** An empty selector matches everything. */
export function matchesSelector(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const has = (key: string): boolean => Object.hasOwn(labels, key);
  return (
    Object.entries(matchLabels).every(([key, value]) => has(key) && labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const isOneOf = has(key) && values.includes(labels[key] ?? '');
      // A label that is not there has none of the values.
      return { In: isOneOf, NotIn: !isOneOf, Exists: has(key), DoesNotExist: !has(key) }[operator];
    })
  );
}
