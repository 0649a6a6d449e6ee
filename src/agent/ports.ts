/** What the agent needs of the world above it; the composition root brings the real ones. */
import type { VerdictKind } from '../nginx/reload/verdict.ts';

/** A static message with structured fields; pino's loggers have this shape. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Why a reload was made. */
export type Trigger =
  | 'start'
  | 'change'
  | 'certificate'
  | 'schedule'
  | 'annotation'
  | 'control'
  | 'retry'
  | 'put-back'
  | 'master-start';

export type Phase = 'settle' | 'check' | 'publish' | 'signal' | 'verify';

/** What the agent counts and measures; telemetry/ gives each its name and its help text. */
export interface Metrics {
  reload(trigger: Trigger, verdict: VerdictKind): void;
  phase(phase: Phase, milliseconds: number): void;
  lastReload(successful: boolean, atMilliseconds: number): void;
  /** Only after proof. */
  config(revision: string, hash: string): void;
  change(): void;
  coalesced(): void;
  rollback(): void;
  workers(running: number, draining: number): void;
  masterStart(): void;
  certificates(notAfter: ReadonlyMap<string, number>): void;
  watchMode(mode: 'inotify' | 'poll'): void;
  unwatchedFiles(count: number): void;
}
