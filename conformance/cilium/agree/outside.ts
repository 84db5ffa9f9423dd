// Agreements with what lies outside the cluster: which addresses they mean.
import { BlockList, isIPv4 } from 'node:net';
import type { Protocol } from '../scenario.ts';
import type { Agreements, Opening, Outside } from './agreements.ts';
import type { Address, Party } from './parties.ts';

export interface Flow {
  readonly port: number;
  readonly protocol: Protocol;
}

export function isOn(opening: Opening, flow: Flow): boolean {
  return opening.port === flow.port && opening.protocol === flow.protocol;
}

/** Whether the endpoint is one that a mesh sends through an egress waypoint: a name, over TCP (X7). */
export function isMeshHost({ host, protocol }: Outside): boolean {
  return protocol === 'TCP' && !isRange(host);
}

/** Whether traffic that leaves from a pod straight to this address is agreed. How deep a wildcard reaches is `unsure`. */
export function reaches(agreed: readonly Outside[], to: Address, flow: Flow): 'yes' | 'no' | 'unsure' {
  const here = agreed.filter((one) => isOn(one, flow));
  if (here.some(({ host }) => holds(host, to.address) || to.names.includes(host))) return 'yes';
  const wide = here.filter(
    ({ host }) => host.startsWith('*.') && to.names.some((name) => name.endsWith(host.slice(1))),
  );
  const oneLabel = wide.some(({ host }) => to.names.some((name) => !name.slice(0, 1 - host.length).includes('.')));
  return oneLabel ? 'yes' : wide.length > 0 ? 'unsure' : 'no';
}

/** Whether a party is (among) the agreed source. */
export function comesFrom({ host, ...opening }: Outside, from: Party, flow: Flow): boolean {
  if (!isOn(opening, flow) || from.kind === 'pod') return false;
  if (from.kind === 'address') return host === 'world' || holds(host, from.address);
  if (host === 'world') return from.name === 'apiserver-outside';
  if (host === 'ingress') return from.name === 'ingress';
  return host === 'nodes' && from.labels.some((label) => label === 'reserved:remote-node' || label === 'reserved:host');
}

/** What is left of the agreements where only NetworkPolicy can say it: no names, no entities. The rest stays closed. */
export function inNetworkPolicy(agreements: Agreements): Agreements {
  return {
    ...agreements,
    egress: (caller) => agreements.egress(caller).filter(({ host }) => isRange(host)),
    ingress: (callee) => agreements.ingress(callee).filter(({ host }) => isRange(host)),
    builtinInbound: (callee, peer) => (peer === 'scrapers' ? agreements.builtinInbound(callee, peer) : []),
    builtinOutbound: (caller, peer, offered) =>
      peer === 'mesh' ? agreements.builtinOutbound(caller, peer, offered) : [],
  };
}

function isRange(host: string): boolean {
  return /^[\d.]+(\/\d+)?$|:/.test(host);
}

/** Whether an address or CIDR holds this address; a name holds none. */
function holds(host: string, address: string): boolean {
  const [range = '', prefix] = host.split('/');
  const [single = ''] = address.split('/');
  if (!isRange(host) || isIPv4(range) !== isIPv4(single)) return false;
  const family = isIPv4(range) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(range, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  return list.check(single, family);
}
