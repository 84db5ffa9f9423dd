import { isDeepStrictEqual } from 'node:util';
import { type Client, type Clock, means, refOf } from '../../kube/index.ts';
import type { LatticeService } from '../../api/index.ts';
import type { KeptInstance } from '../../workload/index.ts';
import { LATTICE_SERVICE } from '../service/kinds.ts';
import { type Condition, conditionsOf, timeOf, type Verdict } from '../status/index.ts';
import { decideWorkloadStatus, type WorkloadFacts } from './decide-workload-status.ts';
import type { Stored } from './inputs.ts';
import { MANAGER } from './kinds.ts';

/** Writes `status.workload` and the condition `Deployed`, when they are not what stands there. */
export function workloadStatusWriter(client: Client, clock: Clock) {
  /** The cache lags behind our own writes. */
  const written = new Map<string, string>();
  const put = async (
    key: string,
    stored: Stored<LatticeService>,
    { workload, verdict }: { readonly workload: unknown; readonly verdict?: Verdict },
    signal: AbortSignal,
  ): Promise<void> => {
    const now = timeOf(clock);
    const conditions = conditionsOf(verdict ? [verdict] : [], stored.conditions, stored.generation, now);
    const before = stored.conditions.find(({ type }) => type === verdict?.type);
    const [after] = conditions;
    const said = JSON.stringify([stored.uid, workload, timeless(after)]);
    const same = isDeepStrictEqual(stored.workload, workload) && isDeepStrictEqual(timeless(before), timeless(after));
    if (same || written.get(key) === said) {
      if (same) written.delete(key);
      return;
    }
    const object = {
      apiVersion: 'lattice.dev/v1alpha1',
      kind: 'LatticeService',
      metadata: { ...refOf(key), uid: stored.uid },
      status: { workload, ...(verdict ? { conditions } : {}) },
    };
    try {
      await client.apply(LATTICE_SERVICE, object, { signal, force: true, subresource: 'status', manager: MANAGER });
      written.set(key, said);
    } catch (error) {
      // Gone, or replaced by another of its name: its own event brings it back here.
      if (!means(error, 'notFound', 'conflict')) throw error;
    }
  };
  return {
    write: (key: string, stored: Stored<LatticeService>, facts: WorkloadFacts, signal: AbortSignal): Promise<void> =>
      put(key, stored, decideWorkloadStatus(facts), signal),
    /** Of a service whose pods somebody else makes: only what classes made for it. */
    async remember(
      key: string,
      stored: Stored<LatticeService>,
      instances: readonly KeptInstance[],
      signal: AbortSignal,
    ): Promise<void> {
      if (instances.length === 0 && stored.workload === undefined) return;
      await put(key, stored, { workload: instances.length > 0 ? { instances } : {} }, signal);
    },
    /** Of a service that is deleted and cannot go yet. */
    async leaving(key: string, stored: Stored<LatticeService>, message: string, signal: AbortSignal): Promise<void> {
      const verdict: Verdict = { type: 'Deployed', status: 'False', reason: 'Leaving', message };
      const instances = stored.remembered;
      await put(
        key,
        stored,
        { workload: { waiting: message, ...(instances.length > 0 ? { instances } : {}) }, verdict },
        signal,
      );
    },
    forget(key: string): void {
      written.delete(key);
    },
  };
}

function timeless(condition: Condition | undefined): unknown {
  return condition && { ...condition, lastTransitionTime: '' };
}
