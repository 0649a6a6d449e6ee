/** What the Pods should have, as the controller decides it. Pure. */
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { plan } from '../../controller/plan.ts';
import type { Sight } from './pod-rows.ts';

/** The pin, else the latest, else, where that was taken back, the last good one. `now` in milliseconds since the epoch. */
export function wantedOf({ config, revisions, instances }: Sight, now: number): NginxRevision | undefined {
  const { wanted } = plan({ config, latest: config.status?.latestRevision, revisions, instances, now });
  return revisions.find(({ metadata }) => metadata.name === wanted?.metadata.name);
}
