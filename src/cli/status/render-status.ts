/** The agent's status as a screen for people. Pure. */
import type { AgentState, AgentStatus, Attempt } from '../../agent/status.ts';

export interface ScreenOptions {
  readonly columns: number;
  readonly colour: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Tone = 'good' | 'bad' | 'waiting' | 'dim' | 'plain' | 'strong';

const codes: Readonly<Record<Tone, string>> = {
  good: '32',
  bad: '31',
  waiting: '33',
  dim: '2',
  plain: '',
  strong: '1',
};

const tones: Readonly<Record<AgentState, Tone>> = {
  Starting: 'waiting',
  WaitingForMaster: 'waiting',
  Proving: 'waiting',
  Proven: 'good',
  Pending: 'waiting',
  Refused: 'bad',
  Unproven: 'bad',
  PutBackFailed: 'bad',
  Blocked: 'bad',
};

const labelWidth = 13;
const mostAttempts = 5;
const mostCertificates = 5;

/** The lines of the screen; none is wider than `columns`. */
export function renderStatus(status: AgentStatus, options: ScreenOptions): string[] {
  const screen = new Screen(options);
  screen.line([
    [status.state, tones[status.state]],
    [`  ${status.message}`, 'plain'],
  ]);
  const ready = status.ready ? 'ready' : 'not ready';
  screen.line([
    [
      `steward ${status.version}, ${status.mode}, ${ready}, ${status.watch.mode} on ${count(status.watch.directories, 'directory', 'directories')}`,
      'dim',
    ],
  ]);
  screen.gap();
  showNginx(screen, status, options.now);
  showPending(screen, status, options.now);
  showAttempts(screen, status.attempts, options.now);
  showCertificates(screen, status);
  showRest(screen, status, options.now);
  return screen.lines();
}

function showNginx(screen: Screen, status: AgentStatus, now: number): void {
  const { master, proven, wanted } = status;
  if (master === undefined) screen.entry('nginx', [['no master', 'waiting']]);
  else {
    const { running, draining } = master.workers;
    const leaving = draining === 0 ? '' : `, ${draining} draining`;
    screen.entry('nginx', [
      [
        `master ${master.pid}, ${count(running, 'worker', 'workers')}${leaving}, up ${age(now - Date.parse(master.startedAt))}`,
        'plain',
      ],
    ]);
  }
  if (proven !== undefined)
    screen.entry('proven', [
      [proven.hash, 'good'],
      [`  ${age(now - Date.parse(proven.at))} ago`, 'dim'],
    ]);
  if (wanted !== undefined && wanted.hash !== proven?.hash)
    screen.entry('wanted', [[wanted.hash, 'waiting']]);
}

function showPending(screen: Screen, { pending }: AgentStatus, now: number): void {
  if (pending === undefined) return;
  const left =
    pending.until === undefined ? '' : `  (at the latest in ${age(Date.parse(pending.until) - now)})`;
  screen.entry('waiting', [[`${pending.message}${left}`, 'waiting']]);
}

function showAttempts(screen: Screen, attempts: readonly Attempt[], now: number): void {
  if (attempts.length === 0) return;
  screen.heading('attempts');
  for (const attempt of attempts.slice(0, mostAttempts)) {
    const { publish, signal = 0, verify } = attempt.milliseconds;
    const took = verify === undefined ? '' : milliseconds((publish ?? 0) + signal + verify);
    const back = attempt.putBack === undefined ? '' : `  put back: ${attempt.putBack}`;
    screen.line([
      [`  ${age(now - Date.parse(attempt.at)).padStart(5)} ago  `, 'dim'],
      [attempt.verdict.padEnd(14), attempt.verdict === 'Applied' ? 'good' : 'bad'],
      [` ${attempt.trigger.padEnd(12)} ${took.padStart(8)}${back}`, 'plain'],
    ]);
    if (attempt.verdict === 'Applied') continue;
    screen.wrapped(attempt.message, 13, 'plain');
    for (const line of attempt.lines) {
      screen.wrapped(`nginx: [${line.level}] ${line.text}`, 13, 'dim');
      if (line.source !== undefined) screen.wrapped(`in ${line.source}`, 13, 'strong');
    }
  }
}

function showCertificates(screen: Screen, { certificates }: AgentStatus): void {
  if (certificates.length === 0) return;
  screen.heading('certificates');
  for (const one of certificates.slice(0, mostCertificates)) {
    const days = `${one.daysLeft} ${one.daysLeft === 1 ? 'day' : 'days'}`.padStart(9);
    const tone: Tone = one.daysLeft < 7 ? 'bad' : one.daysLeft < 21 ? 'waiting' : 'plain';
    const served: Tone = one.served === 'yes' ? 'good' : one.served === 'no' ? 'bad' : 'dim';
    screen.line([
      [`  ${days}  `, tone],
      [`served: ${one.served}`.padEnd(16), served],
      [one.names.join(' ') || one.subject || one.path, 'plain'],
    ]);
    if (one.problem !== undefined) screen.wrapped(one.problem, 13, 'bad');
  }
  const more = certificates.length - mostCertificates;
  if (more > 0) screen.line([[`  and ${more} more that expire later`, 'dim']]);
}

function showRest(screen: Screen, status: AgentStatus, now: number): void {
  if (status.conditions.length > 0) screen.heading('conditions');
  for (const { type, message } of status.conditions) {
    screen.line([[`  ${type}`, 'bad']]);
    screen.wrapped(message, 4, 'plain');
  }
  const findings = status.findings.length;
  if (findings > 0)
    screen.entry('lint', [[`${count(findings, 'finding', 'findings')}: steward lint shows them`, 'dim']]);
  if (status.unwatched.length > 0) screen.heading('not watched');
  for (const { path, reason } of status.unwatched) screen.wrapped(`${path}: ${reason}`, 2, 'plain');
  if (status.schedules.length > 0) screen.heading('schedules');
  for (const { action, cron, next } of status.schedules)
    screen.line([
      [`  ${action.padEnd(12)} in ${age(Date.parse(next) - now).padEnd(6)}`, 'plain'],
      [cron, 'dim'],
    ]);
  const [asked] = status.acknowledged;
  if (asked === undefined) return;
  const value = asked.value === undefined ? '' : ` "${asked.value}"`;
  screen.entry('last asked', [
    [
      `${asked.action} by ${asked.origin}${value}: ${asked.verdict}, ${age(now - Date.parse(asked.at))} ago`,
      'plain',
    ],
  ]);
}

/** Collects lines no wider than the terminal. */
class Screen {
  readonly #options: ScreenOptions;
  readonly #lines: string[] = [];

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  lines(): string[] {
    return this.#lines;
  }

  gap(): void {
    this.#lines.push('');
  }

  heading(text: string): void {
    this.gap();
    this.line([[text, 'strong']]);
  }

  entry(label: string, parts: readonly (readonly [string, Tone])[]): void {
    this.line([[label.padEnd(labelWidth), 'dim'], ...parts]);
  }

  /** One line, cut where the terminal ends. */
  line(parts: readonly (readonly [string, Tone])[]): void {
    let room = this.#options.columns;
    let line = '';
    for (const [text, tone] of parts) {
      const clean = printable(text);
      const shown = clean.length <= room ? clean : `${clean.slice(0, Math.max(0, room - 1))}…`;
      if (room > 0) line += this.#paint(shown, tone);
      room -= clean.length;
    }
    this.#lines.push(line.trimEnd());
  }

  /** As many lines as the text needs, indented. */
  wrapped(text: string, indent: number, tone: Tone): void {
    const width = Math.max(20, this.#options.columns - indent);
    let line = '';
    for (const word of printable(text).split(' ')) {
      let rest = word;
      while (line.length + (line === '' ? 0 : 1) + rest.length > width) {
        if (line !== '') this.line([[' '.repeat(indent) + line, tone]]);
        else {
          this.line([[' '.repeat(indent) + rest.slice(0, width), tone]]);
          rest = rest.slice(width);
        }
        line = '';
      }
      line = line === '' ? rest : `${line} ${rest}`;
    }
    if (line !== '') this.line([[' '.repeat(indent) + line, tone]]);
  }

  #paint(text: string, tone: Tone): string {
    const code = codes[tone];
    return this.#options.colour && code !== '' && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** What nginx or a file name holds must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/** `8s`, `5m`, `3h`, `12d`. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}
