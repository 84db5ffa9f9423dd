import { type FabricPath, PATH_CLASSES, type PathClass } from '../../api/index.ts';
import { sightsOf, type Sight, type Sights } from './judge.ts';

/** What is known of a way by all trials together. */
export interface Memory {
  readonly sights: Sights;
  /** When each way was last seen to pass, or not to (RFC 3339). */
  readonly seenAt: Readonly<Partial<Record<PathClass, string>>>;
}

export const NOTHING_SEEN: Memory = {
  sights: sightsOf(() => ({ canary: 'Unseen', message: 'no trial has been made yet' })),
  seenAt: {},
};

/** What an agent that has just started takes over from the last report of its node: the ways that were seen bypassed. */
export function recall(paths: readonly FabricPath[]): Memory {
  const seenAt: Partial<Record<PathClass, string>> = {};
  const sights = sightsOf((each): Sight => {
    const found = paths.find((path) => path.class === each);
    if (found?.canary !== 'Bypassed') return NOTHING_SEEN.sights[each];
    if (found.seenAt !== undefined) seenAt[each] = found.seenAt;
    return { canary: 'Bypassed', message: found.message ?? 'seen before the agent started' };
  });
  return { sights, seenAt };
}

/**
 * A way that was seen to be bypassed stays so until it is seen to pass: a canary that is gone proves nothing. One that
 * was seen to pass is unseen as soon as a trial does not see it.
 */
export function remember(before: Memory, trial: Sights, at: string): Memory {
  const next = sightsOf((each): Sight => {
    const [was, is] = [before.sights[each], trial[each]];
    return is.canary === 'Unseen' && was.canary === 'Bypassed' ? was : is;
  });
  const seenAt: Partial<Record<PathClass, string>> = { ...before.seenAt };
  for (const each of PATH_CLASSES) if (trial[each].canary !== 'Unseen') seenAt[each] = at;
  return { sights: next, seenAt };
}

/**
 * Seconds until the next trial: a tenth of `longest`, at most a minute, while a way is seen to be bypassed, so that a
 * mend is seen soon; longer each time while one is unseen; `longest` when all pass. `last` is 0 at first.
 */
export function pauseAfter({ sights }: Memory, last: number, longest: number): number {
  const shortest = Math.min(60, longest / 10);
  const seen = PATH_CLASSES.map((each) => sights[each].canary);
  if (seen.includes('Bypassed')) return shortest;
  return seen.includes('Unseen') ? Math.min(longest, Math.max(shortest, last * 2)) : longest;
}
