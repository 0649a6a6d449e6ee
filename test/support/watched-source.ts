/** A source that is watched and read as the agent does it, without an agent: any notice means read everything again. */
import type { TestContext } from 'node:test';
import type { NoticeKind } from '../../src/agent/schedule/state.ts';
import { readSource, type SourceOptions, type SourceSnapshot } from '../../src/agent/sources/read-source.ts';
import { Watcher, type WatcherOptions } from '../../src/agent/sources/watcher.ts';
import { systemClock } from '../../src/base/clock.ts';
import { StewardError } from '../../src/base/errors.ts';
import { until } from './nginx.ts';

export interface WatchedSource {
  readonly watcher: Watcher;
  /** Every kind of notice so far. */
  readonly told: NoticeKind[];
  /** Every reading so far, the last one last. */
  readonly readings: SourceSnapshot[];
  /** When the last notice came, in `performance.now()`. */
  noticedAt(): number;
  /** The last reading as path → content; undefined while the sources cannot be read. */
  contents(): Readonly<Record<string, string>> | undefined;
  /** Waits until the last reading holds exactly this. */
  becomes(contents: Readonly<Record<string, string>>): Promise<void>;
}

/** Watches and reads until the test ends. The rescan is far away unless asked for: what is noticed comes from inotify. */
export async function watchSource(
  t: TestContext,
  sources: readonly SourceOptions[],
  options: Partial<WatcherOptions> = {},
): Promise<WatchedSource> {
  const nothing = (): void => {};
  const told: NoticeKind[] = [];
  const readings: SourceSnapshot[] = [];
  let current: Readonly<Record<string, string>> | undefined;
  let noticedAt = 0;
  let wanted = true;
  const end = new AbortController();
  const watcher = new Watcher({
    clock: systemClock,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    rescanMs: 3_600_000,
    changed: (kind) => {
      noticedAt = performance.now();
      told.push(kind);
      wanted = true;
      void read();
    },
    ...options,
  });
  let reading = false;
  const read = async (): Promise<void> => {
    if (reading) return;
    reading = true;
    while (wanted && !end.signal.aborted) {
      wanted = false;
      try {
        const snapshots = await Promise.all(sources.map(readSource));
        readings.push(...snapshots);
        current = Object.fromEntries(
          snapshots
            .flatMap(({ files }) => files)
            .map(({ path, content }) => [path, Buffer.from(content).toString()]),
        );
        await watcher.watch(snapshots.flatMap(({ watch }) => watch));
      } catch (error) {
        if (!(error instanceof StewardError)) throw error;
        current = undefined;
        await watcher.watch(sources.map(({ directory }) => directory));
      }
    }
    reading = false;
  };
  t.after(async () => {
    end.abort();
    await watcher.close();
  });
  await read();
  await until('nothing new is watched', () => !reading);
  return {
    watcher,
    told,
    readings,
    noticedAt: () => noticedAt,
    contents: () => current,
    becomes: async (contents) => {
      const text = JSON.stringify(sorted(contents));
      await until(`the source holds ${text}`, () => JSON.stringify(sorted(current ?? {})) === text, 5000);
    },
  };
}

function sorted(contents: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1));
}
