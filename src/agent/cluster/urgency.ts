/** How soon a status must be told. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { InstanceStatus } from './instance.ts';

/**
 * - `now`: somebody waits for it (a rollout for a verdict, a person for an acknowledgement, a Service for readiness).
 * - `soon`: it should be seen, and more of it may come in the next moments.
 * - `later`: counts and words that change with every breath; thousands of agents telling them would be a storm.
 */
export type Urgency = 'now' | 'soon' | 'later' | 'never';

/** States that an agent only passes through: what comes after them is told. */
const passing = new Set(['Proving', 'Pending']);

export function urgencyOf(written: InstanceStatus | undefined, status: InstanceStatus): Urgency {
  if (written === undefined) return 'now';
  if (!isDeepStrictEqual(awaited(written), awaited(status))) return 'now';
  const isState = written.state !== status.state && !passing.has(status.state ?? '');
  if (isState || !isDeepStrictEqual(seen(written), seen(status))) return 'soon';
  return isDeepStrictEqual(written, status) ? 'never' : 'later';
}

function awaited({ revision, provenAt, verdict, acknowledged, ready }: InstanceStatus): unknown[] {
  return [revision, provenAt, verdict, acknowledged, ready];
}

function seen({ masterStartedAt, certificates, versions, conditions }: InstanceStatus): unknown[] {
  return [
    masterStartedAt,
    certificates,
    versions,
    conditions?.map(({ type, reason, message }) => [type, reason, message]),
  ];
}
