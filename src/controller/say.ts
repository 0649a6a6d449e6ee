/** Turning points of a rollout: an event on the NginxConfig, a line in the log, a count. Nothing in between is told. */
import { apiVersion } from '../api/names.ts';
import type { NginxConfig } from '../api/nginx-config.ts';
import type { NginxRevisionStatus } from '../api/nginx-revision.ts';
import type { Plan } from './plan.ts';
import type { ControllerPorts } from './ports.ts';
import type { RevisionView } from './views.ts';

export async function turningPoints(
  { recorder, log, metrics }: ControllerPorts,
  config: NginxConfig,
  revision: RevisionView,
  { outcome, number, message, durationMilliseconds }: NginxRevisionStatus,
  { refused, stable }: Plan,
): Promise<void> {
  const { name, namespace = '', uid } = config.metadata;
  const regarding = { apiVersion, kind: 'NginxConfig', namespace, name, uid };
  const shown = `revision ${number ?? '?'} (${revision.metadata.name})`;
  const fields = { config: `${namespace}/${name}`, revision: revision.metadata.name, number };
  switch (outcome) {
    case 'RollingOut':
      log.info(fields, 'rollout begins');
      return recorder.record({
        ...{ regarding, type: 'Normal', reason: 'RolloutStarted', action: 'Rollout' },
        message: `${shown} is on its way to the Pods`,
      });
    case 'Applied':
      log.info({ ...fields, durationMilliseconds }, 'rollout ends: applied');
      metrics.rollout('applied');
      return recorder.record({
        ...{ regarding, type: 'Normal', reason: 'RolledOut', action: 'Rollout' },
        message: `${shown} is proven on all Pods`,
      });
    case 'Rejected': {
      log.warn({ ...fields, reason: message, instance: refused?.instance }, 'rollout ends: rejected');
      metrics.rollout('rejected');
      const back = stable === undefined ? '' : `; all Pods go back to ${stable.metadata.name}`;
      return recorder.record({
        ...{ regarding, type: 'Warning', reason: 'RolloutRejected', action: 'Rollout' },
        message: `${shown} was refused by ${refused?.instance ?? 'a Pod'}: ${message ?? ''}${back}`,
      });
    }
    case 'Superseded':
      log.info(fields, 'rollout ends: a newer edit came first');
      metrics.rollout('superseded');
      return undefined;
    default:
      return undefined;
  }
}
