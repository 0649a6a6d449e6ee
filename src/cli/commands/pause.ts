/** `steward pause` and `steward resume`: `spec.paused`. */

import { own } from '../../kube/resource.ts';
import { change, warnOfOthers } from '../cluster/change.ts';
import { readConfig } from '../cluster/objects.ts';
import { print } from '../cluster/output.ts';
import type { Session } from '../cluster/session.ts';
import { span } from '../status/text.ts';

export async function pause(session: Session, name: string): Promise<number> {
  const config = await readConfig(session, name);
  const was = config.spec.paused === true;
  if (!was) await change(session, own('NginxConfig'), name, { spec: { paused: true } });
  await print(session.output, { name, paused: true, changed: !was }, () => [
    [span(was ? `${name} was paused already` : `${name} is paused: no Pod is moved to another revision`)],
    [span(`edits are still rendered; ${session.program} resume ${name} lets them go on`, 'quiet')],
  ]);
  if (!was) warnOfOthers(session, config, 'spec.paused: true');
  return 0;
}

export async function resume(session: Session, name: string): Promise<number> {
  const config = await readConfig(session, name);
  const was = config.spec.paused === true;
  if (was) await change(session, own('NginxConfig'), name, { spec: { paused: null } });
  await print(session.output, { name, paused: false, changed: was }, () => [
    [span(was ? `${name} goes on` : `${name} was not paused`)],
    ...(was ? [[span(`${session.program} watch ${name} shows it`, 'quiet')]] : []),
  ]);
  if (was) warnOfOthers(session, config, 'no spec.paused');
  return 0;
}
