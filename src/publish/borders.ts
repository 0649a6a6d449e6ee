/**
 * Whether nginx can reach into the agent. Both have one uid, so that the agent may signal the master; what keeps nginx out
 * of the agent's `/proc/PID/root`, `environ` and `fd` is the kernel's check for those (`__ptrace_may_access`, described in
 * `ptrace(2)`): all uids and gids of the agent must be those of the one who looks, and the agent must be dumpable.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import type { Finding } from './finding.ts';

export interface Credentials {
  /** Real, effective and saved. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Supplementary ones. */
  readonly groups: readonly number[];
  /** It may look into every process (CAP_SYS_PTRACE). */
  readonly mayTrace: boolean;
}

export interface Agent {
  readonly uid: number;
  readonly gid: number;
  /** False where the kernel keeps others out whatever their ids are: its program may be executed and not read. */
  readonly dumpable: boolean;
}

export interface NginxProcess extends Credentials {
  /** For people: `the nginx master`, `a worker`. */
  readonly name: string;
}

const ptraceCapability = 19;

/** What is wrong with the border between the agent and these processes of nginx's; empty when it holds. */
export function borderFindings(agent: Agent, nginx: readonly NginxProcess[]): readonly Finding[] {
  const findings = nginx.flatMap((one) => findingOf(agent, one) ?? []);
  const reasons = new Set<string>();
  // Workers are alike: each matter is told once.
  return findings.filter(({ reason }) => !reasons.has(reason) && reasons.add(reason));
}

/** This very process. */
export function ownIdentity(proc = '/proc'): Agent {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  return { uid, gid, dumpable: isDumpable(uid, proc) };
}

/** What a process may do, from its /proc/PID/status, which all may read; undefined when it is gone. */
export function credentialsOf(pid: number, proc = '/proc'): Credentials | undefined {
  try {
    return parseCredentials(readFileSync(`${proc}/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

export function parseCredentials(status: string): Credentials | undefined {
  const uids = numbersOf(status, 'Uid');
  const gids = numbersOf(status, 'Gid');
  if (uids === undefined || gids === undefined) return undefined;
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return {
    uids: uids.slice(0, 3),
    gids: gids.slice(0, 3),
    groups: numbersOf(status, 'Groups') ?? [],
    mayTrace: ((BigInt(`0x${capabilities}`) >> BigInt(ptraceCapability)) & 1n) === 1n,
  };
}

function findingOf(agent: Agent, nginx: NginxProcess): Finding | undefined {
  const { name } = nginx;
  const reach = `${name} can read steward's environment and files, and write what steward may write, through /proc`;
  if (nginx.mayTrace)
    return {
      type: 'NoAgentBorder',
      reason: 'TraceCapability',
      message: `${reach}: it has the capability SYS_PTRACE, as a privileged container has, and root on a whole machine`,
    };
  if (!agent.dumpable || !nginx.uids.includes(agent.uid)) return undefined;
  const advice = `give steward a primary group that nginx does not have: runAsGroup in a Pod, the group of its service elsewhere`;
  if (nginx.gids.includes(agent.gid))
    return {
      type: 'NoAgentBorder',
      reason: 'SharedGroup',
      message: `${reach}: both have uid ${agent.uid} and gid ${agent.gid}; ${advice}`,
    };
  // A file of that group with the set-group-id bit turns a supplementary group into a primary one.
  if (nginx.groups.includes(agent.gid))
    return {
      type: 'NoAgentBorder',
      reason: 'SupplementaryGroup',
      message: `${reach}: gid ${agent.gid}, steward's own, is one of its supplementary groups; ${advice}`,
    };
  return undefined;
}

/**
 * The files of a process that is not dumpable belong to root. A root process sees no difference there, but knows the usual
 * cause: a program that it may not read.
 */
function isDumpable(uid: number, proc: string): boolean {
  try {
    if (uid !== 0) return statSync(`${proc}/self/environ`).uid === uid;
    accessSync(`${proc}/self/exe`, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function numbersOf(status: string, field: string): readonly number[] | undefined {
  const text = new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1];
  return text?.split(/\s+/).filter(Boolean).map(Number);
}
