// A token bucket without a timer: it says how long to wait, it does not wait. Pure.

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** `at`: the time, in milliseconds, at which the bucket is full again. */
export interface Bucket {
  readonly at: number;
}

/** Takes one token at time `now`, if need be one of the future: `waitMs` says when that comes. */
export function takeToken(
  bucket: Bucket,
  now: number,
  rate: Rate,
): { readonly bucket: Bucket; readonly waitMs: number } {
  const spacing = 1000 / rate.perSecond;
  const at = Math.max(bucket.at, now) + spacing;
  return { bucket: { at }, waitMs: Math.max(0, at - now - rate.burst * spacing) };
}
