// What each of Cilium's two doors must say about a flow, by the agreements alone: the table of the enforcement chapter.
import type { Protocol } from '../scenario.ts';
import { agree } from './agreements.ts';
import { type Estate, inputsOf } from './estate.ts';
import { inNetworkPolicy } from './outside.ts';
import { CLUSTER, type Party } from './parties.ts';
import { type Standing, standingIn } from './standing.ts';
import { type Wanted, wantedIn } from './wanted.ts';

/** `any`: an exemption may open it, or it is not ours to decide. */
export type Door = 'open' | 'closed' | 'any';

export interface Doors {
  readonly egress: Door;
  readonly ingress: Door;
  /** Whether the declarations agree on this flow, so that both doors are to be open for that reason. */
  readonly agreed: boolean;
}

/** Answers for one state of an estate. */
export function doorsOf(estate: Estate): (from: Party, to: Party, port: number, protocol: Protocol) => Doors {
  const all = agree(inputsOf(estate));
  const agreements = estate.engine === 'kubernetes' ? inNetworkPolicy(all) : all;
  const standingOf = standingIn(estate, agreements);
  const wanted = wantedIn(estate, agreements, standingOf);
  return (from, to, port, protocol) => {
    const answer = wanted(from, to, { port, protocol });
    return {
      egress: egressDoor(standingOf(from), resolves(to, port, protocol), DOOR[answer]),
      ingress: ingressDoor(standingOf(to), from, DOOR[answer]),
      agreed: answer === 'yes',
    };
  };
}

const DOOR: Readonly<Record<Wanted, Door>> = { yes: 'open', no: 'closed', unsure: 'any' };

function egressDoor(from: Standing, resolving: boolean, wanted: Door): Door {
  switch (from.kind) {
    case 'doubtful':
      return 'any';
    case 'free':
    case 'shadow':
      return 'open';
    case 'denied':
      return resolving ? 'any' : 'closed';
    case 'enforced':
    case 'egress-gateway':
      return resolving ? 'open' : wanted;
  }
}

function ingressDoor(to: Standing, from: Party, wanted: Door): Door {
  switch (to.kind) {
    case 'doubtful':
      return 'any';
    case 'free':
    case 'shadow':
      return 'open';
    case 'denied':
      return isProbe(from) ? 'any' : 'closed';
    case 'enforced':
    case 'egress-gateway':
      return isProbe(from) && wanted === 'closed' ? 'any' : wanted;
  }
}

/** DNS to the cluster's resolvers. */
function resolves(to: Party, port: number, protocol: Protocol): boolean {
  const resolver = to.kind === 'pod' && to.namespace === 'kube-system' && to.cluster === CLUSTER;
  return resolver && port === 53 && (protocol === 'UDP' || protocol === 'TCP');
}

/** The node itself, and the address that kubelet's probes come from in an ambient mesh (X4). */
function isProbe(party: Party): boolean {
  return party.name === 'host' || (party.kind === 'address' && party.address === '169.254.7.127/32');
}
