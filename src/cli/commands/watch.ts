/** `steward watch`: an NginxConfig and the progress of its Pods, live until interrupted. */
import process from 'node:process';
import { Waker } from '../../agent/waker.ts';
import { configLabel } from '../../api/names.ts';
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { own } from '../../kube/resource.ts';
import { checkRights, follow } from '../cluster/follow.ts';
import { happenings } from '../cluster/happenings.ts';
import { inOrder, numberOf, readConfig } from '../cluster/objects.ts';
import type { Sight } from '../cluster/pod-rows.ts';
import type { Session } from '../cluster/session.ts';
import { draw, streamLine, type Told } from '../cluster/watch-screen.ts';
import { processStage, type StageProcess } from '../status/stage.ts';

/** Ages are drawn anew this often. */
const redrawMs = 1000;
/** A burst of changes is one drawing. */
const burstMs = 40;
const mostKept = 100;

export async function watch(session: Session, name: string, host: StageProcess = process): Promise<number> {
  const { clock, output, namespace } = session;
  await readConfig(session, name);
  const waker = new Waker(clock);
  const changed = (): void => waker.wake();
  const labelSelector = `${configLabel}=${name}`;
  const configs = follow<NginxConfig>(session, { resource: own('NginxConfig'), name }, changed);
  const revisions = follow<NginxRevision>(
    session,
    { resource: own('NginxRevision'), labelSelector },
    changed,
  );
  const instances = follow<NginxInstance>(
    session,
    { resource: own('NginxInstance'), labelSelector },
    changed,
  );
  const followed = [
    { resource: own('NginxConfig'), reflector: configs },
    { resource: own('NginxRevision'), reflector: revisions },
    { resource: own('NginxInstance'), reflector: instances },
  ] as const;
  const isScreen = host.stdout.isTTY === true && output.format === 'text';
  const stage = processStage(host, isScreen);
  const ended = new AbortController();
  const end = (): void => ended.abort();
  stage.ended.addEventListener('abort', end, { once: true });
  const running = Promise.all(followed.map(({ reflector }) => reflector.run(ended.signal)));

  let before: Sight | undefined;
  const told: Told[] = [];
  const look = (): void => {
    if (!followed.every(({ reflector }) => reflector.synced)) return;
    const config = configs.get(`${namespace}/${name}`);
    const sight: Sight | undefined =
      config === undefined
        ? undefined
        : {
            config,
            revisions: revisions.list().toSorted((a, b) => numberOf(b) - numberOf(a)),
            instances: inOrder(instances.list()),
          };
    const news = happenings(before, sight).map((one): Told => ({ ...one, at: clock.now() }));
    before = sight;
    told.push(...news);
    told.splice(0, Math.max(0, told.length - mostKept));
    if (!isScreen) {
      const format = output.format === 'json' ? 'json' : 'text';
      for (const one of news) output.write(`${streamLine(one, format, output.colour)}\n`);
    }
  };
  let complained: string | undefined;
  const show = (): void => {
    const trouble = followed.map(({ reflector }) => reflector.failure?.message).find(Boolean);
    if (!isScreen) {
      if (trouble !== undefined && trouble !== complained)
        output.complain(`no news: ${trouble}; trying again`);
      complained = trouble;
      return;
    }
    const isKnown = before !== undefined || told.length > 0;
    // Nothing was read yet: an empty screen says nothing.
    if (!isKnown && trouble === undefined) return;
    draw(stage, { sight: before, name, told, trouble }, { colour: output.colour, now: clock.now() });
  };
  const release = stage.begin(show);
  try {
    while (!ended.signal.aborted) {
      look();
      show();
      checkRights(session, followed);
      await waker.sleep(redrawMs, ended.signal);
      await clock.sleep(burstMs, ended.signal).catch(() => undefined);
    }
  } finally {
    ended.abort();
    stage.ended.removeEventListener('abort', end);
    release();
    await running;
  }
  return 0;
}
