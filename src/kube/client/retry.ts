// Whether a failed request is sent again, and when. Pure.
import type { KubeError } from '../errors.ts';

export interface Attempt {
  readonly error: KubeError;
  /** Sending it twice has the effect of sending it once (reads, server-side apply). */
  readonly repeatable: boolean;
  /** Attempts made so far, this one included. */
  readonly made: number;
  readonly maxAttempts: number;
  /** A 401 is answered once with fresh credentials. */
  readonly renewed: boolean;
  /** 0 <= random < 1 */
  readonly random: number;
}

export type Retry =
  | { readonly kind: 'give up' }
  | { readonly kind: 'renew credentials' }
  | { readonly kind: 'wait'; readonly ms: number };

const GIVE_UP: Retry = { kind: 'give up' };
/** The server's own default when it throttles without saying for how long. */
const DEFAULT_RETRY_AFTER_MS = 1000;
const MAX_WAIT_MS = 60_000;

export function decideRetry(attempt: Attempt): Retry {
  const { error } = attempt;
  if (error.meaning === 'unauthorized') return attempt.renewed ? GIVE_UP : { kind: 'renew credentials' };
  if (attempt.made >= attempt.maxAttempts) return GIVE_UP;
  // A server that says Retry-After has not begun to serve the request (throttled, or shutting down), so any method may repeat.
  const refused = error.meaning === 'throttled' || (error.retryAfterMs !== undefined && (error.status ?? 0) >= 500);
  if (refused) return wait(error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS, attempt);
  // A kept connection that the server closed at the same moment: the request may or may not have arrived.
  if (error.meaning === 'unreachable' && attempt.repeatable) return wait(50 * 2 ** attempt.made, attempt);
  return GIVE_UP;
}

/** Up to a quarter longer than asked, so that clients refused together do not return together. */
function wait(ms: number, attempt: Attempt): Retry {
  return { kind: 'wait', ms: Math.min(ms, MAX_WAIT_MS) * (1 + attempt.random / 4) };
}
