/** Everything that asks for something: the control socket, annotations, schedules; and what each is told. */
import type { Clock } from '../base/clock.ts';
import { type Answer, Askers } from './askers.ts';
import type { Nginx } from './nginx.ts';
import type { Log } from './ports.ts';
import type { RequestTrigger } from './schedule/state.ts';
import { due, nextDue, type Schedule } from './schedule/timers.ts';
import type { AgentStatus } from './status.ts';
import type { TokenRequest, Tokens } from './tokens.ts';

type Acknowledged = AgentStatus['acknowledged'][number];

export interface RequestPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly tokens: Tokens | undefined;
  readonly schedules: () => readonly Schedule[];
  /** A reload is asked for: the loop's schedule decides when. */
  readonly asked: (trigger: RequestTrigger) => void;
  readonly wake: () => void;
}

const historyLength = 20;

export class Requests {
  /** Those who wait for a reload. */
  readonly askers = new Askers();
  readonly #ports: RequestPorts;
  #reopen: ((answer: Answer) => void)[] = [];
  #acknowledged: readonly Acknowledged[] = [];
  #timersSeen: number;

  constructor(ports: RequestPorts) {
    this.#ports = ports;
    this.#timersSeen = ports.clock.now();
  }

  /** Newest first. */
  get acknowledged(): readonly Acknowledged[] {
    return this.#acknowledged;
  }

  /** A request through the control socket; resolves with what became of it. */
  control(action: 'reload' | 'reopen-logs'): Promise<Answer> {
    return this.#ask(action, 'control');
  }

  /** Asks what the clock and the annotations ask for. */
  gather(): void {
    const { clock, schedules, tokens, log } = this.#ports;
    const now = clock.now();
    const fired = due(schedules(), this.#timersSeen, now);
    this.#timersSeen = now;
    for (const { action, cron } of fired) {
      log.info({ action, cron }, 'schedule');
      void this.#ask(action, 'schedule');
    }
    for (const request of tokens?.fresh() ?? []) {
      const { action, value, on } = request;
      log.info({ action, value, on }, 'annotation');
      void this.#ask(action, 'annotation', request);
    }
  }

  /** Milliseconds since the epoch at which a schedule comes up next. */
  nextTimer(): number | undefined {
    return nextDue(this.#ports.schedules(), this.#timersSeen);
  }

  /** Does what was asked of the logs. */
  async reopenLogs(nginx: Nginx, signal: AbortSignal): Promise<void> {
    const asked = this.#reopen;
    if (asked.length === 0) return;
    this.#reopen = [];
    const { outcome, message } = await nginx.reopenLogs(signal);
    this.#ports.log.info({ outcome, reason: message }, 'reopen-logs');
    for (const answer of asked) answer({ outcome, message, lines: [] });
  }

  /** Nobody is left waiting. */
  dismiss(answer: Answer): void {
    this.askers.dismiss(answer);
    for (const waiting of this.#reopen) waiting(answer);
    this.#reopen = [];
  }

  async #ask(
    action: 'reload' | 'reopen-logs',
    origin: Acknowledged['origin'],
    token?: TokenRequest,
  ): Promise<Answer> {
    const promise = action === 'reload' ? this.askers.add(origin) : this.#addReopen();
    if (action === 'reload') this.#ports.asked(origin);
    this.#ports.wake();
    const answer = await promise;
    const at = new Date(this.#ports.clock.now()).toISOString();
    const value = token === undefined ? {} : { value: token.value };
    const entry = { action, origin, verdict: answer.outcome, at, ...value };
    this.#acknowledged = [entry, ...this.#acknowledged].slice(0, historyLength);
    token?.answered?.(answer.outcome);
    return answer;
  }

  #addReopen(): Promise<Answer> {
    return new Promise((resolve) => this.#reopen.push(resolve));
  }
}
