import type { ApiError } from '../api-error.ts';
import type { Json } from '../json.ts';

/** A request as the server sees it; sockets are the listener's matter. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Bytes, for clients that speak protobuf. */
  readonly body?: string | Buffer;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

export type Body =
  | { readonly kind: 'whole'; readonly text: string }
  /** `open` starts the stream and returns how to stop it. */
  | { readonly kind: 'stream'; readonly open: (sink: Sink) => () => void }
  /** The connection is broken instead of answered. */
  | { readonly kind: 'reset' }
  /** Nothing is ever answered. */
  | { readonly kind: 'silence' };

export interface Sink {
  readonly write: (chunk: string) => void;
  readonly end: () => void;
  /** Breaks the connection. */
  readonly reset: () => void;
}

export const JSON_TYPE = 'application/json';

export function answer(status: number, value: Json, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  return {
    status,
    headers: { 'content-type': JSON_TYPE, 'cache-control': 'no-cache, private', ...headers },
    body: { kind: 'whole', text: `${JSON.stringify(value)}\n` },
  };
}

export const answerError = (error: ApiError): ApiResponse => answer(error.code, error.status(), error.headers);
