/** Times and durations in the words of people. Pure: what is now is a parameter. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `12 s`, `4 min`, `3 h 20 min`, `2 d 4 h`: no more exact than it matters. Takes milliseconds. */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms >= 10 * hour && ms < day) return `${Math.floor(ms / hour)} h`;
  if (ms < day) return two(Math.floor(ms / hour), 'h', Math.floor((ms % hour) / minute), 'min');
  return two(Math.floor(ms / day), 'd', Math.floor((ms % day) / hour), 'h');
}

/** How long ago an ISO time is. */
export function ago(iso: string, now: number): string {
  const passed = now - Date.parse(iso);
  return passed < second ? 'just now' : `${duration(passed)} ago`;
}

/** How long until an ISO time; `now` when it has come. A second that has begun counts, as in any countdown. */
export function until(iso: string, now: number): string {
  const left = Date.parse(iso) - now;
  return left <= 0 ? 'now' : `in ${duration(left < minute ? Math.ceil(left / second) * second : left)}`;
}

/** `12:31:02Z`, or `11-23 12:31Z` when that is more than half a day away: ten or twelve cells, UTC as in logs. */
export function moment(iso: string, now: number): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  const text = new Date(time).toISOString();
  return Math.abs(now - time) < day / 2
    ? `${text.slice(11, 19)}Z`
    : `${text.slice(5, 10)} ${text.slice(11, 16)}Z`;
}

/** A measured duration: `0.4 ms`, `104 ms`, `2.5 s`. */
export function measured(milliseconds: number): string {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 999.5 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / second).toFixed(1)} s`;
}

function two(first: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${first} ${unit}` : `${first} ${unit} ${rest} ${smaller}`;
}
