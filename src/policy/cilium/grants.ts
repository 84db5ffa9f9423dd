import type { Grants as GrantsOf, Group as GroupOf } from '../kubernetes/grants.ts';
import type { PodPeer } from './select-peer.ts';
import type { NameSelector } from './spec.ts';

/** The other end of a grant, one of the kinds that Cilium never mixes in a rule (C7). */
export type Member = PodPeer | EntityPeer | CidrPeer | NamePeer;
export type Group = GroupOf<Member>;
export type Grants = GrantsOf<Member>;

interface EntityPeer {
  readonly kind: 'entities';
  readonly key: string;
  readonly bytes: number;
  readonly entity: string;
}

interface CidrPeer {
  readonly kind: 'cidr';
  readonly key: string;
  readonly bytes: number;
  readonly cidr: string;
}

interface NamePeer {
  readonly kind: 'fqdns';
  readonly key: string;
  readonly bytes: number;
  readonly name: NameSelector;
}

export function entityPeer(entity: string): EntityPeer {
  return { kind: 'entities', key: `entity ${entity}`, bytes: entity.length + 3, entity };
}

export function cidrPeer(cidr: string): CidrPeer {
  return { kind: 'cidr', key: `cidr ${cidr}`, bytes: cidr.length + 3, cidr };
}

export function namePeer(name: NameSelector): NamePeer {
  const text = 'matchName' in name ? name.matchName : name.matchPattern;
  return { kind: 'fqdns', key: `name ${text}`, bytes: text.length + 24, name };
}
