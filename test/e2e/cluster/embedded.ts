import { writeFileSync } from 'node:fs';
import { startControlPlane } from '../../../src/controlplane/index.ts';
import { loadAccess } from '../../../src/kube/index.ts';
import type { Cluster, Place } from './cluster.ts';

/** The control plane in memory, over its socket. */
export async function embeddedCluster({ kubeconfig }: Place): Promise<Cluster> {
  const plane = await startControlPlane();
  writeFileSync(kubeconfig, plane.kubeconfig);
  return {
    access: await loadAccess({ kubeconfig, env: {} }),
    power: {
      async restart() {
        // As when the server ends before a write, and between a write and its answer.
        plane.faults.inject({ kind: 'reset', after: 'write' }, { method: 'PATCH' }, 2);
        plane.faults.inject({ kind: 'reset' }, { method: 'PATCH' });
        await plane.restart();
        // As when it is up and not yet ready.
        plane.faults.inject({ kind: 'error' }, { watch: true });
        plane.faults.inject({ kind: 'busy', retryAfterSeconds: 1 }, { watch: true });
      },
      forget: () => {
        plane.compact();
        return Promise.resolve();
      },
    },
    lacksControllers: undefined,
    close: plane.close,
  };
}
