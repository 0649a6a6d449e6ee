/** What a config's status is made of. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevisionStatus } from '../../api/nginx-revision.ts';
import type { Refusal, SeenSource } from '../gather.ts';
import type { Plan } from '../plan.ts';
import type { PodView } from '../pods.ts';

export interface Facts {
  readonly config: NginxConfig;
  readonly plan: Plan;
  readonly instances: readonly NginxInstance[];
  /** Pods that have no instance yet. */
  readonly missing: number;
  /** Pods whose label was changed while they ran. */
  readonly relabelled: readonly PodView[];
  /** The status of the wanted revision as it is after this look. */
  readonly wantedStatus: NginxRevisionStatus | undefined;
  /** What the newest rendering came to; undefined: none was made yet. */
  readonly rendering:
    | { readonly kind: 'revised'; readonly name: string; readonly sources: readonly SeenSource[] }
    | (Refusal & { readonly sources: readonly SeenSource[] })
    | undefined;
  /** A change is seen and waits to be rendered. */
  readonly isBehind: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
