/** `steward reload NAME`: every Pod of an NginxConfig reloads once, and says what came of it. */
import { Waker } from '../../agent/waker.ts';
import { configLabel, reloadAnnotation } from '../../api/names.ts';
import type { NginxInstance } from '../../api/nginx-instance.ts';
import { own, pods } from '../../kube/resource.ts';
import { change } from '../cluster/change.ts';
import { checkRights, follow } from '../cluster/follow.ts';
import { inOrder, listInstances, noSuch, readConfig } from '../cluster/objects.ts';
import { print, printLines } from '../cluster/output.ts';
import { reasonLines } from '../cluster/pod-rows.ts';
import type { Session } from '../cluster/session.ts';
import { verdictTone } from '../cluster/state.ts';
import { type Line, span } from '../status/text.ts';
import { measured } from '../status/times.ts';

export interface ReloadWish {
  /** This one alone. */
  readonly pod: string | undefined;
  readonly wait: boolean;
  readonly timeoutMs: number;
}

/** A watch that is refused is noticed this soon. */
const tickMs = 200;

interface Answer {
  readonly pod: string;
  /** Undefined: none came in time. `Gone`: the Pod ended. */
  readonly verdict: string | undefined;
  readonly instance: NginxInstance | undefined;
}

export async function reloadPods(session: Session, name: string, wish: ReloadWish): Promise<number> {
  const { output, clock, program } = session;
  await readConfig(session, name);
  const instances = await listInstances(session, name);
  const asked =
    wish.pod === undefined ? instances : instances.filter(({ metadata }) => metadata.name === wish.pod);
  if (wish.pod !== undefined && asked.length === 0)
    noSuch(
      'Pod',
      wish.pod,
      instances.map(({ metadata }) => metadata.name),
      `NginxConfig ${name}`,
    );
  const token = newToken(session);
  const start = clock.monotonic();
  const patch = { metadata: { annotations: { [reloadAnnotation]: token } } };
  if (wish.pod === undefined) await change(session, own('NginxConfig'), name, patch);
  else await change(session, pods, wish.pod, patch);
  const names = asked.map(({ metadata }) => metadata.name);
  if (!wish.wait || names.length === 0) {
    await print(output, { name, token, pods: names, answers: [] }, () => [
      [
        span(
          names.length === 0
            ? `no Pod runs ${name}: there is nothing to reload`
            : `asked ${names.join(', ')}`,
        ),
      ],
      ...(names.length === 0 ? [] : [[span(`${program} get ${name} shows what comes of it`, 'quiet')]]),
    ]);
    return 0;
  }
  const isText = output.format === 'text';
  const width = Math.max(...names.map((pod) => pod.length));
  const answers = await collect(session, name, {
    names,
    token,
    origin: wish.pod === undefined ? 'Config' : 'Pod',
    deadline: start + wish.timeoutMs,
    answered: (answer) => {
      if (isText) printLines(output, answerLines(answer, width, clock.monotonic() - start, wish.timeoutMs));
    },
  });
  if (!isText) {
    const value = answers.map(({ pod, verdict }) => ({ pod, verdict: verdict ?? null }));
    await print(output, { name, token, pods: names, answers: value }, () => []);
  }
  return exitCode(answers);
}

/** Each Pod's answer as it comes; those that do not come, at the end. */
async function collect(
  session: Session,
  name: string,
  wish: {
    readonly names: readonly string[];
    readonly token: string;
    readonly origin: string;
    readonly deadline: number;
    readonly answered: (answer: Answer) => void;
  },
): Promise<readonly Answer[]> {
  const { clock, namespace } = session;
  const waker = new Waker(clock);
  const ended = new AbortController();
  const resource = own('NginxInstance');
  const reflector = follow<NginxInstance>(
    session,
    { resource, labelSelector: `${configLabel}=${name}` },
    () => waker.wake(),
  );
  const running = reflector.run(ended.signal);
  const answers: Answer[] = [];
  const open = new Set(wish.names);
  const settle = (answer: Answer): void => {
    open.delete(answer.pod);
    answers.push(answer);
    wish.answered(answer);
  };
  try {
    for (;;) {
      if (reflector.synced)
        for (const pod of open) {
          const instance = reflector.get(`${namespace}/${pod}`);
          const verdict = instance === undefined ? 'Gone' : acknowledged(instance, wish.origin, wish.token);
          if (verdict !== undefined) settle({ pod, verdict, instance });
        }
      checkRights(session, [{ resource, reflector }]);
      const left = wish.deadline - clock.monotonic();
      if (open.size === 0 || left <= 0) break;
      await waker.sleep(Math.min(tickMs, left), ended.signal);
    }
  } finally {
    ended.abort();
    await running;
  }
  for (const pod of open) settle({ pod, verdict: undefined, instance: reflector.get(`${namespace}/${pod}`) });
  return inOrder(answers.map((answer) => ({ ...answer, metadata: { name: answer.pod } })));
}

function acknowledged({ status }: NginxInstance, origin: string, token: string): string | undefined {
  return status?.acknowledged?.find(
    (one) => one.action === 'Reload' && one.origin === origin && one.token === token,
  )?.verdict;
}

function answerLines(
  { pod, verdict, instance }: Answer,
  width: number,
  tookMs: number,
  timeoutMs: number,
): readonly Line[] {
  const head = span(`${pod.padEnd(width)}  `);
  if (verdict === 'Gone') return [[head, span('the Pod has ended', 'quiet')]];
  if (verdict === undefined)
    return [
      [head, span('no answer', 'warning'), span(` within ${measured(timeoutMs)}`)],
      ...(instance === undefined ? [] : reasonLines(instance)).map((line): Line => [span('  '), ...line]),
    ];
  const isGood = verdictTone(verdict) === 'good' || instance === undefined;
  return [
    [head, span(verdict, verdictTone(verdict)), span(`  after ${measured(tookMs)}`, 'quiet')],
    ...(isGood ? [] : reasonLines(instance)).map((line): Line => [span('  '), ...line]),
  ];
}

/** The worst that happened. */
function exitCode(answers: readonly Answer[]): number {
  const verdicts = new Set(answers.map(({ verdict }) => verdict));
  if (verdicts.has('Degraded')) return 3;
  for (const refused of ['Rejected', 'RefusedByLint', 'RefusedByProbe', 'Failed'])
    if (verdicts.has(refused)) return 1;
  const good = new Set<string | undefined>(['Applied', 'Existing', 'Gone', 'Stopping']);
  return [...verdicts].every((verdict) => good.has(verdict)) ? 0 : 4;
}

/** For people the time; the rest makes sure that no two are the same. */
function newToken({ clock, random }: Session): string {
  const letters = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  return `${new Date(clock.now()).toISOString()}-${letters}`;
}
