/** The first seconds of a generation: does it live? */
import type { Look } from './look.ts';
import { lookAt } from './look.ts';
import type { ProofPorts } from './proof.ts';
import type { ProcessIdentity, Verdict } from './verdict.ts';

/**
 * - `alive`: all of it ran until the end of the watch.
 * - `superseded`: another generation was started, so this one may leave.
 * - `master-ended`: nginx stops or has stopped.
 * - `died`: these workers are gone, though nobody told them to leave: the configuration kills them.
 */
export type GenerationOutcome =
  | { readonly kind: 'alive' | 'superseded' | 'master-ended' }
  | { readonly kind: 'died'; readonly died: readonly ProcessIdentity[] };

const everyMs = 50;
/** A master that is being ended (TERM) needs a moment after its workers. */
const endingMs = 500;

/**
 * Watches the generation of an `Applied` verdict for `ms` milliseconds. Another generation is known by a new worker seen
 * while all of the watched ones live: a reload starts it 100 ms before it ends the old one, a crash the other way round.
 */
export async function watchGeneration(
  { table, clock, signal }: Pick<ProofPorts, 'table' | 'clock' | 'signal'>,
  applied: Extract<Verdict, { kind: 'Applied' }>,
  ms = 2000,
): Promise<GenerationOutcome> {
  const end = clock.monotonic() + ms;
  let deadline = end;
  let died: readonly ProcessIdentity[] = [];
  for (;;) {
    const look = lookAt(table, clock, applied.master);
    const state = stateOf(look, applied);
    if (state === 'master-ended' || (state === 'superseded' && died.length === 0)) return { kind: state };
    if (state !== 'superseded' && state.length > 0 && died.length === 0) {
      died = state;
      deadline = look.at + endingMs;
    }
    if (look.at >= deadline) return died.length > 0 ? { kind: 'died', died } : { kind: 'alive' };
    await clock.sleep(Math.min(everyMs, deadline - look.at), signal);
  }
}

/** The members that died, unless something else explains what is seen. */
function stateOf(
  look: Look,
  { generation, noted, stuck }: Extract<Verdict, { kind: 'Applied' }>,
): 'superseded' | 'master-ended' | readonly ProcessIdentity[] {
  if (look.master === 'ended') return 'master-ended';
  const roles = new Map(look.children?.map((child) => [keyOf(child), child.role]));
  const gone = generation.filter((member) => isGone(roles.get(keyOf(member))));
  const known = new Set([...generation, ...noted, ...stuck].map(keyOf));
  const strangers = (look.children ?? []).some(
    (child) => (child.role === 'worker' || child.role === 'newborn') && !known.has(keyOf(child)),
  );
  const draining = generation.some((member) => roles.get(keyOf(member)) === 'draining');
  // A newborn may be a helper that takes a crashed one's place: nothing is lost by ending the watch then.
  if (strangers && (gone.length === 0 || draining)) return 'superseded';
  if (draining) return 'master-ended';
  return gone;
}

function isGone(role: NonNullable<Look['children']>[number]['role'] | undefined): boolean {
  return role === undefined || role === 'ended';
}

function keyOf(identity: ProcessIdentity): string {
  return `${identity.pid}:${identity.startTime}`;
}
