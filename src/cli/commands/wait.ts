/** `steward wait`: until what the NginxConfig and its ConfigMaps say now is proven on all Pods. */
import { Waker } from '../../agent/waker.ts';
import type { NginxConfig } from '../../api/nginx-config.ts';
import { StewardError } from '../../base/errors.ts';
import { neededConfigMaps } from '../../controller/gather.ts';
import { configMaps, own } from '../../kube/resource.ts';
import { trusted } from '../../kube/trusted.ts';
import { ask } from '../cluster/ask.ts';
import { checkRights, follow } from '../cluster/follow.ts';
import { type Goal, later, type Progress, progressOf, type Source } from '../cluster/goal.ts';
import { listAll, listInstances, type Metadata, metadataOnly, readConfig } from '../cluster/objects.ts';
import { print } from '../cluster/output.ts';
import { reasonLines } from '../cluster/pod-rows.ts';
import type { Session } from '../cluster/session.ts';
import { podState } from '../cluster/state.ts';
import { type Line, span } from '../status/text.ts';
import { measured } from '../status/times.ts';

export interface WaitWish {
  /** `Ready`, `Ready=False`, or as kubectl writes it: `condition=Ready`. */
  readonly condition: string;
  readonly timeoutMs: number;
}

const exits = { reached: 0, refused: 1, timeout: 4 };
/** What has come or gone is looked for this often while something was not seen. */
const lookMs = 1000;
/** A watch that is refused is noticed this soon. */
const tickMs = 200;

export async function wait(session: Session, name: string, wish: WaitWish): Promise<number> {
  const { clock } = session;
  const condition = conditionWish(wish.condition);
  const start = clock.monotonic();
  // The status first: what is newer than it can then only be taken for unseen.
  const config = await readConfig(session, name);
  const goal: Goal = {
    generation: config.metadata.generation ?? 0,
    sources: await sourcesOf(session, config),
    condition,
  };
  const progress = await until(session, config, goal, start + wish.timeoutMs);
  const waitedMs = Math.round(clock.monotonic() - start);
  if (progress.kind === 'reached' || progress.kind === 'refused') {
    const value = { name, result: progress.kind, condition, waitedMs, ...said(progress) };
    await print(session.output, value, () => [endLine(name, progress, condition, waitedMs)]);
    return exits[progress.kind];
  }
  const value = { name, result: 'timeout', condition, waitedMs, ...said(progress) };
  const lines = await timeoutLines(session, name, progress, condition, wish.timeoutMs);
  await print(session.output, value, () => lines);
  return exits.timeout;
}

/** The last that was known, when the time was over. */
async function until(
  session: Session,
  first: NginxConfig,
  firstGoal: Goal,
  deadline: number,
): Promise<Progress> {
  const { clock } = session;
  const { name, namespace = session.namespace } = first.metadata;
  const waker = new Waker(clock);
  const ended = new AbortController();
  const resource = own('NginxConfig');
  const reflector = follow<NginxConfig>(session, { resource, name }, () => waker.wake());
  let goal = firstGoal;
  let lookedAt = clock.monotonic();
  const running = reflector.run(ended.signal);
  try {
    for (;;) {
      const config = reflector.synced ? reflector.get(`${namespace}/${name}`) : first;
      if (config === undefined)
        throw new StewardError('STEWARD_NOT_FOUND', 'it has gone while it was waited for', {
          where: `NginxConfig ${name}`,
        });
      const progress = progressOf(config, goal);
      if (progress.kind === 'reached' || progress.kind === 'refused') return progress;
      checkRights(session, [{ resource, reflector }]);
      const now = clock.monotonic();
      if (now >= deadline) return progress;
      if (progress.kind === 'unseen' && now - lookedAt >= lookMs) {
        lookedAt = now;
        goal = later(goal, await sourcesOf(session, config));
      }
      await waker.sleep(Math.min(tickMs, deadline - now), ended.signal);
    }
  } finally {
    ended.abort();
    await running;
  }
}

/** The ConfigMaps that count, as they are now. */
async function sourcesOf(session: Session, config: NginxConfig): Promise<readonly Source[]> {
  const { namespace } = session;
  const hasSelector = config.spec.files.some(({ configMapSelector }) => configMapSelector !== undefined);
  if (!hasSelector)
    return Promise.all(
      neededConfigMaps(config, []).map(async (name) => {
        const found = await ask(session, {
          verb: 'get',
          resource: configMaps,
          namespace,
          name,
          accept: metadataOnly.object,
        });
        const { metadata } = trusted<Partial<Metadata>>(found, {});
        return { name, resourceVersion: metadata?.resourceVersion ?? '' };
      }),
    );
  const all = await listAll<Metadata>(session, configMaps, { namespace, accept: metadataOnly.list });
  const versions = new Map(
    all.map(({ metadata: { name, resourceVersion = '', labels = {} } }) => [
      name,
      { name, resourceVersion, labels },
    ]),
  );
  return neededConfigMaps(config, [...versions.values()]).map((name) => ({
    name,
    resourceVersion: versions.get(name)?.resourceVersion ?? '',
  }));
}

function conditionWish(text: string): Goal['condition'] {
  const match = /^(?:condition=)?([A-Za-z][A-Za-z0-9]*)(?:=(True|False|Unknown))?$/i.exec(text);
  if (match === null)
    throw new StewardError(
      'STEWARD_USAGE',
      `"${text}" is no condition (right ones: Ready, Available=False)`,
      {
        where: '--for',
      },
    );
  const [, type = '', status = 'True'] = match;
  return { type, status: status.slice(0, 1).toUpperCase() + status.slice(1).toLowerCase() };
}

function said(progress: Progress): { readonly reason: string; readonly message: string } {
  return progress.kind === 'unseen'
    ? { reason: 'NotSeen', message: `not seen yet: ${progress.missing.join(', ')}` }
    : { reason: progress.reason, message: progress.message };
}

function endLine(
  name: string,
  { kind, reason, message }: Extract<Progress, { kind: 'reached' | 'refused' }>,
  { type, status }: Goal['condition'],
  waitedMs: number,
): Line {
  const word = kind === 'refused' ? 'Stalled' : status === 'True' ? type : `${type}=${status}`;
  return [
    span(name, 'strong'),
    span('  '),
    span(word, kind === 'reached' ? 'good' : 'bad'),
    span(` (${reason})`, 'quiet'),
    span(` ${message}`),
    span(`  after ${measured(waitedMs)}`, 'quiet'),
  ];
}

async function timeoutLines(
  session: Session,
  name: string,
  progress: Exclude<Progress, { kind: 'reached' | 'refused' }>,
  { type, status }: Goal['condition'],
  timeoutMs: number,
): Promise<readonly Line[]> {
  const head: Line = [
    span(name, 'strong'),
    span('  '),
    span(`not ${type}${status === 'True' ? '' : `=${status}`}`, 'warning'),
    span(` within ${measured(timeoutMs)}`),
  ];
  if (progress.kind === 'unseen')
    return [
      head,
      ...progress.missing.map((one): Line => [span(`  not seen yet: ${one}`)]),
      [span('  is the controller running, and does it look at this namespace?', 'quiet')],
    ];
  const behind = (await listInstances(session, name)).filter(
    (one) => one.spec.revision?.hash !== one.status?.revision?.hash || podState(one).tone !== 'good',
  );
  return [
    head,
    [span(`  ${progress.message}`), span(` (${progress.reason})`, 'quiet')],
    ...behind.flatMap((instance): readonly Line[] => {
      const { word, tone } = podState(instance);
      return [
        [span(`  Pod ${instance.metadata.name}  `), span(word, tone)],
        ...reasonLines(instance).map((line): Line => [span('    '), ...line]),
      ];
    }),
  ];
}
