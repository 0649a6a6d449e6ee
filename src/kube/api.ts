/** The API server as everything here needs it: one request, one watch, and errors that carry what to do. */

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/namespaces/default/configmaps/web`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Becomes JSON. */
  readonly body?: unknown;
  /** Of the body; of a PATCH it says which kind of patch it is. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export const patchTypes = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

/** One line of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

export interface Api {
  /** The answer's body. Throws ApiError for every other answer than 2xx, and where none came. */
  request(request: ApiRequest): Promise<unknown>;
  /**
   * The lines of a watch as they come; ends when the server closes it. Throws ApiError where it does not begin, or breaks
   * in the middle of a line. `began` is called when the server has agreed: a first line may be long in coming.
   */
  watch(request: Omit<ApiRequest, 'method' | 'body'>, began?: () => void): AsyncIterable<WatchEvent>;
  close(): void;
}

/** What the server answered, or why it did not. Never holds a token or a body of a Secret. */
export class ApiError extends Error {
  /** HTTP status; 0: no answer came. */
  readonly status: number;
  /** The server's word: `NotFound`, `Conflict`, `Expired`, `Forbidden`, `TooManyRequests`, …; `Unreachable` for none. */
  readonly reason: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number, cause?: unknown) {
    super(message, { cause });
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export function isApiError(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}
