import type { ClusterValues } from '../../workload/index.ts';
import type { ControllerContext } from '../context.ts';

/** What templates and classes may know of the cluster, from flags and configuration. */
export function clusterValuesOf({ compile, settings, config }: ControllerContext): ClusterValues {
  return {
    name: compile.clusterName,
    domain: settings.exemptions.network.clusterDomain,
    trustDomain: compile.trustDomain,
    more: config?.values?.cluster ?? {},
    env: config?.values?.env ?? {},
  };
}
