// What each of Cilium's two doors must say about a flow, by the agreements alone: the table of the enforcement chapter.
import { BlockList, isIPv4 } from 'node:net';
import type { Protocol } from '../scenario.ts';
import { type Agreements, agree, type Opening, type Outside } from './agreements.ts';
import { type Estate, inputsOf } from './estate.ts';
import { type Address, CLUSTER, type Party, type Pod } from './parties.ts';

/** `any`: an exemption may open it, or it is not ours to decide. */
export type Door = 'open' | 'closed' | 'any';

export interface Doors {
  readonly egress: Door;
  readonly ingress: Door;
  /** Whether the declarations agree on this flow, so that both doors are to be open for that reason. */
  readonly agreed: boolean;
}

/** Meshed TCP reaches Cilium on this port only (X2). */
const HBONE = 15008;

/** Answers for one state of an estate. */
export function doorsOf(estate: Estate): (from: Party, to: Party, port: number, protocol: Protocol) => Doors {
  const agreements = agree(inputsOf(estate));
  const managed = new Set(
    estate.namespaces
      .filter(({ metadata }) => metadata.labels['lattice.dev/managed'] === 'true')
      .map(({ metadata }) => metadata.name),
  );
  const standing = new Map<Party, Standing>();
  const standingOf = (party: Party): Standing => {
    const found = standing.get(party) ?? findStanding(agreements, managed, party);
    standing.set(party, found);
    return found;
  };
  const wanted = wantedBy(agreements, standingOf);
  return (from, to, port, protocol) => {
    const door = wanted(from, to, port, protocol);
    return {
      egress: egressDoor(standingOf(from), to, port, protocol, door),
      ingress: ingressDoor(standingOf(to), from, door),
      agreed: door === 'open',
    };
  };
}

/** How a party stands to the declarations. `denied`: isolated, without a grant; `doubtful`: not ours to say. */
type Standing =
  | { readonly kind: 'enforced'; readonly service: string; readonly pod: Pod }
  | { readonly kind: 'shadow'; readonly service: string; readonly pod: Pod }
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'free' };

function findStanding(agreements: Agreements, managed: ReadonlySet<string>, party: Party): Standing {
  // Cilium itself isolates endpoints that have no labels yet; nothing that we write changes that.
  if (party.kind === 'entity' && party.name === 'init') return { kind: 'doubtful' };
  if (party.kind !== 'pod' || party.cluster !== CLUSTER) return { kind: 'free' };
  for (const [service, { metadata, spec }] of agreements.services) {
    const labels = spec.selector?.matchLabels ?? { 'app.kubernetes.io/name': metadata.name };
    const selected =
      metadata.namespace === party.namespace &&
      Object.entries(labels).every(([key, value]) => party.labels[key] === value);
    if (!selected) continue;
    // Another account takes no part in the service's agreements; its labels alone put it under default deny.
    if ((spec.serviceAccount ?? metadata.name) !== party.account) {
      return { kind: spec.mode === 'shadow' ? 'doubtful' : 'denied' };
    }
    return { kind: spec.mode === 'shadow' ? 'shadow' : 'enforced', service, pod: party };
  }
  return { kind: managed.has(party.namespace) ? 'denied' : 'free' };
}

function egressDoor(from: Standing, to: Party, port: number, protocol: Protocol, wanted: Door): Door {
  if (from.kind === 'doubtful') return 'any';
  if (from.kind === 'free' || from.kind === 'shadow') return 'open';
  const resolves = isResolver(to) && port === 53 && (protocol === 'UDP' || protocol === 'TCP');
  if (from.kind === 'denied') return resolves ? 'any' : 'closed';
  return resolves ? 'open' : wanted;
}

function ingressDoor(to: Standing, from: Party, wanted: Door): Door {
  if (to.kind === 'doubtful') return 'any';
  if (to.kind === 'free' || to.kind === 'shadow') return 'open';
  if (isProbe(from)) return wanted === 'open' ? 'open' : 'any';
  return to.kind === 'denied' ? 'closed' : wanted;
}

function isResolver(party: Party): boolean {
  return party.kind === 'pod' && party.namespace === 'kube-system' && party.cluster === CLUSTER;
}

/** The node itself, and the address that kubelet's probes come from in an ambient mesh (X4). */
function isProbe(party: Party): boolean {
  return party.name === 'host' || (party.kind === 'address' && party.address === '169.254.7.127/32');
}

type Wanted = (from: Party, to: Party, port: number, protocol: Protocol) => Door;

function wantedBy(agreements: Agreements, standingOf: (party: Party) => Standing): Wanted {
  return (from, to, port, protocol) => {
    const [caller, callee] = [standingOf(from), standingOf(to)];
    const flow = { port, protocol };
    if ('service' in caller && 'service' in callee) {
      const openings = agreements.between(caller.service, callee.service);
      const meshed = caller.pod.mesh === 'ambient' && callee.pod.mesh === 'ambient';
      // The mesh cannot tell this caller from another under the same account, unless that is accepted.
      if (meshed && agreements.sharesIdentity(caller.service)) return 'closed';
      return meshed && protocol === 'TCP'
        ? door(port === HBONE && openings.some((opening) => opening.protocol === 'TCP'))
        : door(openings.some((opening) => isOn(opening, flow)));
    }
    if ('service' in caller && to.kind === 'address') {
      return outwards(agreements.egress(caller.service), caller.pod, to, flow);
    }
    if ('service' in callee) return door(agreements.ingress(callee.service).some((one) => comesFrom(one, from, flow)));
    return 'closed';
  };
}

interface Flow {
  readonly port: number;
  readonly protocol: Protocol;
}

function outwards(agreed: readonly Outside[], caller: Pod, to: Address, flow: Flow): Door {
  const here = agreed.filter((one) => isOn(one, flow));
  if (here.some(({ host }) => holds(host, to.address))) return 'open';
  // Names of meshed callers go through an egress waypoint, and there is none here (X7); UDP is outside the mesh (X6).
  if (caller.mesh === 'ambient' && flow.protocol === 'TCP') return 'closed';
  if (here.some(({ host }) => to.names.includes(host))) return 'open';
  const wide = here.filter(
    ({ host }) => host.startsWith('*.') && to.names.some((name) => name.endsWith(host.slice(1))),
  );
  const oneLabel = wide.some(({ host }) => to.names.some((name) => !name.slice(0, -host.length + 1).includes('.')));
  // How deep a wildcard reaches is the compiler's to say.
  return oneLabel ? 'open' : wide.length > 0 ? 'any' : 'closed';
}

function comesFrom({ host, ...opening }: Outside, from: Party, flow: Flow): boolean {
  if (!isOn(opening, flow)) return false;
  if (from.kind === 'address') return host === 'world' || holds(host, from.address);
  if (from.kind !== 'entity') return false;
  if (host === 'ingress') return from.name === 'ingress';
  return host === 'nodes' && from.labels.some((label) => label === 'reserved:remote-node' || label === 'reserved:host');
}

function isOn(opening: Opening, flow: Flow): boolean {
  return opening.port === flow.port && opening.protocol === flow.protocol;
}

function door(open: boolean): Door {
  return open ? 'open' : 'closed';
}

/** Whether an address or CIDR holds this address; a name holds none. */
function holds(host: string, address: string): boolean {
  const [range = '', prefix] = host.split('/');
  const [single = ''] = address.split('/');
  if (!/^[\d.]+$|:/.test(range) || isIPv4(range) !== isIPv4(single)) return false;
  const family = isIPv4(range) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(range, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  return list.check(single, family);
}
