/** The Pod's annotations as requests: each new value asks once, also across restarts of the agent. */
import { StewardError } from '../base/errors.ts';
import type { Log } from './ports.ts';
import { parseAnnotations, reloadAnnotation, reopenLogsAnnotation } from './sources/annotations.ts';
import { readWhole } from './sources/read-file.ts';
import type { Store } from './store.ts';
import type { TokenRequest, Tokens } from './tokens.ts';

const maxBytes = 1024 * 1024;

export class Annotations implements Tokens {
  readonly paths: readonly string[];
  readonly #path: string;
  readonly #store: Store;
  readonly #log: Log;
  #complaint: string | undefined;

  constructor(path: string, store: Store, log: Log) {
    this.paths = [path];
    this.#path = path;
    this.#store = store;
    this.#log = log;
  }

  /**
   * Values that were not acted upon yet. They are noted as acknowledged before they are acted upon, so that one value never
   * acts twice; where nothing was noted ever (the agent's first start), what is there already asks for nothing.
   */
  fresh(): readonly TokenRequest[] {
    const values = this.#read();
    if (values === undefined) return [];
    const { acknowledged } = this.#store.get();
    const reload = values.get(reloadAnnotation) ?? '';
    const reopenLogs = values.get(reopenLogsAnnotation) ?? '';
    if (acknowledged.reload === reload && acknowledged.reopenLogs === reopenLogs) return [];
    this.#store.update({ acknowledged: { reload, reopenLogs } });
    const requests: TokenRequest[] = [];
    if (isNew(acknowledged.reload, reload)) requests.push({ action: 'reload', value: reload });
    if (isNew(acknowledged.reopenLogs, reopenLogs))
      requests.push({ action: 'reopen-logs', value: reopenLogs });
    return requests;
  }

  #read(): ReadonlyMap<string, string> | undefined {
    try {
      const { content } = readWhole(this.#path, maxBytes);
      const values = parseAnnotations(Buffer.from(content).toString('utf8'), this.#path);
      this.#complaint = undefined;
      return values;
    } catch (error) {
      const message = error instanceof StewardError || error instanceof Error ? error.message : String(error);
      if (message !== this.#complaint)
        this.#log.warn({ path: this.#path, reason: message }, 'annotations cannot be read');
      this.#complaint = message;
      return undefined;
    }
  }
}

function isNew(before: string | undefined, value: string): boolean {
  return before !== undefined && value !== '' && value !== before;
}
