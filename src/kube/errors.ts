// Errors named by what they mean, so that no call site knows a status code.
import { at, isRecord, stringAt } from './json.ts';

export type Meaning =
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'alreadyExists'
  /** The object changed since it was read: read again and decide again. */
  | 'conflict'
  /** Server-side apply: another manager owns a field; `causes` names them. */
  | 'fieldConflict'
  /** The resource version or continue token is no longer served: list again. */
  | 'expired'
  /** The resource version lies ahead of what the server has seen. */
  | 'ahead'
  | 'invalid'
  | 'badRequest'
  /** The server does not know this path, method or media type. */
  | 'unsupported'
  | 'tooLarge'
  | 'throttled'
  | 'timeout'
  | 'unavailable'
  | 'serverError'
  /** No answer: refused, reset, TLS failure, name not found. */
  | 'unreachable'
  /** An answer that is not what Kubernetes sends. */
  | 'malformed'
  /** The caller's signal was aborted. */
  | 'aborted'
  /** A write was held back because the right to write was lost. */
  | 'fenced'
  /** Credentials or kubeconfig cannot be used; the message says what to change. */
  | 'config';

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface ErrorDetails {
  readonly status?: number;
  readonly reason?: string;
  /** Milliseconds that the server asked to wait before trying again. */
  readonly retryAfterMs?: number;
  readonly causes?: readonly Cause[];
  readonly cause?: unknown;
}

/** A failure of a call, by what it means to the caller; `config` is a mistake in how the cluster is reached. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly meaning: Meaning;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly Cause[];

  constructor(meaning: Meaning, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.meaning = meaning;
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
    this.causes = details.causes ?? [];
  }
}

/** Whether `error` is a KubeError with one of these meanings. */
export function means(error: unknown, ...meanings: readonly Meaning[]): error is KubeError {
  return error instanceof KubeError && meanings.includes(error.meaning);
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The error that a response of `status` stands for. `body` is the parsed Status object, the text of the body, or undefined.
 * Also used for the Status inside an ERROR event of a watch, whose `code` is the status.
 */
export function errorOfResponse(what: string, status: number, body: unknown, retryAfterMs?: number): KubeError {
  const reason = stringAt(body, 'reason');
  const causes = causesOf(body);
  const said = stringAt(body, 'message') ?? (typeof body === 'string' ? body.slice(0, 500).trim() : '');
  const seconds = at(body, 'details', 'retryAfterSeconds');
  const wait = retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined);
  const meaning = meaningOf(status, reason, causes);
  return new KubeError(meaning, `${what}: ${status}${reason ? ` ${reason}` : ''}${said ? `: ${said}` : ''}`, {
    status,
    causes,
    ...(reason === undefined ? {} : { reason }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

function meaningOf(status: number, reason: string | undefined, causes: readonly Cause[]): Meaning {
  // The server answers a watch from the future with a timeout that only its cause explains.
  if (causes.some((cause) => cause.reason === 'ResourceVersionTooLarge')) return 'ahead';
  switch (status) {
    case 400:
      return 'badRequest';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'notFound';
    case 405:
    case 406:
    case 415:
    case 501:
      return 'unsupported';
    case 409:
      if (reason === 'AlreadyExists') return 'alreadyExists';
      return causes.some((cause) => cause.reason === 'FieldManagerConflict') ? 'fieldConflict' : 'conflict';
    case 410:
      return 'expired';
    case 413:
      return 'tooLarge';
    case 422:
      return 'invalid';
    case 429:
      return 'throttled';
    case 408:
    case 504:
      return 'timeout';
    case 502:
    case 503:
      return 'unavailable';
    default:
      return status >= 500 ? 'serverError' : 'malformed';
  }
}

function causesOf(body: unknown): readonly Cause[] {
  const causes = at(body, 'details', 'causes');
  if (!Array.isArray(causes)) return [];
  return causes.filter(isRecord).map((cause) => ({
    reason: stringAt(cause, 'reason') ?? '',
    message: stringAt(cause, 'message') ?? '',
    field: stringAt(cause, 'field') ?? '',
  }));
}

/** Milliseconds in a Retry-After header (seconds or a date), or undefined when it says nothing usable. */
export function parseRetryAfter(header: string | undefined, wallNow: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallNow);
}
