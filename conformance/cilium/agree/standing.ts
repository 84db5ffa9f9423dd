// How each party stands to the declarations: whose doors are ours, and whose are not.
import { type Agreements, selectorOf } from './agreements.ts';
import { type Estate, egressGateway, meshOf } from './estate.ts';
import { isMeshHost } from './outside.ts';
import { CLUSTER, type Party, type Pod } from './parties.ts';

/** `denied`: isolated, without a grant; `doubtful`: not ours to say; `free`: nothing of ours is enforced there. */
export type Standing =
  | { readonly kind: 'enforced' | 'shadow'; readonly service: string; readonly pod: Pod }
  | { readonly kind: 'egress-gateway'; readonly callers: readonly string[] }
  | { readonly kind: 'doubtful' | 'denied' | 'free' };

/** Answers for one state of an estate; remembers. */
export function standingIn(estate: Estate, agreements: Agreements): (party: Party) => Standing {
  const managed = new Set(
    estate.namespaces
      .filter(({ metadata }) => metadata.labels['lattice.dev/managed'] === 'true')
      .map(({ metadata }) => metadata.name),
  );
  const callers = gatewayCallers(estate, agreements);
  const known = new Map<Party, Standing>();
  return (party) => {
    const found = known.get(party) ?? find(estate, agreements, managed, callers, party);
    known.set(party, found);
    return found;
  };
}

function find(
  { engine }: Estate,
  agreements: Agreements,
  managed: ReadonlySet<string>,
  callers: readonly string[],
  party: Party,
): Standing {
  // Cilium itself isolates endpoints that have no labels yet; nothing that we write changes that.
  if (party.kind === 'entity' && party.name === 'init') return { kind: 'doubtful' };
  if (party.kind !== 'pod' || party.cluster !== CLUSTER) return { kind: 'free' };
  // A Gateway that nobody is sent through is none of ours.
  if (party.role === 'egress-gateway')
    return callers.length > 0 ? { kind: 'egress-gateway', callers } : { kind: 'doubtful' };
  // Agreed flows pass through a waypoint of a managed namespace, so its own doors may stay open.
  if (party.role === 'waypoint') return { kind: managed.has(party.namespace) ? 'doubtful' : 'free' };
  for (const [service, declaration] of agreements.services) {
    const selected =
      declaration.metadata.namespace === party.namespace &&
      Object.entries(selectorOf(declaration)).every(([key, value]) => party.labels[key] === value);
    if (!selected) continue;
    const shadow = declaration.spec.mode === 'shadow';
    // Another account takes no part in the service's agreements; its labels alone put it under default deny.
    if (engine === 'cilium' && agreements.accountOf(declaration) !== party.account)
      return { kind: shadow ? 'doubtful' : 'denied' };
    return { kind: shadow ? 'shadow' : 'enforced', service, pod: party };
  }
  return { kind: managed.has(party.namespace) ? 'denied' : 'free' };
}

/** Meshed services whose agreed hosts lie behind the egress waypoint, when there is one. */
function gatewayCallers(estate: Estate, agreements: Agreements): string[] {
  if (!egressGateway(estate)) return [];
  return [...agreements.services].flatMap(([key, { metadata }]) =>
    meshOf(estate, metadata.namespace) === 'ambient' &&
    !agreements.sharesIdentity(key) &&
    agreements.egress(key).some(isMeshHost)
      ? [key]
      : [],
  );
}
