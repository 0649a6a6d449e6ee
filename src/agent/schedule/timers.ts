/**
 * Reloads and reopened logs by the clock: `--schedule 'reload=0 3 * * *'`. Croner reads the expression and names the next
 * time; waiting is the caller's, with its own `Clock`. A wait may be longer than a timer can be (24.8 days): whoever wakes
 * asks `due` again, so an early wake costs nothing.
 *
 *     ACTION=[TZ=ZONE ]EXPRESSION[ ~JITTER]
 *     reload=TZ=Europe/Berlin 0 3 * * * ~5m
 *
 * `ACTION` is `reload` or `reopen-logs`. `EXPRESSION` has five fields (minute hour day month weekday), six with seconds
 * first, or is `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. Without `TZ=` (or `CRON_TZ=`, as cron calls it) it
 * is the process's own zone, UTC in most containers. `~JITTER` (`~30s`, `~5m`, `~1h`, `~0s`) is how much later than
 * written it may come, at a point drawn once: 60 s unless given, but no more than a tenth of the time between two runs.
 * A time that the spring's change of clocks skips comes at the change; one that autumn repeats comes once.
 */
import { Cron } from 'croner';
import { StewardError } from '../../base/errors.ts';

type ScheduledAction = 'reload' | 'reopen-logs';

export interface Schedule {
  readonly action: ScheduledAction;
  /** As it was written, without the action. */
  readonly cron: string;
  /** The first time (Unix epoch, ms) after `after` at which it comes, jitter included; undefined when there is none. */
  next(after: number): number | undefined;
}

const defaultJitter = 60_000;
const flagName = '--schedule';
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const fieldNames = ['second', 'minute', 'hour', 'day of month', 'month', 'weekday'];

/**
 * Reads one `--schedule`. `random` in [0, 1) is the share of the jitter that this process takes.
 *
 * @throws StewardError STEWARD_SCHEDULE naming the flag, the field and its column.
 */
export function parseSchedule(flag: string, random: number): Schedule {
  const match = /^(?<action>[^=]*)=(?<cron>.*)$/s.exec(flag);
  const action = match?.groups?.['action'] ?? flag;
  const cron = match?.groups?.['cron'];
  if (cron === undefined || !isAction(action))
    throw problem(flag, 0, `"${action}" is no action: it begins with reload= or reopen-logs=`);
  const { zone, zoneColumn, expression, column, jitter, jitterColumn } = split(
    cron,
    flag.length - cron.length,
  );
  if (zone !== undefined && !isZone(zone))
    throw problem(flag, zoneColumn, `no time zone is called "${zone}" (a right one: Europe/Berlin)`);
  const job = parseExpression(flag, expression, column, zone);
  const asked = jitter === undefined ? undefined : parseJitter(flag, jitter, jitterColumn);
  const first = nextRun(job, Date.UTC(2000, 0, 1));
  if (first === undefined) throw problem(flag, column, `"${expression}" names a date that never comes`);
  const gap = (nextRun(job, first) ?? Number.POSITIVE_INFINITY) - first;
  const delay = Math.floor(random * (asked ?? Math.min(defaultJitter, gap / 10)));
  return {
    action,
    cron,
    next: (after) => {
      const time = nextRun(job, after - delay);
      return time === undefined ? undefined : time + delay;
    },
  };
}

/**
 * The schedules that came up after `since` and not after `now` (Unix epoch, ms), each once however often it came: a
 * process that slept makes one reload of the three it missed.
 */
export function due(schedules: readonly Schedule[], since: number, now: number): Schedule[] {
  return schedules.filter((schedule) => (schedule.next(since) ?? Number.POSITIVE_INFINITY) <= now);
}

/** The time at which the first of them comes up after `after`; undefined when there is none. */
export function nextDue(schedules: readonly Schedule[], after: number): number | undefined {
  const times = schedules.map((schedule) => schedule.next(after) ?? Number.POSITIVE_INFINITY);
  const first = Math.min(...times);
  return Number.isFinite(first) ? first : undefined;
}

function isAction(text: string): text is ScheduledAction {
  return text === 'reload' || text === 'reopen-logs';
}

interface Parts {
  readonly zone: string | undefined;
  readonly zoneColumn: number;
  readonly expression: string;
  readonly column: number;
  readonly jitter: string | undefined;
  readonly jitterColumn: number;
}

/** Takes `[TZ=ZONE ]EXPRESSION[ ~JITTER]` apart; columns count from the flag's value's first character. */
function split(cron: string, offset: number): Parts {
  const prefix = /^\s*(?:CRON_)?TZ=(?<zone>\S*)\s*/.exec(cron);
  const zone = prefix?.groups?.['zone'];
  const rest = cron.slice(prefix?.[0].length ?? 0);
  const suffix = /\s*~(?<jitter>[^~]*)$/.exec(rest);
  const body = suffix === null ? rest : rest.slice(0, suffix.index);
  const leading = body.length - body.trimStart().length;
  return {
    zone,
    zoneColumn: offset + (prefix?.[0].indexOf('=') ?? 0) + 1,
    expression: body.trim(),
    column: offset + (prefix?.[0].length ?? 0) + leading,
    jitter: suffix?.groups?.['jitter'],
    jitterColumn: offset + cron.lastIndexOf('~') + 1,
  };
}

function parseExpression(flag: string, expression: string, column: number, zone: string | undefined): Cron {
  const fields = [...expression.matchAll(/\S+/g)];
  if (!expression.startsWith('@')) {
    if (fields.length !== 5 && fields.length !== 6)
      throw problem(
        flag,
        column,
        `"${expression}" has ${fields.length} fields: it needs five (minute hour day month weekday)`,
      );
    for (const [i, field] of fields.entries()) {
      const alone = fields.map((_, j) => (i === j ? field[0] : '*')).join(' ');
      const name = fieldNames[i + 6 - fields.length] ?? 'field';
      const reason = refusal(alone);
      if (reason !== undefined)
        throw problem(flag, column + field.index, `"${field[0]}" is no ${name} (${reason})`);
    }
  }
  const reason = refusal(expression);
  if (reason !== undefined) throw problem(flag, column, `"${expression}" is no schedule (${reason})`);
  return cronOf(expression, zone);
}

/** What croner says against an expression, without its own prefix. */
function refusal(expression: string): string | undefined {
  try {
    cronOf(expression, undefined);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
  }
}

function cronOf(expression: string, zone: string | undefined): Cron {
  const options = { paused: true, mode: '5-or-6-parts' } as const;
  return new Cron(expression, zone === undefined ? options : { ...options, timezone: zone });
}

function nextRun(job: Cron, after: number): number | undefined {
  return job.nextRun(new Date(after))?.getTime();
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function parseJitter(flag: string, text: string, column: number): number {
  const match = /^(?<count>\d{1,6})(?<unit>[smh])$/.exec(text.trim());
  const unit = units[match?.groups?.['unit'] ?? ''];
  if (unit === undefined) throw problem(flag, column, `"${text}" is no duration (a right one: ~5m)`);
  return Number(match?.groups?.['count']) * unit;
}

function problem(flag: string, column: number, what: string): StewardError {
  return new StewardError('STEWARD_SCHEDULE', `column ${column + 1}: ${what}`, {
    where: `${flagName} '${flag}'`,
  });
}
