/** The texts of /proc, as `proc(5)` describes them. Pure. */
import type { ProcessStat, ProcessStatus, SignalSets, Uids } from './process-table.ts';

/** The program's name may hold anything, spaces and parentheses too: the last parenthesis ends it. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  // After the name comes field 3, the state.
  const fields = text.slice(close + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const parent = Number(fields[1]);
  const startTime = Number(fields[19]);
  if (!Number.isInteger(pid) || !Number.isInteger(parent) || !Number.isInteger(startTime)) return undefined;
  return { pid, comm: text.slice(open + 1, close), state: fields[0] ?? '', parent, startTime };
}

export function parseStatus(text: string): ProcessStatus | undefined {
  const state = field(text, 'State')?.[0];
  const uids = parseIds(field(text, 'Uid'));
  const gids = parseIds(field(text, 'Gid'));
  const pid = field(text, 'Pid');
  if (state === undefined || uids === undefined || gids === undefined || pid === undefined) return undefined;
  const inNamespaces = field(text, 'NSpid')?.split(/\s+/) ?? [];
  const allowed = field(text, 'Cpus_allowed');
  const voluntary = field(text, 'voluntary_ctxt_switches');
  const involuntary = field(text, 'nonvoluntary_ctxt_switches');
  return {
    state,
    uids,
    gids,
    signals: parseSignals(text),
    innermostPid: Number(inNamespaces.at(-1) ?? pid),
    allowedCpus: allowed === undefined ? undefined : countBits(allowed),
    switches:
      voluntary === undefined || involuntary === undefined
        ? undefined
        : Number(voluntary) + Number(involuntary),
  };
}

/** Strings, each ended by a NUL byte; a title written over them may be followed by many. */
export function parseCommandLine(text: string): readonly string[] {
  const args = text.split('\0');
  while (args.length > 0 && args.at(-1) === '') args.pop();
  return args;
}

/** Numbers with spaces between and after them. */
export function parsePids(text: string): readonly number[] {
  const pids: number[] = [];
  for (const word of text.split(/\s+/)) if (word !== '') pids.push(Number(word));
  return pids;
}

/** How many CPUs a list such as `0-3,8` names. */
export function parseCpuList(text: string): number | undefined {
  let count = 0;
  for (const range of text.trim().split(',')) {
    if (!/^\d+(?:-\d+)?$/.test(range)) return undefined;
    const [first = 0, last = first] = range.split('-').map(Number);
    count += last - first + 1;
  }
  return count;
}

function field(text: string, name: string): string | undefined {
  const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
  if (start === 0 && !text.startsWith(`${name}:`)) return undefined;
  const end = text.indexOf('\n', start);
  // A line that the read cut off is as good as missing: half a mask would be a wrong one.
  return end < 0 ? undefined : text.slice(start + name.length + 1, end).trim();
}

function parseIds(text: string | undefined): Uids | undefined {
  const [real, effective, saved] = text?.split(/\s+/).map(Number) ?? [];
  if (real === undefined || effective === undefined || saved === undefined) return undefined;
  return { real, effective, saved };
}

function parseSignals(text: string): SignalSets | undefined {
  const blocked = field(text, 'SigBlk');
  const ofThread = field(text, 'SigPnd');
  const ofProcess = field(text, 'ShdPnd');
  if (blocked === undefined || ofThread === undefined || ofProcess === undefined) return undefined;
  return { blocked: lowerHalf(blocked), pending: (lowerHalf(ofThread) | lowerHalf(ofProcess)) >>> 0 };
}

/** Signals above 32 are real-time ones, which nginx does not use; a number holds the rest exactly. */
function lowerHalf(mask: string): number {
  return Number.parseInt(mask.slice(-8), 16);
}

function countBits(mask: string): number {
  let count = 0;
  for (const digit of mask) {
    let bits = Number.parseInt(digit, 16);
    // The commas between groups are no digits.
    while (bits > 0) {
      count += bits & 1;
      bits >>= 1;
    }
  }
  return count;
}
