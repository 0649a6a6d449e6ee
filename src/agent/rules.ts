/** The rules that may change while the agent runs. */
import type { SchedulePolicy } from './schedule/state.ts';
import type { Schedule } from './schedule/timers.ts';

export interface Rules {
  readonly policy: SchedulePolicy;
  readonly schedules: readonly Schedule[];
  /** Milliseconds that a reload may take; the loop's health is measured against it too. */
  readonly timeoutMs: number;
  /** The URL that is asked after an applied change; undefined: none. */
  readonly probe: string | undefined;
}
