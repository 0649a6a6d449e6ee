/**
 * The loop of one Pod's agent: observe the master → look at the sources → decide (schedule/, pure) → act → report. One
 * thing at a time, in one place; whatever happens meanwhile is noted and waits for its turn.
 */
import { StewardError } from '../base/errors.ts';
import { attempt, putBackAgain, undoDead } from './act.ts';
import type { Answer } from './askers.ts';
import { type AgentOptions, type AgentPorts, type Context, emptyMemory, type Watch } from './context.ts';
import { look } from './look.ts';
import { MasterWatch } from './master-watch.ts';
import { countWorkers, observe } from './observe.ts';
import { reportStatus, stateOf } from './report.ts';
import { Requests } from './requests.ts';
import { type Decision, next } from './schedule/schedule.ts';
import { asked, declined, type NoticeKind, noticed } from './schedule/state.ts';
import type { AgentStatus } from './status.ts';
import { Waker } from './waker.ts';

/** With nothing to prove, the master is looked at this often; while there is none, much more often, slowing down. */
const masterLookMs = 12_000;
const firstMasterLookMs = 50;

/** A yes or no with its reason, for the health endpoints. */
export interface Health {
  readonly ok: boolean;
  readonly why: string;
}

export class Agent {
  readonly #context: Context;
  readonly #waker: Waker;
  readonly #startedAt: number;
  #watch: Watch | undefined;
  #turnAt: number;
  #troubles = 0;

  constructor(ports: AgentPorts, options: AgentOptions) {
    const { clock, log, tokens } = ports;
    this.#waker = new Waker(clock);
    this.#startedAt = clock.now();
    this.#turnAt = clock.monotonic();
    const memory = emptyMemory();
    const wake = (): void => this.#waker.wake();
    const now = (): number => clock.monotonic();
    const requests = new Requests({
      clock,
      log,
      tokens,
      schedules: () => options.rules().schedules,
      wake,
      asked: (trigger) => {
        memory.schedule = asked(memory.schedule, now(), trigger);
      },
    });
    this.#context = {
      ports,
      options,
      memory,
      masters: new MasterWatch(ports.nginx, clock),
      requests,
      wake,
      now,
    };
  }

  /** Runs until `signal` is aborted; whatever is under way then is left as state.json describes it. */
  async run(signal: AbortSignal): Promise<void> {
    const { ports, memory, requests } = this.#context;
    if (ports.store.get().attempt?.step === 'putting-back') memory.putBackDue = { at: 0, tries: 0 };
    const wrong = ports.subject.distrust();
    if (wrong.length > 0)
      ports.log.warn({ reason: wrong.join(', ') }, 'the last good tree was changed while no agent ran');
    this.#watch = ports.watch(
      (kind) => this.#noticed(kind),
      () => this.#waker.wake(),
    );
    try {
      while (!signal.aborted) await this.#turnOrPause(signal);
    } catch (error) {
      // Aborting is how a reload that is under way is left; anything else is a defect and must be seen.
      if (!signal.aborted) throw error;
    } finally {
      memory.firstMoments.abort();
      requests.dismiss({ outcome: 'Unproven', message: 'the agent is ending', lines: [] });
      await this.#watch.close();
    }
  }

  /** A request through the control socket; resolves with what became of it. */
  control(action: 'reload' | 'reopen-logs'): Promise<Answer> {
    return this.#context.requests.control(action);
  }

  /** Looks at the master now, for whoever asks how things are. */
  refresh(): void {
    if (this.#context.masters.refresh() === 'changed') this.#waker.wake();
    countWorkers(this.#context);
  }

  status(): AgentStatus {
    const { watch, context } = { watch: this.#watch, context: this.#context };
    return reportStatus(context, {
      startedAt: this.#startedAt,
      ready: this.ready().ok,
      watch: { mode: watch?.mode ?? 'inotify', directories: watch?.directories ?? 0 },
    });
  }

  startup(): Health {
    const ok = this.#context.ports.subject.started();
    return {
      ok,
      why: ok ? 'nginx may start' : `nothing is published yet: ${stateOf(this.#context).message}`,
    };
  }

  /** False only before the first proof, without a master, or when a put back failed: never for a refused change. */
  ready(): Health {
    const { ports, memory, masters } = this.#context;
    if (!ports.store.get().ready)
      return { ok: false, why: `nothing is proven yet: ${stateOf(this.#context).message}` };
    if (memory.putBackDue !== undefined)
      return { ok: false, why: 'the last good state could not be put back' };
    if (masters.view.kind === 'none') return { ok: false, why: masters.view.message };
    return { ok: true, why: 'nginx runs something proven' };
  }

  healthy(): Health {
    const idle = this.#context.now() - this.#turnAt;
    // A turn may hold a proof, a put back and a probe, each with its own timeout.
    const ok = idle < 3 * this.#context.options.rules().timeoutMs + 6 * masterLookMs;
    return { ok, why: `the loop turned ${Math.round(idle / 1000)} s ago` };
  }

  /** The agent does not end because something cannot be done now: it says so, and tries again. */
  async #turnOrPause(signal: AbortSignal): Promise<void> {
    const { ports, memory, options } = this.#context;
    try {
      await this.#turn(signal);
      memory.trouble = undefined;
      this.#troubles = 0;
      ports.changed();
    } catch (error) {
      if (!(error instanceof StewardError)) throw error;
      const message = `${error.message}. ${error.fix}`;
      if (message !== memory.trouble) ports.log.error({ code: error.code, reason: message }, 'cannot go on');
      memory.trouble = message;
      const { backoffMs, backoffMaxMs } = options.rules().policy;
      const pause = Math.min(backoffMaxMs, backoffMs * 2 ** Math.min(this.#troubles, 20));
      ports.changed();
      this.#troubles += 1;
      await this.#waker.sleep(pause, signal);
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const context = this.#context;
    const { ports, memory, requests, now } = context;
    this.#turnAt = now();
    requests.gather();
    await requests.reopenLogs(ports.nginx, signal);
    this.#watch?.rescanIfDue();
    if (memory.mendDue) await this.#mend();
    // What a master started with is known only once the sources were looked at.
    const isKnown = memory.candidate !== undefined || memory.unreadable !== undefined;
    // A change is on its way to nginx: a whole look at the process table would only hold it up.
    const isUrgent = this.#decide().act !== 'wait' && context.masters.isSettled(masterLookMs + 1000);
    if (isKnown && !isUrgent) await observe(context, signal);
    if (memory.died !== undefined) await undoDead(context, memory.died, signal);
    if (memory.putBackDue !== undefined && memory.putBackDue.at <= now())
      await putBackAgain(context, memory.putBackDue, signal);
    const decision = this.#decide();
    switch (decision.act) {
      case 'look':
        return look(context, async (paths) => this.#watch?.watch(paths));
      case 'attempt':
        if (decision.note !== undefined) ports.log.warn({ reason: decision.note }, 'a limit was given up');
        return attempt(context, decision.trigger, signal);
      case 'decline': {
        memory.schedule = declined(memory.schedule);
        const outcome = context.masters.view.kind === 'none' ? 'NoMaster' : 'Blocked';
        return requests.askers.declined({ outcome, message: decision.message, lines: [] });
      }
      case 'wait':
        return this.#wait(decision, signal);
    }
  }

  /** What was refused is not tried again while the last good state is not even back; anything else may mend that. */
  #decide(): Decision {
    const { memory, options, now } = this.#context;
    const decision = next(memory.schedule, options.rules().policy, now());
    const { failure, seen, requests } = memory.schedule;
    const isHeld = memory.putBackDue !== undefined && failure?.hash === seen?.hash && requests.length === 0;
    return isHeld && decision.act === 'attempt' ? { act: 'wait' } : decision;
  }

  async #wait(decision: Extract<Decision, { act: 'wait' }>, signal: AbortSignal): Promise<void> {
    const { ports, memory, requests, now } = this.#context;
    const wallOffset = ports.clock.now() - now();
    const { pending } = decision;
    if (pending !== undefined) {
      const { reason, message, until } = pending;
      memory.pending = {
        reason,
        message,
        ...(until === undefined ? {} : { until: new Date(until + wallOffset).toISOString() }),
      };
    }
    const timer = requests.nextTimer();
    const until = Math.min(
      decision.until ?? Number.POSITIVE_INFINITY,
      timer === undefined ? Number.POSITIVE_INFINITY : timer - wallOffset,
      memory.putBackDue?.at ?? Number.POSITIVE_INFINITY,
      this.#nextMasterLook(),
    );
    ports.changed();
    await this.#waker.sleep(until - now(), signal);
    memory.pending = undefined;
  }

  #nextMasterLook(): number {
    const { masters, options, now } = this.#context;
    if (masters.absentSince === undefined) return now() + Math.min(masterLookMs, options.rescanMs);
    const absent = now() - masters.absentSince;
    return now() + Math.min(masterLookMs, Math.max(firstMasterLookMs, absent / 10));
  }

  async #mend(): Promise<void> {
    const { ports, memory } = this.#context;
    memory.mendDue = false;
    const reason = await ports.subject.mend();
    if (reason !== undefined)
      ports.log.warn({ reason }, 'the published tree was changed by somebody else and is mended');
  }

  #noticed(kind: NoticeKind): void {
    const { ports, memory, now } = this.#context;
    const { notice, attempt: underWay } = memory.schedule;
    if (kind === 'rescan') {
      memory.mendDue = true;
    } else {
      memory.noticedAt ??= now();
      if (notice.now || notice.loose !== undefined || underWay !== undefined) ports.metrics.coalesced();
    }
    memory.schedule = noticed(memory.schedule, now(), kind);
    this.#waker.wake();
  }
}
