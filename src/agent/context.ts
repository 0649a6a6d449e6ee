/** What the steps of the loop share: the ports, the rules, and the agent's live memory. */
import type { ProcessIdentity, Verdict } from '../nginx/reload/verdict.ts';
import type { AttemptPorts, Before } from './attempt.ts';
import type { Candidate } from './candidate.ts';
import type { Certificates } from './certificates.ts';
import type { MasterWatch } from './master-watch.ts';
import type { Requests } from './requests.ts';
import type { Rules } from './rules.ts';
import { initialState, type NoticeKind, type ScheduleState } from './schedule/state.ts';
import type { AgentStatus, Attempt } from './status.ts';
import type { Store } from './store.ts';
import type { Subject } from './subject.ts';
import type { Tokens } from './tokens.ts';

/** Watches paths for as long as the agent runs. */
export interface Watch {
  readonly mode: 'inotify' | 'poll';
  readonly directories: number;
  watch(paths: readonly string[]): Promise<void>;
  /** Notices a rescan that is due: whoever wakes anyway saves the watch its own timer. */
  rescanIfDue(): void;
  close(): Promise<void>;
}

export interface AgentPorts extends AttemptPorts {
  readonly store: Store;
  readonly certificates: Certificates;
  readonly tokens: Tokens | undefined;
  /** `notice` tells of what may have changed; `wake` makes the loop turn, for rules and requests. */
  readonly watch: (notice: (kind: NoticeKind) => void, wake: () => void) => Watch;
  /** What people should know and the loop does not. */
  readonly findings: () => AgentStatus['conditions'];
  /** Something that the status tells may have changed. Must not throw and not take long. */
  readonly changed: () => void;
  /** Where nginx could reach into the agent, as long as this master runs. */
  readonly borders: (
    master: ProcessIdentity,
    workers: readonly ProcessIdentity[],
  ) => AgentStatus['conditions'];
  /** In [0, 1): jitter. */
  readonly random: () => number;
}

export interface AgentOptions {
  readonly version: string;
  readonly rules: () => Rules;
  /** Milliseconds between two rescans: where it is short, the loop turns as often. */
  readonly rescanMs: number;
}

/** A put back that failed: when it is tried again, on the clock that never goes back. */
export interface PutBackDue {
  readonly at: number;
  readonly tries: number;
}

/** A generation that was proven and died within its first moments. */
export interface DeadGeneration {
  readonly candidate: Candidate;
  readonly before: Before;
  readonly applied: Verdict;
}

/** Changes while the agent runs; the loop and its steps alone write it, each without a pause in between. */
export interface Memory {
  schedule: ScheduleState;
  candidate: Candidate | undefined;
  /** Why the sources could not be read as a whole, as of the last look. */
  unreadable: string | undefined;
  /** Newest first. */
  history: readonly Attempt[];
  pending: AgentStatus['pending'];
  putBackDue: PutBackDue | undefined;
  died: DeadGeneration | undefined;
  /** Ends the watch over a new generation and the look at what it serves. */
  firstMoments: AbortController;
  /** How many workers the present master starts under `worker_processes auto`: it counts the CPUs once. */
  autoWorkers: number | undefined;
  /** Why the last turn of the loop could not do its part; undefined when it could. */
  trouble: string | undefined;
  /** When the first change was noticed that no look has seen yet; on the clock that never goes back. */
  noticedAt: number | undefined;
  mendDue: boolean;
  borders: AgentStatus['conditions'];
}

export interface Context {
  readonly ports: AgentPorts;
  readonly options: AgentOptions;
  readonly memory: Memory;
  readonly masters: MasterWatch;
  readonly requests: Requests;
  /** Makes the loop turn. */
  readonly wake: () => void;
  /** Milliseconds on the clock that never goes back. */
  readonly now: () => number;
}

export function emptyMemory(): Memory {
  return {
    schedule: initialState(),
    candidate: undefined,
    unreadable: undefined,
    history: [],
    pending: undefined,
    putBackDue: undefined,
    died: undefined,
    firstMoments: new AbortController(),
    autoWorkers: undefined,
    trouble: undefined,
    noticedAt: undefined,
    mendDue: false,
    borders: [],
  };
}

export function runningBefore({ memory }: Context): Before {
  return { key: memory.schedule.proven, autoWorkers: memory.autoWorkers };
}

/** Why no signal can be sent, or none that would say anything; for people. */
export function obstacleOf({ masters: { view }, ports: { subject } }: Context): string | undefined {
  if (view.kind !== 'master') return view.message;
  return readsAnother(view.commandLine, subject);
}

/** nginx runs with a configuration that is not the one steward cares for: no verdict would say anything about it. */
function readsAnother(commandLine: string, { mode, configuration }: Subject): string | undefined {
  const given = /(?:^|\s)-c\s*(\S+)/.exec(commandLine)?.[1];
  if (given === configuration) return undefined;
  // Without -c nginx reads the file of its build, which in place is what the agent was pointed to.
  if (given === undefined && mode === 'in-place') return undefined;
  const has = given === undefined ? 'without -c' : `with -c ${given}`;
  return `nginx does not read the configuration that steward cares for: its master was started ${has}; start it with -c ${configuration}`;
}
