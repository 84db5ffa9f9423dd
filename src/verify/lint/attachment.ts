import type { Labels, Waypoint } from '../../graph/index.ts';
import { loadCilium } from '../cilium/index.ts';
import { loadIstio } from '../istio/index.ts';
import { loadKubernetes } from '../kubernetes/index.ts';
import { ciliumLabels } from '../prove/party.ts';
import { type Claim, ciliumOf, meshOf } from '../prove/prove.ts';

/** A pod as selectors see it. */
export interface SelectedPod {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly account: string;
}

/** Where one object of an engine has a say, by that engine's own rules of attachment. */
export interface Attachment {
  /** Whether it is in force at a door of this pod. */
  pod(pod: SelectedPod): boolean;
  /** Whether a waypoint enforces it for one of these Services. */
  services(waypoint: Waypoint, namespace: string, names: readonly string[]): boolean;
}

/** Reads an object of any kind and author once. What an engine refuses, or does not know, has no say. */
export function attachmentOf(object: unknown, claim: Omit<Claim, 'graph' | 'objects'>): Attachment {
  const { engines, clusterName } = claim;
  const cilium = engines.includes('cilium') ? loadCilium([object], ciliumOf(claim)) : undefined;
  const istio = engines.includes('istio') ? loadIstio([object], meshOf(claim)) : undefined;
  const kubernetes = engines.includes('kubernetes') ? loadKubernetes([object]) : undefined;
  return {
    pod({ namespace, namespaceLabels, labels, account }) {
      const party = {
        kind: 'pod',
        id: '',
        namespace,
        namespaceLabels,
        labels,
        account,
        cluster: clusterName,
        mesh: 'ambient',
        namedPorts: {},
      } as const;
      if (cilium) {
        const { egress, ingress } = cilium.policyOf(ciliumLabels(party));
        if (egress.rules.length + ingress.rules.length > 0) return true;
      }
      if (istio) {
        const { attached, allows, denies } = istio.ztunnelPolicyOf({ namespace, labels, serviceAccount: account });
        if (attached.length + allows.length + denies.length > 0) return true;
      }
      const seen = { kind: 'pod', namespace, namespaceLabels, labels, address: NO_ADDRESS } as const;
      return kubernetes !== undefined && kubernetes.policiesOf(seen).length > 0;
    },
    services(waypoint, namespace, names) {
      if (!istio) return false;
      return names.some((name) => {
        const { customs, denies, allows } = istio.waypointPolicyOf(waypoint, { kind: 'Service', namespace, name });
        return customs.length + denies.length + allows.length > 0;
      });
    },
  };
}

/** Never routed: attachment does not depend on it. */
const NO_ADDRESS = '240.3.0.1';
