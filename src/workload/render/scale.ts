import type { Draft, WorkloadObject } from './draft.ts';

/** How many pods a service runs: a fixed number, or a range that the cluster chooses from. */
export interface Scale {
  readonly least: number;
  /** Undefined: always `least`. */
  readonly most: number | undefined;
}

export function scaleOf(draft: Draft): Scale {
  const { min = 1, max } = draft.service.spec.replicas ?? {};
  if (max === undefined || max === min) return { least: min, most: undefined };
  if (min === 0) {
    const fix = 'write min: 1, or leave max out';
    draft.add(
      'ReplicasInvalid',
      'error',
      ['spec', 'replicas', 'min'],
      'a range begins with 1: nothing scales up from none',
      fix,
    );
  }
  return { least: min, most: max };
}

const TARGET_CPU_PERCENT = 80;

export function autoscaler(draft: Draft, kind: string, { least, most }: Scale): WorkloadObject | undefined {
  if (most === undefined) return undefined;
  for (const [name, container] of Object.entries(draft.service.spec.containers ?? {})) {
    const { requests, limits } = container.resources ?? {};
    if (requests?.cpu !== undefined || limits?.cpu !== undefined) continue;
    const message = `the number of pods follows the use of CPU in percent of what is requested, and ${name} requests none`;
    const fix = 'add resources.requests.cpu, such as 100m';
    draft.add('AutoscaleNeedsRequests', 'warning', ['spec', 'containers', name], message, fix);
  }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: draft.name, namespace: draft.namespace, labels: draft.labels },
    spec: {
      maxReplicas: most,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: TARGET_CPU_PERCENT } },
        },
      ],
      minReplicas: least,
      scaleTargetRef: { apiVersion: 'apps/v1', kind, name: draft.name },
    },
  };
}

/** One pod at a time may be taken away on purpose. A single pod has no budget: it would keep a node from being drained. */
export function disruptionBudget(draft: Draft, { least }: Scale): WorkloadObject | undefined {
  if (least < 2) return undefined;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: draft.name, namespace: draft.namespace, labels: draft.labels },
    spec: { maxUnavailable: 1, selector: { matchLabels: draft.selector }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  };
}
