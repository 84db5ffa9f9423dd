// Who may lead, and until when. Pure: time is an argument, and other machines' clocks are never believed.

export interface LeaseTiming {
  /** How long others wait after they last saw the lease change. */
  readonly leaseMs: number;
  /** How long a leader may go on after it sent its last successful renewal; shorter, so that it stops first. */
  readonly renewMs: number;
  /** Between tries. */
  readonly retryMs: number;
}

export const LEASE_TIMING: LeaseTiming = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 };

/** A Lease object, as far as election needs it. */
export interface LeaseRecord {
  /** Empty when released. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
  readonly version: string;
}

/** One moment on this machine's clocks. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export type Election =
  /** `since`: when this machine first saw `seen` as it is; `seen` undefined means that there is no Lease. */
  | { readonly at: 'standby'; readonly seen: LeaseRecord | undefined; readonly since: Instant }
  /** `renewedAt`: taken before the successful write was sent, so never later than the server's view. */
  | { readonly at: 'leading'; readonly held: LeaseRecord; readonly renewedAt: Instant };

/** Throws RangeError for timings under which two could lead, or a leader could not renew. */
export function checkTiming({ leaseMs, renewMs, retryMs }: LeaseTiming): void {
  if (!(leaseMs > renewMs)) throw new RangeError('lease duration must be longer than the renew deadline');
  if (!(renewMs > retryMs * 1.2)) throw new RangeError('renew deadline must be longer than 1.2 times the retry period');
  if (!(retryMs > 0)) throw new RangeError('retry period must be positive');
}

/** What a read of the Lease means to one who waits. */
export function observed(state: Election, record: LeaseRecord | undefined, now: Instant): Election {
  if (state.at === 'standby' && state.seen !== undefined && record !== undefined && isUnchanged(state.seen, record))
    return { ...state, seen: record };
  return { at: 'standby', seen: record, since: now };
}

/** Whether one who waits may try to take the Lease. Only this machine's monotonic time counts: observe, then wait. */
export function mayTake(state: Election, identity: string, now: Instant): boolean {
  if (state.at !== 'standby') return false;
  const { seen } = state;
  // Our own name: the answer to our write was lost, nobody else can hold it.
  if (seen === undefined || seen.holder === '' || seen.holder === identity) return true;
  return now.monotonic - state.since.monotonic >= seen.durationMs;
}

/** Whether a leader may still write. Asked before every write. */
export function mayWrite(state: Election, timing: LeaseTiming, now: Instant): boolean {
  return state.at === 'leading' && elapsed(state.renewedAt, now) < timing.renewMs;
}

/** Milliseconds for which a leader may still write, if nothing renews the lease. */
export function remaining(state: Election, timing: LeaseTiming, now: Instant): number {
  return state.at === 'leading' ? Math.max(0, timing.renewMs - elapsed(state.renewedAt, now)) : 0;
}

/** The record that takes or renews the Lease. */
export function nextRecord(
  previous: LeaseRecord | undefined,
  identity: string,
  timing: LeaseTiming,
  now: Instant,
): LeaseRecord {
  const time = microTime(now.wall);
  const renewing = previous?.holder === identity;
  return {
    holder: identity,
    durationMs: Math.ceil(timing.leaseMs / 1000) * 1000,
    acquireTime: renewing ? previous.acquireTime : time,
    renewTime: time,
    transitions: (previous?.transitions ?? 0) + (previous === undefined || renewing ? 0 : 1),
    version: previous?.version ?? '',
  };
}

/** The record by which a leader steps down, so that the next need not wait. */
export function releasedRecord(held: LeaseRecord, now: Instant): LeaseRecord {
  return { ...held, holder: '', durationMs: 1000, renewTime: microTime(now.wall) };
}

/** A suspended machine stops its monotonic clock while others' go on: the larger of both clocks counts. */
function elapsed(from: Instant, now: Instant): number {
  return Math.max(now.monotonic - from.monotonic, now.wall - from.wall);
}

/** The version also changes when someone labels the Lease, which is no sign of life. */
function isUnchanged(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holder === b.holder &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.transitions === b.transitions
  );
}

function microTime(wall: number): string {
  return new Date(wall).toISOString().replace('Z', '000Z');
}
