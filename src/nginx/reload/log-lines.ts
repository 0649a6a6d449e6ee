/** nginx's own error log, line by line. Pure. */
import type { NginxLine } from './verdict.ts';

export interface LogLine extends NginxLine {
  /** The pid of the writer, as it sees itself. */
  readonly pid: number;
}

/** nginx itself never writes a longer line (NGX_MAX_ERROR_STR is 2048). */
const longestLine = 4096;
/** A Lua error brings its stack trace along, on lines of its own. */
const longestTrail = 16;

const header =
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[(?<level>[a-z]+)\] (?<pid>\d{1,10})#\d+: (?:\*\d+ )?(?<text>.*)$/;
const place = / in (?<file>\/[^\n]*?):(?<line>\d+)$/;
const levels = ['emerg', 'alert', 'crit', 'error'] as const;

/** All lines of `text` that are at least errors. What is not in nginx's format belongs to the line before it. */
export function parseLog(text: string): readonly LogLine[] {
  const lines: LogLine[] = [];
  let trail = 0;
  for (const raw of text.split('\n')) {
    const line = clean(raw.slice(0, longestLine));
    const groups = header.exec(line)?.groups;
    const last = lines.at(-1);
    if (groups !== undefined) {
      const parsed = fromGroups(groups);
      if (parsed !== undefined) lines.push(parsed);
      // A warning's own trail must not be taken for that of the error before it.
      trail = parsed === undefined ? longestTrail : 0;
    } else if (last !== undefined && trail < longestTrail && line.trim() !== '') {
      trail += 1;
      lines[lines.length - 1] = { ...last, text: `${last.text}\n${line}` };
    }
  }
  return lines;
}

/**
 * Whether nginx, having written this line about a new configuration, cannot have taken it.
 *
 * `[emerg]` says so, with exceptions: a port in use is tried five times, and only `still could not bind()` is the end; what
 * cannot be closed or deleted of the old configuration is left. Other levels prove nothing: a worker's crash is an
 * `[alert]` too.
 */
export function isFinal(line: NginxLine): boolean {
  return (
    line.level === 'emerg' &&
    !/^(?:(?:bind|listen)\(\) to .* failed \(98:|close\(\)|unlink\(\))/.test(line.text)
  );
}

/** Whether it tells of a worker that could not even begin: it is not started again. */
export function isFatalExit(line: NginxLine): boolean {
  return / exited with fatal code \d+ and cannot be respawned/.test(line.text);
}

/** Whether it tells of a worker that was killed or crashed; one that was told to leave gets no line of such a level. */
export function isCrash(line: NginxLine): boolean {
  return /^worker process \d+ exited on signal \d+/.test(line.text);
}

function fromGroups(groups: Readonly<Record<string, string | undefined>>): LogLine | undefined {
  const level = levels.find((level) => level === groups['level']);
  if (level === undefined) return undefined;
  const text = groups['text'] ?? '';
  const { file, line } = place.exec(text)?.groups ?? {};
  return {
    pid: Number(groups['pid']),
    level,
    text,
    ...(file !== undefined && line !== undefined && { at: { file, line: Number(line) } }),
  };
}

/** What nginx quotes may hold anything, and people will look at it in a terminal. */
function clean(line: string): string {
  return line.replaceAll(/[^\P{Cc}\t]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
