// Which flows the declarations agree on, in the form in which they reach Cilium: straight, or in the mesh's tunnel.
import type { Agreements } from './agreements.ts';
import { type Estate, meshOf, waypointOf } from './estate.ts';
import { comesFrom, type Flow, isMeshHost, isOn, reaches } from './outside.ts';
import type { Party, Pod } from './parties.ts';
import type { Standing } from './standing.ts';

/** Meshed TCP reaches Cilium on this port only (X2). */
const HBONE = 15008;

export type Wanted = 'yes' | 'no' | 'unsure';

/** Answers for one state of an estate. */
export function wantedIn(
  estate: Estate,
  agreements: Agreements,
  standingOf: (party: Party) => Standing,
): (from: Party, to: Party, flow: Flow) => Wanted {
  return (from, to, flow) => {
    const [caller, callee] = [standingOf(from), standingOf(to)];
    if ('service' in caller && 'service' in callee)
      return said(betweenServices(estate, agreements, caller, callee, flow));
    if ('service' in caller) {
      if (to.kind === 'address') return outwards(agreements, caller, to, flow);
      if (callee.kind === 'egress-gateway') return said(isTunnel(flow) && callee.callers.includes(caller.service));
      if (to.kind === 'pod' && to.role === 'waypoint') {
        return said(
          isTunnel(flow) &&
            servedBy(estate, agreements, to).some((served) => calls(agreements, estate, caller.service, served)),
        );
      }
      return said(toBuiltin(agreements, caller.service, to, flow));
    }
    if ('service' in callee) {
      if (
        from.kind === 'pod' &&
        from.role === 'waypoint' &&
        servedBy(estate, agreements, from).includes(callee.service)
      ) {
        const callers = [...agreements.services.keys()];
        return said(isTunnel(flow) && callers.some((key) => calls(agreements, estate, key, callee.service)));
      }
      const sourced = agreements.ingress(callee.service).some((one) => comesFrom(one, from, flow));
      return said(sourced || fromBuiltin(agreements, callee.service, from, flow));
    }
    if (caller.kind === 'egress-gateway') return fromGateway(agreements, caller.callers, to, flow);
    return 'no';
  };
}

type Served = Extract<Standing, { readonly service: string }>;

function betweenServices(estate: Estate, agreements: Agreements, caller: Served, callee: Served, flow: Flow): boolean {
  const meshed = caller.pod.mesh === 'ambient' && callee.pod.mesh === 'ambient';
  // The mesh cannot tell this caller from another under the same account, unless that is accepted.
  if (meshed && agreements.sharesIdentity(caller.service)) return false;
  if (meshed && flow.protocol === 'TCP') {
    const straight = waypointOf(estate, callee.pod.namespace) === undefined;
    return straight && isTunnel(flow) && calls(agreements, estate, caller.service, callee.service);
  }
  return agreements.between(caller.service, callee.service).some((opening) => isOn(opening, flow));
}

/** Whether an agreement between two meshed services travels in the tunnel. */
function calls(agreements: Agreements, estate: Estate, caller: string, callee: string): boolean {
  const meshed = [caller, callee].every((key) => meshOf(estate, key.split('/')[0] ?? '') === 'ambient');
  if (!meshed || agreements.sharesIdentity(caller)) return false;
  return agreements.between(caller, callee).some(({ protocol }) => protocol === 'TCP');
}

/** Services that this waypoint stands before. */
function servedBy(estate: Estate, agreements: Agreements, waypoint: Pod): string[] {
  return [...agreements.services].flatMap(([key, { metadata }]) =>
    metadata.namespace === waypoint.namespace && waypointOf(estate, metadata.namespace) !== undefined ? [key] : [],
  );
}

function outwards(agreements: Agreements, caller: Served, to: Extract<Party, { kind: 'address' }>, flow: Flow): Wanted {
  const agreed = agreements.egress(caller.service);
  // Hosts of meshed callers go through the egress waypoint, or nowhere (X7); the rest leaves from the pod (X6).
  return reaches(caller.pod.mesh === 'ambient' ? agreed.filter((one) => !isMeshHost(one)) : agreed, to, flow);
}

function fromGateway(agreements: Agreements, callers: readonly string[], to: Party, flow: Flow): Wanted {
  if (to.kind === 'pod')
    return said(to.name === 'istio-system/istiod' && flow.protocol === 'TCP' && flow.port === 15012);
  if (to.kind !== 'address') return 'no';
  return reaches(
    callers.flatMap((key) => agreements.egress(key).filter(isMeshHost)),
    to,
    flow,
  );
}

function toBuiltin(agreements: Agreements, caller: string, to: Party, flow: Flow): boolean {
  if (flow.protocol !== 'TCP') return false;
  if (isApiServer(to)) return agreements.builtinOutbound(caller, 'apiserver', [443, 6443]).includes(flow.port);
  return to.name === 'istio-system/istiod' && agreements.builtinOutbound(caller, 'mesh', [15012]).includes(flow.port);
}

function fromBuiltin(agreements: Agreements, callee: string, from: Party, flow: Flow): boolean {
  const peers = [
    ...(isApiServer(from) ? ['webhooks'] : []),
    ...(from.kind === 'entity' && from.name === 'ingress' ? ['ingress'] : []),
    ...(from.name === 'monitoring/prometheus' ? ['scrapers'] : []),
  ];
  return peers.some((peer) => agreements.builtinInbound(callee, peer).some((opening) => isOn(opening, flow)));
}

function isApiServer(party: Party): boolean {
  return party.kind === 'entity' && party.labels.includes('reserved:kube-apiserver');
}

function isTunnel({ port, protocol }: Flow): boolean {
  return port === HBONE && protocol === 'TCP';
}

function said(agreed: boolean): Wanted {
  return agreed ? 'yes' : 'no';
}
