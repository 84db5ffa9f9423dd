import { type ClusterAccess, KubeError, loadAccess } from '../../kube/index.ts';
import { UsageError } from '../command.ts';

/** How to reach the cluster that the flags, or else the environment, name. A kubeconfig that says it badly is bad usage. */
export async function accessFor({
  kubeconfig,
  context,
}: {
  readonly kubeconfig?: string;
  readonly context?: string;
}): Promise<ClusterAccess> {
  try {
    return await loadAccess({
      env: process.env,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
  } catch (error) {
    if (error instanceof KubeError && error.meaning === 'config') throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
