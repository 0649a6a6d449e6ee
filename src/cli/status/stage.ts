/** The place where something is shown live: a terminal's second screen, or a plain stream. */

export interface Stage {
  readonly isTerminal: boolean;
  /** Aborted when somebody wants it to end. */
  readonly ended: AbortSignal;
  /** In cells. */
  size(): { readonly columns: number; readonly rows: number };
  /** Takes the screen; `redraw` is called when its size has changed. The returned function gives it back. */
  begin(redraw: () => void): () => void;
  /** On a terminal the lines replace what was there; on a stream they follow it. */
  draw(lines: readonly string[]): void;
}

/** What is used of the process; `process` itself has it. */
export interface StageProcess {
  readonly pid: number;
  readonly stdout: {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
    write(text: string): unknown;
    on(event: 'resize', run: () => void): unknown;
    off(event: 'resize', run: () => void): unknown;
  };
  on(event: string, run: () => void): unknown;
  off(event: string, run: () => void): unknown;
  kill(pid: number, signal: 'SIGSTOP'): unknown;
}

/** The second screen, without a cursor and without automatic line breaks; and everything as it was. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
/** Before a line, not after it: behind the last column it would take the last character away. */
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const usual = { columns: 80, rows: 24 };

/** `isTerminal` false: a stream, although it is shown on a terminal. */
export function processStage(host: StageProcess, isTerminal = host.stdout.isTTY === true): Stage {
  const { stdout } = host;
  const controller = new AbortController();
  const write = (text: string): void => void stdout.write(text);
  let isAway = false;
  return {
    isTerminal,
    ended: controller.signal,
    size: () => ({ columns: stdout.columns ?? usual.columns, rows: stdout.rows ?? usual.rows }),
    begin: (redraw) => {
      const end = (): void => controller.abort();
      for (const signal of endings) host.on(signal, end);
      const release = isTerminal
        ? takeScreen(host, write, redraw, (away) => {
            isAway = away;
          })
        : (): void => {};
      return () => {
        release();
        for (const signal of endings) host.off(signal, end);
      };
    },
    draw: (lines) => {
      if (isAway) return;
      if (isTerminal) write(`${home}${lines.map((line) => `${clearLine}${line}`).join('\r\n')}${clearBelow}`);
      else write(`${lines.join('\n')}\n`);
    },
  };
}

/**
 * Also when the program ends by an error, or is stopped for a while (Ctrl-Z). Continued after that, Node runs
 * timers that came due before it tells of SIGCONT: what they draw must not land on the shell's screen.
 */
function takeScreen(
  host: StageProcess,
  write: (text: string) => void,
  redraw: () => void,
  setAway: (away: boolean) => void,
): () => void {
  const { stdout } = host;
  const restore = (): void => write(leave);
  const suspend = (): void => {
    setAway(true);
    restore();
    host.kill(host.pid, 'SIGSTOP');
  };
  const resume = (): void => {
    setAway(false);
    write(enter);
    redraw();
  };
  host.on('exit', restore);
  host.on('SIGTSTP', suspend);
  host.on('SIGCONT', resume);
  stdout.on('resize', redraw);
  write(enter);
  return () => {
    stdout.off('resize', redraw);
    host.off('SIGCONT', resume);
    host.off('SIGTSTP', suspend);
    host.off('exit', restore);
    restore();
  };
}
