/** What is wanted, and what was good before: from the config and its revisions alone. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { RevisionView } from '../views.ts';
import { withdrawn } from './facts.ts';

export interface Aims {
  /** What the sources or the pin ask for; undefined: nothing that there is. */
  readonly wanted: RevisionView | undefined;
  /** The latest. */
  readonly latest: RevisionView | undefined;
  readonly pin: RevisionView | undefined;
  /** What was last proven on all Pods, as far as it still is there and was not taken back. */
  readonly good: RevisionView | undefined;
  /** The pin names a revision that is not there. */
  readonly pinMissing: boolean;
  /** The latest was taken back by hand, and something else is wanted in its place. */
  readonly isWithdrawn: boolean;
}

export function aimsOf(
  { spec, status }: NginxConfig,
  revisions: readonly RevisionView[],
  latestName: string | undefined,
): Aims {
  const named = (name: string | undefined): RevisionView | undefined =>
    name === undefined ? undefined : revisions.find(({ metadata }) => metadata.name === name);
  const latest = named(latestName);
  const pin = named(spec.revision);
  const pinMissing = spec.revision !== undefined && pin === undefined;
  const isWithdrawn = spec.revision === undefined && latest !== undefined && withdrawn(latest);
  const replaced = isWithdrawn ? lastApplied(revisions, numberOf(latest)) : latest;
  const stable = named(status?.stableRevision);
  return {
    ...{ latest, pin, pinMissing, isWithdrawn },
    wanted: spec.revision === undefined ? replaced : pin,
    good: stable !== undefined && !withdrawn(stable) ? stable : lastApplied(revisions),
  };
}

/** The newest (before a number) that was proven on all and not taken back. */
function lastApplied(
  revisions: readonly RevisionView[],
  below = Number.POSITIVE_INFINITY,
): RevisionView | undefined {
  return revisions
    .filter((one) => one.status?.outcome === 'Applied' && !withdrawn(one) && numberOf(one) < below)
    .sort((one, other) => numberOf(other) - numberOf(one))[0];
}

function numberOf({ status }: RevisionView): number {
  return status?.number ?? 0;
}
