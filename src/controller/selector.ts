/** Label selectors, as Kubernetes takes them (`LabelSelectorAsSelector` of apimachinery). */
import type { LabelSelector } from '../api/nginx-config.ts';

type Labels = Readonly<Record<string, string>>;
type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

/**
 * Whether all requirements hold. One without requirements matches everything; one that Kubernetes would refuse (see
 * `selectorProblem`) matches nothing.
 */
export function matchesSelector(selector: LabelSelector, labels: Labels): boolean {
  if (selectorProblem(selector) !== undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every((requirement) => holds(requirement, labels))
  );
}

/** Why Kubernetes would refuse the selector, or undefined. */
export function selectorProblem({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelector): string | undefined {
  for (const [key, value] of Object.entries(matchLabels)) {
    const problem = keyProblem(key) ?? valueProblem(value);
    if (problem !== undefined) return problem;
  }
  for (const requirement of matchExpressions) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function holds({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // What has no such label is not in any list either.
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function requirementProblem({ key, operator, values = [] }: Requirement): string | undefined {
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0)
    return `${operator} needs values, such as {key: tier, operator: ${operator}, values: [edge]}`;
  if (!takesValues && values.length > 0)
    return `${operator} takes no values: write {key: tier, operator: ${operator}}`;
  return keyProblem(key) ?? values.map(valueProblem).find((problem) => problem !== undefined);
}

const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPattern = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function keyProblem(key: string): string | undefined {
  const parts = key.split('/');
  const [name = '', prefix] = parts.toReversed();
  const isKey =
    parts.length <= 2 && namePattern.test(name) && (prefix === undefined || prefixPattern.test(prefix));
  return isKey ? undefined : `${JSON.stringify(key)} is no label's key: tier, or example.com/tier`;
}

function valueProblem(value: string): string | undefined {
  return value === '' || namePattern.test(value)
    ? undefined
    : `${JSON.stringify(value)} is no label's value: at most 63 letters, digits, "-", "_" and ".", such as edge`;
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
