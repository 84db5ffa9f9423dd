import { apiVersionOf, type Client, type Clock, isOlder, type Kind, keyOf, means, refOf } from '../../kube/index.ts';
import { conditionsOf, type Phase, saysTheSame, type Status, timeOf, type Verdict } from '../status/index.ts';

/** What is known of a stored declaration when its status is decided. */
export interface Stored {
  readonly uid: string;
  readonly generation: number;
  /** Resource version that the cache holds. */
  readonly version: string | undefined;
  readonly status: Status | undefined;
}

export interface StatusWriter {
  /** Writes what is decided, if it is not what stands there. Resolves to what was written. */
  write(
    kind: Kind,
    key: string,
    stored: Stored,
    decided: { readonly phase: Phase; readonly verdicts: readonly Verdict[] },
    signal: AbortSignal,
  ): Promise<{ readonly before: Status | undefined; readonly after: Status } | undefined>;
  /** Whether what stands there is what was written last, for this generation: the echo of our own write. */
  isEcho(kind: Kind, key: string, stored: Omit<Stored, 'version'>): boolean;
  forget(kind: Kind, key: string): void;
}

export function statusWriter(client: Client, clock: Clock): StatusWriter {
  // The cache lags behind our own writes: what was answered counts until it has caught up.
  const written = new Map<string, { readonly uid: string; readonly version: string; readonly status: Status }>();
  return {
    async write(kind, key, stored, { phase, verdicts }, signal) {
      const id = `${kind.kind} ${key}`;
      const own = written.get(id);
      const newer = own?.uid === stored.uid && (stored.version === undefined || isOlder(stored.version, own.version));
      const before = newer ? own.status : stored.status;
      const now = timeOf(clock);
      const after: Status = {
        phase,
        conditions: conditionsOf(verdicts, before?.conditions ?? [], stored.generation, now),
        observedGeneration: stored.generation,
      };
      if (before && saysTheSame(after, before)) return undefined;
      const ref = refOf(key);
      const object = {
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
        metadata: { ...ref, uid: stored.uid },
        status: after,
      };
      try {
        const answer = await client.apply(kind, object, { signal, force: true, subresource: 'status' });
        written.set(id, { uid: stored.uid, version: answer.metadata.resourceVersion ?? '', status: after });
        return { before, after };
      } catch (error) {
        // Gone, or replaced by another of its name: its own event brings it back here.
        if (means(error, 'notFound', 'conflict')) return undefined;
        throw error;
      }
    },
    isEcho(kind, key, { uid, generation, status }) {
      const own = written.get(`${kind.kind} ${key}`);
      return (
        own?.uid === uid &&
        own.status.observedGeneration === generation &&
        status !== undefined &&
        saysTheSame(own.status, status)
      );
    },
    forget: (kind, key) => {
      written.delete(`${kind.kind} ${keyOf(refOf(key))}`);
    },
  };
}
