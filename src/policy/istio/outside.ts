import { type Finding, formatCidr } from '../../api/index.ts';
import {
  type BuiltinLink,
  type IngressLink,
  meshedBuiltin,
  type Port,
  type ServiceView,
  type Workload,
} from '../../graph/index.ts';
import type { CompileOptions } from '../options.ts';
import { portList } from './rules.ts';

/** A caller without mesh identity, and the pods' ports that it may call. */
export interface Outsider {
  readonly key: string;
  /** Undefined where no address tells it from other callers without identity. */
  readonly blocks: readonly string[] | undefined;
  readonly ports: string;
}

/**
 * The agreed callers that reach the pods in plaintext: services outside the mesh, external sources, and built-in peers,
 * which count as outside unless the configuration says that their pods are in the mesh.
 * They never pass a waypoint, so that these are pods' ports at ztunnel in any case.
 *
 * ztunnel compares `ipBlocks` with the address of the plaintext connection's other end (I8). Behind a LoadBalancer or
 * NodePort with `externalTrafficPolicy: Cluster` that is a node, so such callers are refused there, never admitted.
 * Kubelet probes need no rule: in ambient they do not pass ztunnel (X4).
 */
export function callersOutsideMesh(
  view: ServiceView,
  options: CompileOptions,
): { readonly admitted: readonly Outsider[]; readonly findings: readonly Finding[] } {
  const wanted: Outsider[] = [];
  const want = (key: string, blocks: readonly string[] | undefined, ports: readonly Port[]) => {
    const list = portList(ports, 'ztunnel');
    if (list !== '' && blocks?.length !== 0) wanted.push({ key, blocks, ports: list });
  };
  for (const { peer, ports } of view.inbound) {
    if (peer.mesh === 'none' && peer.barred === undefined) want(peer.key, undefined, ports);
  }
  for (const link of view.ingress) want(`external:${link.external.key}`, blocksOfSources(link), link.ports);
  for (const link of view.builtins) {
    if (!meshedBuiltin(link.peer)) want(`builtin:${link.peer.name}`, blocksOfBuiltin(link), link.inbound);
  }
  if (wanted.length === 0) return { admitted: [], findings: [] };
  // Identity is the caller's proof in the mesh; without it only a network policy can tell callers apart.
  const verified = options.engines.some((engine) => engine !== 'istio');
  return {
    admitted: verified ? wanted : [],
    findings: wanted.map((caller) => unverified(view.self, caller, verified)),
  };
}

function blocksOfSources({ external }: IngressLink): readonly string[] | undefined {
  const blocks: string[] = [];
  for (const source of external.sources) {
    if (source.kind !== 'cidr') return undefined;
    blocks.push(formatCidr(source));
  }
  return blocks;
}

function blocksOfBuiltin({ peer }: BuiltinLink): readonly string[] | undefined {
  return peer.at.kind === 'cidrs' ? peer.at.cidrs.map(formatCidr) : undefined;
}

function unverified(self: Workload, caller: Outsider, verified: boolean): Finding {
  const edge = `${caller.key} -> ${self.key}:${caller.ports}`;
  const about = {
    code: 'CallerUnverified',
    object: { kind: 'LatticeService', namespace: self.namespace, name: self.name },
  };
  if (!verified) {
    return {
      ...about,
      edge: { from: caller.key, to: self.key },
      severity: 'error',
      message: `${edge} is closed: the caller has no mesh identity, and without a network policy engine nothing tells it from others`,
      fix: 'Compile for Cilium or NetworkPolicy too, or bring the caller into the mesh.',
    };
  }
  const seen =
    caller.blocks === undefined
      ? 'ztunnel admits every caller without mesh identity to that port'
      : 'ztunnel sees the address that arrives, which behind externalTrafficPolicy: Cluster is a node and is refused';
  return {
    ...about,
    severity: 'info',
    message: `${edge}: the caller has no mesh identity, so the network policy alone decides who it is; ${seen}`,
  };
}
