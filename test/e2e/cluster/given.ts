import { copyFileSync } from 'node:fs';
import { loadAccess } from '../../../src/kube/index.ts';
import type { Cluster, Place } from './cluster.ts';

/** A cluster that is already there: it is not restarted, and left as it was found. */
export async function givenCluster(file: string, { kubeconfig }: Place): Promise<Cluster> {
  copyFileSync(file, kubeconfig);
  return {
    access: await loadAccess({ kubeconfig: file, env: {} }),
    power: undefined,
    lacksControllers: undefined,
    close: () => Promise.resolve(),
  };
}
