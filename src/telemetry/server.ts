/** HTTP for reading alone. Nothing that acts is reachable through a port, so nothing here knows how to act. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { StewardError } from '../base/errors.ts';
import { type ListenAddress, parseListen } from './listen-address.ts';

/** A yes or no with its reason. */
interface Health {
  readonly ok: boolean;
  readonly why: string;
}

/** What there is to tell. */
interface Answers {
  startup(): Health;
  ready(): Health;
  healthy(): Health;
  /** Becomes JSON. */
  status(): object;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** What may have changed unnoticed is looked at before the state is told. */
  refresh(): void;
}

export interface TelemetryServer {
  /** As it listens: `127.0.0.1:9477`, `[::]:9477`. */
  readonly address: string;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const plain = 'text/plain; charset=utf-8';
/** Whoever is slower than this is cut off, be it in asking or in reading the answer. */
const connectionLimitMs = 10_000;
const mostConnections = 256;
const longestHeaders = 8 * 1024;
/** Node would look through all connections every 30 s; each has a timer of its own here, so an idle agent sleeps. */
const never = 2 ** 31 - 1;

/**
 * Listens at `listen` and answers GET and HEAD. One request for each connection: scrapes and probes are seconds apart,
 * and no idle connection costs memory or holds up the end.
 *
 * @throws StewardError STEWARD_USAGE, STEWARD_LISTEN
 */
export async function startServer(options: {
  readonly listen: string;
  readonly answers: Answers;
}): Promise<TelemetryServer> {
  const { answers } = options;
  const address = parseListen(options.listen);
  const server = createServer(
    {
      maxHeaderSize: longestHeaders,
      connectionsCheckingInterval: never,
      keepAlive: false,
      joinDuplicateHeaders: true,
    },
    (request, response) => {
      void answer(answers, request, response);
    },
  );
  server.maxConnections = mostConnections;
  server.maxRequestsPerSocket = 1;
  server.on('connection', (socket) => {
    const timer = setTimeout(() => socket.destroy(), connectionLimitMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  });
  await listenAt(server, address, options.listen);
  return {
    address: nameOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(answers: Answers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = await pageOf(answers, request);
  // What is sent along with a GET is not read: the connection ends with the answer.
  response.writeHead(page.status, {
    'content-type': page.type,
    'content-length': Buffer.byteLength(page.text),
    'cache-control': 'no-store',
    connection: 'close',
    ...(page.status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : page.text);
}

async function pageOf(answers: Answers, request: IncomingMessage): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, type: plain, text: 'only reading (GET, HEAD) is possible here\n' };
  try {
    switch (pathOf(request.url ?? '/')) {
      case '/metrics':
        answers.refresh();
        return {
          status: 200,
          type: 'text/plain; version=0.0.4; charset=utf-8',
          text: await answers.metrics(),
        };
      case '/startupz':
        return health(answers.startup());
      case '/readyz':
        answers.refresh();
        return health(answers.ready());
      case '/healthz':
        return health(answers.healthy());
      case '/status':
        answers.refresh();
        return {
          status: 200,
          type: 'application/json; charset=utf-8',
          text: `${JSON.stringify(answers.status())}\n`,
        };
      default:
        return {
          status: 404,
          type: plain,
          text: 'there are /metrics, /startupz, /readyz, /healthz and /status\n',
        };
    }
  } catch (error) {
    // A page that cannot be made must not end the agent.
    return {
      status: 500,
      type: plain,
      text: `${error instanceof Error ? error.message : String(error)}\n`,
    };
  }
}

function health({ ok, why }: Health): Page {
  return { status: ok ? 200 : 503, type: plain, text: `${why.replaceAll('\n', ' ')}\n` };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function listenAt(server: Server, { host, port }: ListenAddress, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, flag)));
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.removeAllListeners('error');
      // Such as no more file descriptors for a new connection: it passes.
      server.on('error', () => {});
      resolve();
    });
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'a port below 1024 needs rights that steward does not have',
  ENOTFOUND: 'this name has no address',
};

function listenError(error: NodeJS.ErrnoException, flag: string): StewardError {
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new StewardError('STEWARD_LISTEN', `it is not possible to listen there: ${reason}`, {
    where: `--listen ${flag}`,
    cause: error,
  });
}

function nameOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return String(address);
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}
