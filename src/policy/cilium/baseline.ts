import { formatCidr } from '../../api/index.ts';
import type { Exemptions, MeshMode } from '../../graph/index.ts';
import type { PortBook } from '../kubernetes/port-set.ts';
import { dnsRules } from './dns.ts';
import type { PeerBook } from './select-peer.ts';
import type { EgressRule, IngressRule, NameSelector } from './spec.ts';

/** The exemptions of every isolated pod, and with them its default deny: each direction has at least one rule (C1, C28). */
export interface Baseline {
  readonly ingress: (mesh: MeshMode) => readonly IngressRule[];
  /** With `names`, DNS is proxied for these alone. */
  readonly egress: (names?: readonly NameSelector[]) => readonly EgressRule[];
}

/** An empty rule isolates and admits nobody; an empty list would be refused (C1). */
const NOBODY: readonly [Record<string, never>] = [{}];

export function openBaseline(exemptions: Exemptions, peers: PeerBook, ports: PortBook): Baseline {
  const ambient = probesInMesh(exemptions);
  const plain: readonly IngressRule[] = exemptions.probes.host ? [{ fromEntities: ['host'] }] : NOBODY;
  const unnamed = orNobody(dnsRules(exemptions.dns, peers, ports));
  return {
    ingress: (mesh) => (mesh === 'ambient' ? ambient : plain),
    egress: (names) => (names ? orNobody(dnsRules(exemptions.dns, peers, ports, names)) : unnamed),
  };
}

/** In ambient the node agent rewrites kubelet's address to a link-local one, which is world and not host (X4, C17). */
function probesInMesh({ probes }: Exemptions): readonly IngressRule[] {
  return probes.ambient.length > 0 ? [{ fromCIDR: probes.ambient.map(formatCidr) }] : NOBODY;
}

function orNobody(rules: readonly EgressRule[]): readonly EgressRule[] {
  return rules.length > 0 ? rules : NOBODY;
}
