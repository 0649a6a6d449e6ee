/**
 * Our own small client of the API server, over node:https with one pool of kept connections. It knows no kinds and loads no
 * generated code, so that an agent can afford it; the controller and the command line use it too, with other credentials.
 */
import {
  type Agent as HttpAgent,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent, type RequestOptions, request as secureRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { type Api, ApiError, type ApiRequest, type WatchEvent } from './api.ts';
import { lines } from './lines.ts';
import { trusted } from './trusted.ts';

/** What proves who asks; asked for before each request, so that a rotated token is taken at once. */
export interface Credentials {
  readonly tls: SecureContextOptions & {
    readonly rejectUnauthorized?: boolean;
    readonly servername?: string;
  };
  readonly headers: Readonly<Record<string, string>>;
}

export interface ApiOptions {
  /** `https://10.0.0.1:443`, perhaps with a path. */
  readonly server: string;
  credentials(): Promise<Credentials>;
  readonly userAgent: string;
  /** Milliseconds that an answer may take to begin and, after that, between two parts of it. */
  readonly timeoutMs?: number;
  /** Milliseconds that a watch with bookmarks may be silent before it counts as dead. */
  readonly watchSilenceMs?: number;
  /** A way through a proxy, where the kubeconfig names one. */
  readonly agent?: HttpAgent;
}

interface StatusBody {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
}

const defaultTimeoutMs = 30_000;
/**
 * Bookmarks come once a minute (`defaultBookmarkFrequency` of the API server's watch cache), but none while nothing at all
 * was written since the watch began: then a good watch counts as dead too, and beginning it again costs little.
 */
const defaultWatchSilenceMs = 180_000;
/** How long a connection says nothing before the kernel asks whether the other end is there (once a second, ten times). */
const keepAliveMsecs = 15_000;
/** A whole list page of large objects, and no more. */
const mostBytes = 256 * 1024 * 1024;
const longestMessage = 500;

export function createApi(options: ApiOptions): Api {
  const { server, timeoutMs = defaultTimeoutMs, watchSilenceMs = defaultWatchSilenceMs } = options;
  const base = new URL(server);
  const isSecure = base.protocol === 'https:';
  const pool: HttpAgent =
    options.agent ??
    (isSecure
      ? new Agent({ keepAlive: true, keepAliveMsecs, maxCachedSessions: 4, scheduling: 'lifo' })
      : new PlainAgent({ keepAlive: true, keepAliveMsecs }));

  async function open(call: ApiRequest, silenceMs = timeoutMs): Promise<IncomingMessage> {
    const { tls, headers } = await options.credentials();
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const request: RequestOptions = {
      ...tls,
      agent: pool,
      method: call.method,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port === '' ? (isSecure ? 443 : 80) : base.port,
      path: `${base.pathname.replace(/\/$/, '')}${call.path}${queryOf(call.query)}`,
      timeout: timeoutMs,
      headers: {
        accept: call.accept ?? 'application/json',
        'user-agent': options.userAgent,
        ...(body !== undefined && {
          'content-type': call.contentType ?? 'application/json',
          'content-length': body.length,
        }),
        ...headers,
      },
      ...(call.signal !== undefined && { signal: call.signal }),
    };
    return new Promise((resolve, reject) => {
      let patienceMs = timeoutMs;
      const outgoing = (isSecure ? secureRequest : plainRequest)(request, (answer) => {
        patienceMs = silenceMs;
        answer.socket.setTimeout(silenceMs);
        resolve(answer);
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer for ${patienceMs / 1000} s`)));
      outgoing.once('error', (error) => reject(unreachable(server, error)));
      outgoing.end(body);
    });
  }

  return {
    request: async (call) => {
      const answer = await open(call);
      const text = await readAll(answer, server);
      const { statusCode: status = 0 } = answer;
      if (status < 200 || status > 299) throw refusal(call, status, answer, text);
      return parse(text);
    },
    watch: async function* watch(call, began) {
      const request: ApiRequest = { ...call, method: 'GET', query: { ...call.query, watch: true } };
      const answer = await open(request, longestSilence(call, watchSilenceMs));
      const { statusCode: status = 0 } = answer;
      if (status < 200 || status > 299) throw refusal(request, status, answer, await readAll(answer, server));
      began?.();
      try {
        for await (const line of lines(answer, mostBytes))
          yield trusted<WatchEvent>(parse(line), { type: 'ERROR', object: undefined });
      } catch (error) {
        if (error instanceof ApiError) throw error;
        throw unreachable(server, error);
      } finally {
        answer.destroy();
      }
    },
    close: () => pool.destroy(),
  };
}

/** A connection whose other end vanished is never closed by anybody: silence tells. */
function longestSilence({ query }: Pick<ApiRequest, 'query'>, watchSilenceMs: number): number {
  if (query?.['allowWatchBookmarks'] === true) return watchSilenceMs;
  return Number(query?.['timeoutSeconds'] ?? 0) * 1000 + watchSilenceMs;
}

function queryOf(query: ApiRequest['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) search.append(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function readAll(answer: IncomingMessage, server: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > mostBytes) throw new Error(`an answer of more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(server, error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError(
      0,
      'Unreadable',
      'the API server answered something that is no JSON',
      undefined,
      error,
    );
  }
}

/** The message of the server's Status object is for people and names no secret; an answer of somebody else is cut short. */
function refusal(call: ApiRequest, status: number, answer: IncomingMessage, text: string): ApiError {
  let reason = '';
  let message = text.trim().slice(0, longestMessage);
  let retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN);
  try {
    const body = trusted<StatusBody>(JSON.parse(text), {});
    if (typeof body.reason === 'string') reason = body.reason;
    if (typeof body.message === 'string') message = body.message;
    if (Number.isNaN(retryAfter)) retryAfter = Number(body.details?.retryAfterSeconds ?? Number.NaN);
  } catch {
    // Somebody between us and the API server answered.
  }
  const what = `${call.method} ${call.path}: ${status} ${message || answer.statusMessage || ''}`.trim();
  const wait = Number.isNaN(retryAfter) ? undefined : retryAfter * 1000;
  return new ApiError(status, reason || (reasons[status] ?? 'Unknown'), what, wait);
}

const reasons: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
};

function unreachable(server: string, error: unknown): ApiError {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new ApiError(0, 'Unreachable', `${server}: ${reason}`, undefined, error);
}
