// A second opinion on what is agreed: the rules of the graph, read afresh and written the short way. It shares no code
// with the graph or the compilers, and looks at every pair.
import type {
  Declaration,
  Entry,
  ExternalDeclaration,
  PortDeclaration,
  ServiceDeclaration,
  Transport,
} from './declarations.ts';

/** A port on which traffic is agreed. `port` is what the pods listen on. */
export interface Opening {
  readonly port: number;
  readonly protocol: Transport;
}

export interface Outside extends Opening {
  /** A name, `*.suffix`, an address or a CIDR. */
  readonly host: string;
}

export interface Agreements {
  readonly services: ReadonlyMap<string, ServiceDeclaration>;
  /** Agreed target ports from one service to another; both are `namespace/name`. */
  readonly between: (caller: string, callee: string) => readonly Opening[];
  /** Whether another declared service runs under the same account, and nobody accepted that. */
  readonly sharesIdentity: (service: string) => boolean;
  /** What a service may call outside. */
  readonly egress: (caller: string) => readonly Outside[];
  /** Sources from outside that may call a service: `world`, `ingress`, `nodes` or a CIDR. */
  readonly ingress: (callee: string) => readonly Outside[];
}

export function agree(declarations: readonly Declaration[]): Agreements {
  const services = new Map<string, ServiceDeclaration>();
  const externals = new Map<string, ExternalDeclaration>();
  for (const declaration of declarations) {
    if (declaration.kind === 'LatticeService') services.set(keyOf(declaration), declaration);
    if (declaration.kind === 'LatticeExternalService') externals.set(keyOf(declaration), declaration);
  }
  return {
    services,
    between: (caller, callee) => between(services.get(caller), services.get(callee)),
    sharesIdentity: (key) => sharesIdentity(services.get(key), [...services.values()]),
    egress: (caller) => egressOf(services.get(caller), externals),
    ingress: (callee) => ingressOf(services.get(callee), externals),
  };
}

function between(caller: ServiceDeclaration | undefined, callee: ServiceDeclaration | undefined): Opening[] {
  if (!caller || !callee) return [];
  const ports = Object.entries(callee.spec.service?.ports ?? {});
  const asks = entriesFor(caller, 'outbound', 'service', callee);
  const grants = entriesFor(callee, 'inbound', 'service', caller);
  const agreed = ports.filter(([name, port]) =>
    asks.some((ask) =>
      grants.some(
        (grant) => !(ask.id === '*' && grant.id === '*') && covers(ask, name, port) && covers(grant, name, port),
      ),
    ),
  );
  return agreed.map(([, port]) => opening(port));
}

function sharesIdentity(service: ServiceDeclaration | undefined, all: readonly ServiceDeclaration[]): boolean {
  if (!service || service.spec.allowSharedIdentity === true) return false;
  const account = ({ metadata, spec }: ServiceDeclaration): string =>
    `${metadata.namespace}/${spec.serviceAccount ?? metadata.name}`;
  return all.some((other) => other !== service && account(other) === account(service));
}

function egressOf(
  caller: ServiceDeclaration | undefined,
  externals: ReadonlyMap<string, ExternalDeclaration>,
): Outside[] {
  if (!caller) return [];
  return [...externals.values()].flatMap((external) => {
    const asks = entriesFor(caller, 'outbound', 'external_service', external);
    const admitted = (external.spec.allowed_requesters ?? []).some((text) => isMember(text, external, caller));
    if (!admitted) return [];
    return Object.entries(external.spec.endpoints ?? {}).flatMap(([name, url]) => {
      const outside = readUrl(url);
      return asks.some((ask) => covers(ask, name, { port: outside.port })) ? [outside] : [];
    });
  });
}

function ingressOf(
  callee: ServiceDeclaration | undefined,
  externals: ReadonlyMap<string, ExternalDeclaration>,
): Outside[] {
  if (!callee) return [];
  return [...externals.values()].flatMap((external) => {
    const grants = entriesFor(callee, 'inbound', 'external_service', external);
    const admitted = (external.spec.allowed_targets ?? []).some((text) => isMember(text, external, callee));
    if (!admitted) return [];
    const ports = Object.entries(callee.spec.service?.ports ?? {});
    const open = ports.filter(([name, port]) => grants.some((grant) => covers(grant, name, port)));
    return (external.spec.sources ?? []).flatMap((host) => open.map(([, port]) => ({ host, ...opening(port) })));
  });
}

type Named = ServiceDeclaration | ExternalDeclaration;

/** The declarer's entries of this direction that name the peer, by name or by `*`. */
function entriesFor(
  declarer: ServiceDeclaration,
  direction: 'outbound' | 'inbound',
  type: 'service' | 'external_service',
  peer: Named,
): Entry[] {
  return Object.entries(declarer.spec.resources ?? {}).flatMap(([key, entry]) => {
    const wanted = entry.direction ?? 'outbound';
    if ((entry.type ?? 'service') !== type || (wanted !== direction && wanted !== 'both')) return [];
    const id = entry.id ?? key;
    const scope = entry.namespace ?? declarer.metadata.namespace;
    if (id === '*') {
      const inScope = scope === '*' || scope === peer.metadata.namespace;
      // A wildcard stands for other services: never for the declarer itself, never for anything outside.
      return inScope && type === 'service' && keyOf(peer) !== keyOf(declarer) ? [{ ...entry, id }] : [];
    }
    return (id.includes('/') ? id : `${scope}/${id}`) === keyOf(peer) ? [{ ...entry, id }] : [];
  });
}

function covers(entry: Entry, name: string, port: PortDeclaration): boolean {
  return entry.ports === undefined || entry.ports.includes(name) || entry.ports.includes(port.port);
}

function isMember(text: string, external: ExternalDeclaration, service: ServiceDeclaration): boolean {
  const [first, second] = text.includes('/') ? text.split('/') : [external.metadata.namespace, text];
  const inNamespace = first === '*' || first === service.metadata.namespace;
  return inNamespace && (second === '*' || second === service.metadata.name);
}

function opening(port: PortDeclaration): Opening {
  return { port: port.targetPort ?? port.port, protocol: port.protocol ?? 'TCP' };
}

/** Reads the few forms of URL that the generator writes: `scheme://host:port`, IPv6 in brackets. */
function readUrl(url: string): Outside {
  const parts = /^(\w+):\/\/\[?([^\]]*?)\]?:(\d+)$/.exec(url);
  if (!parts?.[1] || !parts[2] || !parts[3]) throw new Error(`not a URL of the generator's: ${url}`);
  const protocol = parts[1] === 'udp' ? 'UDP' : parts[1] === 'sctp' ? 'SCTP' : 'TCP';
  return { host: parts[2], port: Number(parts[3]), protocol };
}

function keyOf({ metadata }: Named): string {
  return `${metadata.namespace}/${metadata.name}`;
}
