/**
 * The control socket: the one door through which a running agent is asked to act. HTTP over a Unix socket, since node:http
 * is in the agent's memory anyway; who may enter is decided by the mode of the socket (0600) and of its directory.
 */
import { lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import process from 'node:process';
import { StewardError } from '../base/errors.ts';

type ControlAction = 'reload' | 'reopen-logs' | 'status';

export interface Control {
  /** Removes the socket; whoever waits for an answer is cut off. */
  close(): Promise<void>;
}

const methods: Readonly<Record<ControlAction, 'GET' | 'POST'>> = {
  reload: 'POST',
  'reopen-logs': 'POST',
  status: 'GET',
};
const flag = '--control-socket';
/** Longer paths do not fit into a socket's address (sun_path, unix(7)). */
const longestPath = 107;
/** Far more than any status. */
const largestAnswer = 16 * 1024 * 1024;
/** A connection that is silent for so long without having asked is closed. */
const requestLimitMs = 5000;
const never = 2 ** 31 - 1;

/**
 * Listens at `path`, making its directory (0700) where it is missing. The socket of an agent that is dead is replaced, one
 * that somebody answers at is not. `handle` gives what is sent back as JSON.
 *
 * @throws StewardError STEWARD_LISTEN
 */
export async function startControl(options: {
  readonly path: string;
  readonly handle: (action: ControlAction) => Promise<object>;
}): Promise<Control> {
  const { path, handle } = options;
  await makeRoom(path);
  const server = createServer(
    { maxHeaderSize: 4096, connectionsCheckingInterval: never, keepAlive: false },
    (incoming, response) => {
      incoming.socket.setTimeout(0);
      void answer(handle, incoming, response);
    },
  );
  server.maxConnections = 32;
  server.maxRequestsPerSocket = 1;
  server.on('connection', (socket) => socket.setTimeout(requestLimitMs, () => socket.destroy()));
  await listenAt(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type Asked =
  /** What the agent sent back. */
  | { readonly kind: 'answer'; readonly value: unknown }
  /** No agent listens there. */
  | { readonly kind: 'nobody' };

/**
 * Asks the agent at `path` and waits for its answer.
 *
 * @throws StewardError STEWARD_NOT_PERMITTED where the socket may not be used, STEWARD_CONTROL where an agent is there and
 *   no answer comes: what was asked for may have been done.
 */
export async function askControl(
  path: string,
  action: ControlAction,
  options: { readonly timeoutMs: number },
): Promise<Asked> {
  try {
    return { kind: 'answer', value: await fetchAnswer(path, action, options.timeoutMs) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return { kind: 'nobody' };
    if (code === 'EACCES' || code === 'EPERM') throw mayNotUse(path);
    throw new StewardError('STEWARD_CONTROL', error instanceof Error ? error.message : String(error), {
      where: `${flag} ${path}`,
      cause: error,
    });
  }
}

async function fetchAnswer(path: string, action: ControlAction, timeoutMs: number): Promise<unknown> {
  // The limit is one of the whole, since the agent writes nothing before it knows the outcome.
  const limit = AbortSignal.timeout(Math.min(timeoutMs, never));
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const ask = {
        socketPath: path,
        path: `/${action}`,
        method: methods[action],
        host: 'steward',
        agent: false,
      };
      request({ ...ask, signal: limit }, resolve)
        .once('error', reject)
        .end();
    });
    const value = await readJson(response);
    if (response.statusCode !== 200) throw new Error(`it answered with status ${response.statusCode ?? 0}`);
    return value;
  } catch (error) {
    if (limit.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error });
    throw error;
  }
}

async function answer(
  handle: (action: ControlAction) => Promise<object>,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const action = actionOf(incoming);
  let [status, body]: [number, object] = [404, { error: 'POST /reload, POST /reopen-logs, or GET /status' }];
  if (action !== undefined) {
    try {
      [status, body] = [200, await handle(action)];
    } catch (error) {
      [status, body] = [500, { error: error instanceof Error ? error.message : String(error) }];
    }
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  response.end(text);
}

function actionOf({ url, method }: IncomingMessage): ControlAction | undefined {
  for (const action of ['reload', 'reopen-logs', 'status'] as const)
    if (url === `/${action}` && method === methods[action]) return action;
  return undefined;
}

async function makeRoom(path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestPath)
    throw listenError(path, `its path is longer than the ${longestPath} bytes that a socket's may have`);
  try {
    makeDirectory(dirname(path));
  } catch (error) {
    throw listenError(path, `its directory cannot be made (${codeOf(error)})`, error);
  }
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw listenError(path, 'there is something that is no socket: move it away');
  if (await isAnswered(path))
    throw listenError(path, 'another agent that is alive listens there: give each a socket of its own');
  try {
    unlinkSync(path);
  } catch (error) {
    throw listenError(path, `the socket of a dead agent cannot be removed (${codeOf(error)})`, error);
  }
}

/** Not mkdir's own `recursive`, which never ends below /proc. */
function makeDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false }) !== undefined) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
  });
}

function listenAt(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(path, `it cannot be made (${codeOf(error)})`, error)));
    // The mode must be right from the first moment; `listen` makes the socket before it returns.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.removeAllListeners('error');
        server.on('error', () => {});
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > largestAnswer) throw new Error('the answer is too long');
  }
  return JSON.parse(text);
}

function listenError(path: string, what: string, cause?: unknown): StewardError {
  return new StewardError('STEWARD_LISTEN', what, { where: `${flag} ${path}`, cause });
}

function mayNotUse(path: string): StewardError {
  return new StewardError('STEWARD_NOT_PERMITTED', 'its owner and root alone may use the socket', {
    where: `${flag} ${path}`,
    fix: 'Run the command as the user that the agent runs as.',
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
