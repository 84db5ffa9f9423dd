// Orderly ends: work is first asked to finish, and only then told to stop.
import type { Clock } from './clock.ts';

export interface Life {
  /** Aborted: take nothing new, finish what runs. */
  readonly stopping: AbortSignal;
  /** Aborted: stop now. Hand it to every request. */
  readonly signal: AbortSignal;
}

export interface GraceOptions {
  readonly stopping: AbortSignal;
  /** Ends the work at once, without grace. */
  readonly abort?: AbortSignal;
  /** Time to finish after `stopping`, in milliseconds. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/** Runs `work` to its end. What it throws is thrown, unless it was told to stop now: then that is the end. */
export async function withGrace(work: (life: Life) => Promise<void>, options: GraceOptions): Promise<void> {
  const { stopping, abort, graceMs, clock } = options;
  const now = new AbortController();
  const gently = new AbortController();
  let cancel = (): void => undefined;
  const onStopping = (): void => {
    gently.abort(stopping.reason);
    cancel = clock.after(graceMs, () => now.abort(new Error('the time to finish is over')));
  };
  const onAbort = (): void => {
    now.abort(abort?.reason);
    gently.abort(abort?.reason);
  };
  if (stopping.aborted) onStopping();
  else stopping.addEventListener('abort', onStopping, { once: true });
  if (abort?.aborted) onAbort();
  else abort?.addEventListener('abort', onAbort, { once: true });
  try {
    await work({ stopping: gently.signal, signal: now.signal });
  } catch (error) {
    if (!now.signal.aborted) throw error;
  } finally {
    cancel();
    stopping.removeEventListener('abort', onStopping);
    abort?.removeEventListener('abort', onAbort);
  }
}
