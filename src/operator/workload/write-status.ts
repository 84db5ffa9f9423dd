import { type Client, type Clock, means, refOf } from '../../kube/index.ts';
import type { LatticeService } from '../../api/index.ts';
import { LATTICE_SERVICE } from '../service/kinds.ts';
import { conditionsOf } from '../status/index.ts';
import { decideWorkloadStatus, saysThat, type WorkloadFacts } from './decide-workload-status.ts';
import type { Stored } from './inputs.ts';
import { MANAGER } from './kinds.ts';

/** Writes `status.workload` and the condition `Deployed`, when they are not what stands there. */
export function workloadStatusWriter(client: Client, clock: Clock) {
  /** The cache lags behind our own writes. */
  const written = new Map<string, string>();
  return {
    async write(key: string, stored: Stored<LatticeService>, facts: WorkloadFacts, signal: AbortSignal): Promise<void> {
      const { workload, verdict } = decideWorkloadStatus(facts);
      const now = `${new Date(clock.wall()).toISOString().slice(0, 19)}Z`;
      const conditions = conditionsOf([verdict], stored.conditions, stored.generation, now);
      const before = stored.conditions.find(({ type }) => type === verdict.type);
      const [after] = conditions;
      const same =
        saysThat(stored.workload, workload) &&
        before &&
        after &&
        saysThat({ ...before, lastTransitionTime: '' }, { ...after, lastTransitionTime: '' });
      const said = JSON.stringify([stored.uid, workload, { ...after, lastTransitionTime: '' }]);
      if (same || written.get(key) === said) {
        if (same) written.delete(key);
        return;
      }
      const object = {
        apiVersion: 'lattice.dev/v1alpha1',
        kind: 'LatticeService',
        metadata: { ...refOf(key), uid: stored.uid },
        status: { workload, conditions },
      };
      try {
        await client.apply(LATTICE_SERVICE, object, { signal, force: true, subresource: 'status', manager: MANAGER });
        written.set(key, said);
      } catch (error) {
        // Gone, or replaced by another of its name: its own event brings it back here.
        if (!means(error, 'notFound', 'conflict')) throw error;
      }
    },
    forget(key: string): void {
      written.delete(key);
    },
  };
}
