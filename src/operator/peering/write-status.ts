import { isDeepStrictEqual } from 'node:util';
import { at, type Client, type Clock, means, refOf } from '../../kube/index.ts';
import { conditionsOf, type Phase, readConditions, timeOf, type Verdict } from '../status/index.ts';
import type { Declared } from './declared.ts';
import { PEERING } from './kinds.ts';

/** What is to be said of a peering. */
export interface PeeringStatus {
  readonly phase: Phase;
  readonly verdicts: readonly Verdict[];
  readonly rules: number;
  readonly members: number;
  readonly enforcer: string | undefined;
  readonly ranges: { readonly local: readonly string[]; readonly remote: readonly string[] };
}

/** The number of members alone is written no more often than this: it follows every pod. */
const MEMBERS_MS = 10_000;

export interface PeeringStatusWriter {
  /** Writes if it says something new. `changed`: the reason of Ready is another; `again`: come back to say the rest. */
  write(
    key: string,
    declared: Declared,
    status: PeeringStatus,
    signal: AbortSignal,
  ): Promise<{ readonly changed: boolean; readonly again: number | undefined }>;
  forget(key: string): void;
}

export function peeringStatusWriter(client: Client, clock: Clock): PeeringStatusWriter {
  /** Our own last word, which the cache may not have heard of yet. */
  const last = new Map<string, { readonly uid: string; readonly status: object; readonly at: number }>();
  return {
    async write(key, declared, { phase, verdicts, rules, members, enforcer, ranges }, signal) {
      const own = last.get(key);
      const before: unknown = own?.uid === declared.uid ? own.status : declared.status;
      const old = readConditions(at(before, 'conditions'));
      const now = timeOf(clock);
      const status = {
        phase,
        conditions: conditionsOf(verdicts, old, declared.generation, now),
        rules,
        members,
        ...(enforcer === undefined ? {} : { enforcer }),
        ranges,
        observedGeneration: declared.generation,
      };
      if (isDeepStrictEqual(status, before)) return { changed: false, again: undefined };
      const quiet = isDeepStrictEqual({ ...status, members: at(before, 'members') }, before);
      const waited = own ? clock.monotonic() - own.at : MEMBERS_MS;
      if (quiet && waited < MEMBERS_MS) return { changed: false, again: MEMBERS_MS - waited };
      const object = {
        apiVersion: 'security.liqo.io/v1',
        kind: 'PeeringConnectivity',
        metadata: { ...refOf(key), uid: declared.uid },
        status,
      };
      try {
        await client.apply(PEERING, object, { signal, force: true, subresource: 'status' });
      } catch (error) {
        // Gone, or replaced by another of its name: its own event brings it back here.
        if (means(error, 'notFound', 'conflict')) return { changed: false, again: undefined };
        throw error;
      }
      last.set(key, { uid: declared.uid, status, at: clock.monotonic() });
      const ready = old.find(({ type }) => type === 'Ready');
      const said = verdicts.find(({ type }) => type === 'Ready');
      return { changed: ready?.reason !== said?.reason || ready?.status !== said?.status, again: undefined };
    },
    forget: (key) => {
      last.delete(key);
    },
  };
}
