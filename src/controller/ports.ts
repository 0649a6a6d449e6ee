/** What the controller needs of the world above it; the composition root brings the real ones. */
import type { Clock } from '../base/clock.ts';
import type { Api } from '../kube/api.ts';
import type { Recorder } from '../kube/events.ts';

/** A static message with structured fields; pino's loggers have this shape. */
interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

type ReconcileResult = 'unchanged' | 'changed' | 'conflict' | 'failed';

/** What the controller counts and measures; telemetry/ gives each its name and its help text. */
export interface ControllerMetrics {
  reconciled(result: ReconcileResult, milliseconds: number): void;
  /** From an edit that was seen to its proof on all Pods. */
  propagated(milliseconds: number): void;
  rollout(result: 'applied' | 'rejected' | 'superseded'): void;
  leader(leads: boolean): void;
}

export interface ControllerPorts {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  readonly recorder: Recorder;
  /** In [0, 1): jitter. */
  readonly random: () => number;
}
