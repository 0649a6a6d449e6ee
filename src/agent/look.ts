/** Step two of the loop: what the sources say now. Content decides whether anything changed. */
import { attempt } from './act.ts';
import type { Candidate } from './candidate.ts';
import type { Context } from './context.ts';
import { looked, lookFailed, looking, wantedAnew } from './schedule/state.ts';

export async function look(
  context: Context,
  watch: (paths: readonly string[]) => Promise<void>,
): Promise<void> {
  const { ports, memory, options, requests, now } = context;
  memory.schedule = looking(memory.schedule, now(), options.rules().policy);
  const start = now();
  if (memory.noticedAt !== undefined) ports.metrics.phase('settle', start - memory.noticedAt);
  memory.noticedAt = undefined;
  const found = await ports.subject.look();
  ports.metrics.phase('check', now() - start);
  if (found.kind === 'unreadable') {
    const isNews = memory.unreadable !== found.message;
    if (isNews && found.isAwaited === true)
      ports.log.info({ reason: found.message }, 'nothing is wanted yet');
    else if (isNews) ports.log.error({ reason: found.message }, 'sources cannot be read');
    memory.unreadable = found.message;
    await watch(found.watch);
    memory.schedule = lookFailed(memory.schedule, now(), ports.random(), options.rules().policy);
    requests.dismiss({ outcome: 'Failed', message: found.message, lines: [] });
    return;
  }
  const { candidate } = found;
  const before = memory.candidate;
  memory.unreadable = undefined;
  memory.candidate = candidate;
  await watch([...candidate.watch, ...(ports.tokens?.paths ?? [])]);
  ports.metrics.unwatchedFiles(candidate.unwatched.length);
  const certificates = ports.certificates.seen(candidate.pairs);
  ports.metrics.certificates(certificates.notAfter);
  const isRenewal = before !== undefined && before.withoutCertificates === candidate.withoutCertificates;
  const trigger = before === undefined ? 'start' : isRenewal ? 'certificate' : 'change';
  if (before !== undefined && before.key !== candidate.key) {
    ports.metrics.change();
    ports.log.info({ hash: candidate.hash, trigger }, 'sources changed');
  }
  const seen = memory.schedule.seen;
  memory.schedule = looked(memory.schedule, now(), {
    hash: candidate.key,
    loose: candidate.loose,
    stamp: candidate.stamp,
    trigger: seen?.hash === candidate.key ? seen.trigger : trigger,
    ...(certificates.half === undefined ? {} : { pair: certificates.half }),
    ...(certificates.urgent && isRenewal ? { urgent: true } : {}),
  });
  if (isHandedOutAgain(before, candidate)) memory.schedule = wantedAnew(memory.schedule);
  requests.askers.looked();
  const { schedule } = memory;
  const isBelieved = schedule.seen?.hash === candidate.key;
  // What nginx must not get at all needs no nginx to be refused.
  if (isBelieved && candidate.refusals.length > 0 && schedule.failure?.hash !== candidate.key)
    await attempt(context, trigger, new AbortController().signal);
}

/** Whoever hands out a revision once more waits for a verdict of this very time. */
function isHandedOutAgain(before: Candidate | undefined, candidate: Candidate): boolean {
  const number = before?.revision?.number;
  return number !== undefined && before?.key === candidate.key && candidate.revision?.number !== number;
}
