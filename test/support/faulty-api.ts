/**
 * A fake of a bad network and of an API server in trouble: it stands before the real one and, as long as it is told nothing,
 * hands everything through. Clients must bring a token, since a client certificate ends here.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createSecureServer, type TLSSocket } from 'node:tls';
import { makePair } from './certificates.ts';
import type { ControlPlane } from './control-plane.ts';

export type Fault =
  /** An answer of the server's own making: 429, 500, 503, 401, 410. */
  | { readonly kind: 'status'; readonly code: number; readonly retryAfterSeconds?: number }
  /** A watch that begins well (200) and says at once that its version is too old. */
  | { readonly kind: 'gone' }
  /** A watch that begins well and ends at once. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Taken and never answered. */
  | { readonly kind: 'hang' }
  /** Handed through, but the connection is reset in place of the answer. */
  | { readonly kind: 'lost-answer' };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly fault: Fault['kind'] | undefined;
  /** Which connection, counted from 0. */
  readonly connection: number;
}

export interface FaultyApi {
  readonly server: string;
  /** All since the last `forget`. */
  readonly seen: readonly SeenRequest[];
  forget(): void;
  /** The next `times` requests that `concerns` holds for get this; default all that come, until `heal`. */
  fault(fault: Fault, concerns?: (request: SeenRequest) => boolean, times?: number): void;
  /** Hands everything through again; what hangs is cut. */
  heal(): Promise<void>;
  /** Each open watch gets one half of its next event, and then its connection is reset. */
  cutNextEvent(): void;
  /** Tells each open watch that its version is too old (an ERROR event), and ends it. */
  expireWatches(): void;
  /** Ends each open watch as the server does it: in good order, after a whole event. */
  endWatches(): void;
  /** Open watches get nothing any more, and nobody closes them: the cable is out. */
  silenceWatches(): void;
  openWatches(): number;
  /** Connections are refused, those that are open are reset. Ends with `heal`. */
  refuse(): Promise<void>;
  stop(): Promise<void>;
}

interface Watch {
  readonly answer: ServerResponse;
  readonly upstream: IncomingMessage;
  cutNext: boolean;
  isSilent: boolean;
}

interface Rule {
  readonly fault: Fault;
  readonly concerns: (request: SeenRequest) => boolean;
  left: number;
}

const reasons: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

export async function startFaultyApi(plane: ControlPlane): Promise<FaultyApi> {
  const target = new URL(plane.server);
  const watches = new Set<Watch>();
  const sockets = new Set<Socket>();
  const connections = new WeakMap<Socket, number>();
  let rules: Rule[] = [];
  let seen: SeenRequest[] = [];
  let connectionCount = 0;

  const http = createServer({ keepAliveTimeout: 60_000 }, (request, answer) => {
    void serve(request, answer);
  });
  const { certificate: cert, key } = makePair({
    names: ['localhost', 'IP:127.0.0.1'],
    issuer: plane.authority,
  });
  const front: NetServer = createSecureServer(
    { cert, key, ALPNProtocols: ['http/1.1'], noDelay: true },
    (socket: TLSSocket) => {
      connections.set(socket, connectionCount);
      connectionCount += 1;
      http.emit('connection', socket);
    },
  );
  front.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  front.on('tlsClientError', () => undefined);

  async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', plane.server);
    const described = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      isWatch: url.searchParams.get('watch') === 'true',
      at: performance.now(),
      fault: undefined,
      connection: connections.get(request.socket) ?? -1,
    } satisfies SeenRequest;
    const rule = rules.find(({ left, concerns }) => left > 0 && concerns(described));
    if (rule !== undefined) rule.left -= 1;
    seen.push({ ...described, fault: rule?.fault.kind });
    const fault = rule?.fault;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'delay') await pause(fault.ms);
    if (fault?.kind === 'status') refuseWith(request, answer, fault);
    else if (fault?.kind === 'gone' || fault?.kind === 'empty') {
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(fault.kind === 'gone' ? goneEvent() : '');
    } else pass(request, answer, described.isWatch, fault?.kind === 'lost-answer');
  }

  function pass(request: IncomingMessage, answer: ServerResponse, isWatch: boolean, isLost: boolean): void {
    const { method, url, headers } = request;
    const options = { host: target.hostname, port: target.port, method, path: url, headers };
    const onward = secureRequest(
      { ...options, ca: plane.authority.certificate, agent: false },
      (upstream) => {
        if (isLost) {
          answer.destroy();
          return;
        }
        answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
        answer.flushHeaders();
        if (isWatch) passWatch(upstream, answer);
        else upstream.pipe(answer);
        upstream.once('error', () => answer.destroy());
      },
    );
    onward.once('error', () => answer.destroy());
    answer.once('close', () => onward.destroy());
    request.pipe(onward);
  }

  function passWatch(upstream: IncomingMessage, answer: ServerResponse): void {
    const watch: Watch = { answer, upstream, cutNext: false, isSilent: false };
    watches.add(watch);
    answer.once('close', () => watches.delete(watch));
    upstream.on('data', (chunk: Buffer) => {
      if (watch.isSilent) return;
      if (!watch.cutNext) answer.write(chunk);
      else answer.write(chunk.subarray(0, chunk.length >> 1), () => reset(answer));
    });
    upstream.once('end', () => {
      if (!watch.isSilent) answer.end();
    });
  }

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => front.once('error', reject).listen(port, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => front.close(() => resolve()));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  await listen(0);
  const { port } = front.address() as AddressInfo;
  return {
    server: `https://127.0.0.1:${port}`,
    get seen() {
      return seen;
    },
    forget: () => {
      seen = [];
    },
    fault: (fault, concerns = () => true, times = Number.POSITIVE_INFINITY) => {
      rules.push({ fault, concerns, left: times });
    },
    heal: async () => {
      const someHung = rules.some(({ fault }) => fault.kind === 'hang');
      rules = [];
      if (someHung) for (const socket of sockets) socket.resetAndDestroy();
      if (!front.listening) await listen(port);
    },
    cutNextEvent: () => {
      for (const watch of watches) watch.cutNext = true;
    },
    expireWatches: () => {
      for (const { answer } of watches) answer.end(goneEvent());
    },
    endWatches: () => {
      for (const { answer } of watches) answer.end();
    },
    silenceWatches: () => {
      for (const watch of watches) watch.isSilent = true;
    },
    openWatches: () => watches.size,
    refuse: close,
    stop: async () => {
      rules = [];
      if (front.listening) await close();
    },
  };
}

function refuseWith(
  request: IncomingMessage,
  answer: ServerResponse,
  { code, retryAfterSeconds }: { readonly code: number; readonly retryAfterSeconds?: number },
): void {
  request.resume();
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason: reasons[code] ?? 'Unknown',
  };
  answer.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  });
  answer.end(JSON.stringify({ ...status, message: `a made ${code}` }));
}

function goneEvent(): string {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 410, reason: 'Expired' };
  return `${JSON.stringify({ type: 'ERROR', object: { ...status, message: 'too old resource version: 1 (2)' } })}\n`;
}

function reset(answer: ServerResponse): void {
  const { socket } = answer;
  if (socket === null) return;
  // Half an event that is sent and reset at once might never arrive.
  setTimeout(() => socket.destroy(), 20);
}
