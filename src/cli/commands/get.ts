/** `steward get`: the NginxConfigs and how they are; of one also its Pods. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import { inOrder, listConfigs, listInstances, listRevisions, readConfig } from '../cluster/objects.ts';
import { print, printLines } from '../cluster/output.ts';
import { plainObject } from '../cluster/plain-object.ts';
import { sightLines } from '../cluster/pod-rows.ts';
import type { Session } from '../cluster/session.ts';
import { stateOf } from '../cluster/state.ts';
import { type Cell, table } from '../cluster/table.ts';
import { span } from '../status/text.ts';
import { duration } from '../status/times.ts';

export async function get(
  session: Session,
  name: string | undefined,
  isEverywhere: boolean,
): Promise<number> {
  return name === undefined ? getAll(session, isEverywhere) : getOne(session, name);
}

async function getAll(session: Session, isEverywhere: boolean): Promise<number> {
  const { output, clock, namespace } = session;
  const configs = inOrder(await listConfigs(session, isEverywhere));
  if (configs.length === 0 && output.format === 'text') {
    const where = isEverywhere ? 'in the cluster' : `in namespace ${namespace}`;
    printLines(output, [
      [span(`no NginxConfig ${where}`)],
      ...(isEverywhere ? [] : [[span(`of all namespaces: ${session.program} get -A`, 'quiet')]]),
    ]);
    return 0;
  }
  const value = { apiVersion: 'v1', kind: 'List', items: configs.map(plainObject) };
  await print(output, value, () =>
    table(
      [...(isEverywhere ? ['NAMESPACE'] : []), 'NAME', 'STATE', 'REVISION', 'READY', 'AGE', 'SUMMARY'],
      configs.map((config) => [
        ...(isEverywhere ? [config.metadata.namespace ?? ''] : []),
        ...rowOf(config, clock.now()),
      ]),
      output.isTerminal ? output.columns : undefined,
    ),
  );
  return 0;
}

async function getOne(session: Session, name: string): Promise<number> {
  const { output, clock } = session;
  const [config, revisions, instances] = await Promise.all([
    readConfig(session, name),
    listRevisions(session, name),
    listInstances(session, name),
  ]);
  const value = { config: plainObject(config), instances: instances.map(plainObject) };
  await print(output, value, () =>
    sightLines({ config, revisions, instances }, Math.max(60, output.columns), clock.now()),
  );
  return 0;
}

function rowOf(config: NginxConfig, now: number): readonly Cell[] {
  const { metadata, status } = config;
  const state = stateOf(config);
  const { creationTimestamp } = metadata;
  return [
    metadata.name,
    { text: state.word, tone: state.tone },
    status?.latestNumber === undefined ? '-' : String(status.latestNumber),
    status?.ready ?? '-',
    creationTimestamp === undefined ? '-' : duration(now - Date.parse(creationTimestamp)),
    (state.word === 'Ready' ? status?.summary : undefined) ?? state.sentence,
  ];
}
