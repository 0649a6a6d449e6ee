/**
 * A load of idempotent requests over keep-alive connections, which counts what a reload costs its clients.
 *
 * A request is *lost* when it got no answer on a fresh connection, or none after one retry when the connection had been
 * used before (RFC 9110 lets a client repeat an idempotent request whose reused connection was closed; every browser and
 * proxy does). Failures on reused connections are counted by themselves: `failedOnReused`.
 */
import { connect, type Socket } from 'node:net';

export interface LoadResult {
  readonly requests: number;
  readonly lost: number;
  readonly failedOnReused: number;
  /** Answers with a status of 500 or more. */
  readonly serverErrors: number;
}

export interface Load {
  readonly soFar: () => LoadResult;
  /** Ends the load after the requests in flight. */
  stop(): Promise<LoadResult>;
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly path?: string;
  /** Milliseconds between an answer and the next request of a connection; default 0. */
  readonly pauseMs?: number;
}

/** How long one request may take before it counts as not answered. */
const answerLimitMs = 10_000;

export function startLoad(options: LoadOptions): Load {
  const count = { requests: 0, lost: 0, failedOnReused: 0, serverErrors: 0 };
  const stopping = new AbortController();
  const clients = Array.from({ length: options.connections }, async () => {
    const client = new KeepAliveClient(options.port);
    while (!stopping.signal.aborted) {
      count.requests += 1;
      const answer = await client.getWithRetry(options.path ?? '/', () => {
        count.failedOnReused += 1;
      });
      if (answer === undefined) count.lost += 1;
      else if (answer.status >= 500) count.serverErrors += 1;
      if (options.pauseMs !== undefined) await pause(options.pauseMs);
    }
    client.close();
  });
  return {
    soFar: () => ({ ...count }),
    stop: async () => {
      stopping.abort();
      await Promise.all(clients);
      return { ...count };
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One connection at a time, opened again when the server closed it. Answers must carry a Content-Length. */
export class KeepAliveClient {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async getWithRetry(path: string, onReusedFailure: () => void): Promise<Answer | undefined> {
    const reused = this.#socket !== undefined;
    const answer = await this.get(path);
    if (answer !== undefined || !reused) return answer;
    onReusedFailure();
    return this.get(path);
  }

  /** Undefined when the connection failed or closed before a whole answer. */
  async get(path: string): Promise<Answer | undefined> {
    this.#socket ??= await open(this.#port);
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const answer = await readAnswer(socket);
    if (answer === undefined || answer.close) this.close();
    return answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

/** One request on a connection of its own. */
export async function getOnce(port: number, path = '/'): Promise<Answer | undefined> {
  const client = new KeepAliveClient(port);
  const answer = await client.get(path);
  client.close();
  return answer;
}

function open(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // Between two requests the server may close the connection: the next request finds out.
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}

function readAnswer(socket: Socket): Promise<(Answer & { close: boolean }) | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (answer: (Answer & { close: boolean }) | undefined): void => {
      clearTimeout(limit);
      socket.off('data', onData).off('close', onClose).off('error', onClose);
      resolve(answer);
    };
    const onClose = (): void => finish(undefined);
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = text.slice(0, headEnd).toLowerCase();
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      if (text.length < headEnd + 4 + length) return;
      const body = text.slice(headEnd + 4, headEnd + 4 + length);
      finish({ status: Number(text.slice(9, 12)), body, close: head.includes('connection: close') });
    };
    const limit = setTimeout(() => finish(undefined), answerLimitMs);
    if (socket.destroyed || socket.readyState !== 'open') {
      finish(undefined);
      return;
    }
    socket.on('data', onData).on('close', onClose).on('error', onClose);
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
