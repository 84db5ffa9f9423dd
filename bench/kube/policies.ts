// CiliumNetworkPolicies of the size that Lattice writes: 2 KB, four rules in, three out.
import type { KubeObject } from '../../src/kube/index.ts';

export interface Policy extends KubeObject {
  readonly spec: object;
}

/** Policy number `index`; `revision` is the one thing that differs between two rounds. */
export function policy(index: number, revision: string): Policy {
  const number = String(index).padStart(5, '0');
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: {
      name: `policy-${number}`,
      namespace: namespaceOf(index),
      labels: { 'app.kubernetes.io/managed-by': 'lattice', 'lattice.dev/owner': `service-${number}` },
      annotations: { 'lattice.dev/revision': revision },
    },
    spec: {
      endpointSelector: { matchLabels: { 'k8s:app.kubernetes.io/name': `service-${number}` } },
      ingress: Array.from({ length: 4 }, (_, i) => ({
        fromEndpoints: [{ matchLabels: peer(index * 7 + i, true) }],
        toPorts: [
          {
            ports: [{ port: String(8080 + i), protocol: 'TCP' }],
            rules: { http: [{ method: 'GET', path: `/api/v${i}/.*` }] },
          },
        ],
      })),
      egress: Array.from({ length: 3 }, (_, i) => ({
        toEndpoints: [{ matchLabels: peer(index * 11 + i, false) }],
        toPorts: [{ ports: [{ port: String(9090 + i), protocol: 'TCP' }] }],
      })),
    },
  };
}

export const namespaceOf = (index: number): string => `app-${String(index % 50).padStart(2, '0')}`;

function peer(index: number, account: boolean): Readonly<Record<string, string>> {
  const name = `service-${String(index % 5000).padStart(5, '0')}`;
  const own = {
    'k8s:app.kubernetes.io/name': name,
    'k8s:io.kubernetes.pod.namespace': namespaceOf(index),
  };
  return account ? { ...own, 'k8s:io.cilium.k8s.policy.serviceaccount': name } : own;
}
