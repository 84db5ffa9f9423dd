import { formatCidr } from '../../api/index.ts';
import type { BuiltinPeer } from '../../graph/index.ts';
import { cidrPeer, entityPeer, type Member } from './grants.ts';
import type { PeerBook } from './select-peer.ts';

/** The administrator's peer in Cilium's terms, or why it has none. Nodes are entities, because no CIDR matches them (C14). */
export function builtinMembers(
  { name, at }: BuiltinPeer,
  peers: PeerBook,
): { readonly members: readonly Member[]; readonly reason?: string } {
  switch (at.kind) {
    case 'entity':
      return { members: [entityPeer(at.entity)] };
    case 'cidrs':
      return { members: at.cidrs.map((cidr) => cidrPeer(formatCidr(cidr))) };
    case 'pods': {
      const selected = peers.pods(`builtin ${name}`, at);
      return selected.kind === 'endpoints' ? { members: [selected] } : { members: [], reason: selected.reason };
    }
  }
}
