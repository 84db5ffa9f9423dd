// A second opinion on what is agreed: the rules of the graph, read afresh and written the short way. It shares no code
// with the graph or the compilers, and looks at every pair.
import type {
  Declaration,
  DeploymentManifest,
  Entry,
  ExternalDeclaration,
  ServiceDeclaration,
  Transport,
} from './declarations.ts';

/** A port on which traffic is agreed. `port` is what the pods listen on. */
export interface Opening {
  readonly port: number;
  readonly protocol: Transport;
}

export interface Outside extends Opening {
  /** A name, `*.suffix`, an address or a CIDR; a source may be `world`, `ingress` or `nodes`. */
  readonly host: string;
}

/** A port that a service offers, under the names that halves use for it. */
interface Offer extends Opening {
  readonly name: string;
  readonly servicePort: number;
}

export interface Agreements {
  readonly services: ReadonlyMap<string, ServiceDeclaration>;
  /** Agreed target ports from one service to another; both are `namespace/name`. */
  readonly between: (caller: string, callee: string) => readonly Opening[];
  /** Whether another workload runs under the same account, and nobody accepted that. */
  readonly sharesIdentity: (service: string) => boolean;
  /** What a service may call outside. */
  readonly egress: (caller: string) => readonly Outside[];
  /** Sources from outside that may call a service. */
  readonly ingress: (callee: string) => readonly Outside[];
  /** A service's own ports that a built-in peer may call, and the numbers that it narrows the peer's ports to. */
  readonly builtinInbound: (callee: string, peer: string) => readonly Opening[];
  readonly builtinOutbound: (caller: string, peer: string, offered: readonly number[]) => readonly number[];
  readonly accountOf: (service: ServiceDeclaration) => string;
}

export function agree(declarations: readonly Declaration[]): Agreements {
  const services = new Map<string, ServiceDeclaration>();
  const externals: ExternalDeclaration[] = [];
  const deployments: DeploymentManifest[] = [];
  for (const declaration of declarations) {
    if (declaration.kind === 'LatticeService') services.set(keyOf(declaration), declaration);
    if (declaration.kind === 'LatticeExternalService') externals.push(declaration);
    if (declaration.kind === 'Deployment') deployments.push(declaration);
  }
  const accountOf = (service: ServiceDeclaration): string =>
    service.spec.serviceAccount ??
    (service.spec.containers
      ? service.metadata.name
      : (podsOf(service, deployments)?.spec.template.spec.serviceAccountName ?? 'default'));
  const withService = <T>(key: string, ask: (service: ServiceDeclaration) => T[]): T[] => {
    const service = services.get(key);
    return service ? ask(service) : [];
  };
  const shared = sharers(services, deployments, accountOf);
  return {
    services,
    accountOf,
    between: (from, to) =>
      withService(from, (caller) =>
        withService(to, (callee) => between(caller, callee, offersOf(callee, deployments))),
      ),
    sharesIdentity: (key) => shared.has(key),
    egress: (key) => withService(key, (caller) => externals.flatMap((external) => egressOf(caller, external))),
    ingress: (key) =>
      withService(key, (callee) =>
        externals.flatMap((external) => ingressOf(callee, external, offersOf(callee, deployments))),
      ),
    builtinInbound: (key, peer) =>
      withService(key, (callee) => {
        const grants = builtinEntries(callee, 'inbound', peer);
        return offersOf(callee, deployments).filter((offer) => grants.some((grant) => covers(grant, offer)));
      }),
    builtinOutbound: (key, peer, offered) =>
      withService(key, (caller) => {
        const asks = builtinEntries(caller, 'outbound', peer);
        return offered.filter((port) => asks.some((ask) => ask.ports === undefined || ask.ports.includes(port)));
      }),
  };
}

/** Services whose account another service, or pods that no service selects, run under as well, and that do not accept it. */
function sharers(
  services: ReadonlyMap<string, ServiceDeclaration>,
  deployments: readonly DeploymentManifest[],
  accountOf: (service: ServiceDeclaration) => string,
): ReadonlySet<string> {
  const all = [...services.values()];
  const identityOf = (service: ServiceDeclaration): string => `${service.metadata.namespace}/${accountOf(service)}`;
  const strays = deployments.filter((each) => !all.some((service) => selects(service, each)));
  const users = [
    ...all.map(identityOf),
    ...strays.map(({ metadata, spec }) => `${metadata.namespace}/${spec.template.spec.serviceAccountName}`),
  ];
  const counts = Map.groupBy(users, (identity) => identity);
  return new Set(
    [...services].flatMap(([key, service]) =>
      service.spec.allowSharedIdentity !== true && (counts.get(identityOf(service))?.length ?? 0) > 1 ? [key] : [],
    ),
  );
}

function between(caller: ServiceDeclaration, callee: ServiceDeclaration, offers: readonly Offer[]): Opening[] {
  const asks = entriesFor(caller, 'outbound', 'service', callee);
  const grants = entriesFor(callee, 'inbound', 'service', caller);
  return offers.filter((offer) =>
    asks.some((ask) =>
      // Two wildcards never agree: one side must name the other.
      grants.some((grant) => !(ask.id === '*' && grant.id === '*') && covers(ask, offer) && covers(grant, offer)),
    ),
  );
}

function egressOf(caller: ServiceDeclaration, external: ExternalDeclaration): Outside[] {
  const asks = entriesFor(caller, 'outbound', 'external_service', external);
  const admitted = (external.spec.allowed_requesters ?? []).some((text) => isMember(text, external, caller));
  if (!admitted) return [];
  return Object.entries(external.spec.endpoints ?? {}).flatMap(([name, url]) => {
    const outside = readUrl(url);
    return asks.some((ask) => covers(ask, { name, servicePort: outside.port })) ? [outside] : [];
  });
}

function ingressOf(callee: ServiceDeclaration, external: ExternalDeclaration, offers: readonly Offer[]): Outside[] {
  const grants = entriesFor(callee, 'inbound', 'external_service', external);
  const admitted = (external.spec.allowed_targets ?? []).some((text) => isMember(text, external, callee));
  if (!admitted) return [];
  const open = offers.filter((offer) => grants.some((grant) => covers(grant, offer)));
  return (external.spec.sources ?? []).flatMap((host) => open.map(({ port, protocol }) => ({ host, port, protocol })));
}

/** What a service offers: its declared ports, else those of its pods. A named target port means what the pods mean. */
function offersOf(service: ServiceDeclaration, deployments: readonly DeploymentManifest[]): Offer[] {
  const pods = podsOf(service, deployments);
  const real = pods?.spec.template.spec.containers.flatMap(({ ports }) => ports) ?? [];
  const declared = service.spec.service?.ports;
  if (!declared) {
    return real.map(({ name, containerPort: port, protocol }) => ({ name, servicePort: port, port, protocol }));
  }
  return Object.entries(declared).flatMap(
    ([name, { port: servicePort, targetPort = servicePort, protocol = 'TCP' }]) => {
      const found = real.find((each) => each.name === targetPort && each.protocol === protocol)?.containerPort;
      const port = typeof targetPort === 'number' ? targetPort : found;
      return port === undefined ? [] : [{ name, servicePort, port, protocol }];
    },
  );
}

function podsOf(
  service: ServiceDeclaration,
  deployments: readonly DeploymentManifest[],
): DeploymentManifest | undefined {
  return deployments.find((each) => selects(service, each));
}

/** Whether these pods belong to the service. */
function selects(service: ServiceDeclaration, deployment: DeploymentManifest): boolean {
  const { labels } = deployment.spec.template.metadata;
  return (
    service.metadata.namespace === deployment.metadata.namespace &&
    Object.entries(selectorOf(service)).every(([key, value]) => labels[key] === value)
  );
}

/** The labels by which a service's pods are known. */
export function selectorOf({ metadata, spec }: ServiceDeclaration): Readonly<Record<string, string>> {
  return spec.selector?.matchLabels ?? { 'app.kubernetes.io/name': metadata.name };
}

type Named = ServiceDeclaration | ExternalDeclaration;
type Direction = 'outbound' | 'inbound';

/** The declarer's entries of this direction that name the peer, by name or by `*`. */
function entriesFor(
  declarer: ServiceDeclaration,
  direction: Direction,
  type: 'service' | 'external_service',
  peer: Named,
): Entry[] {
  return entriesOf(declarer, direction, type).filter(({ id = '', namespace = declarer.metadata.namespace }) => {
    if (id === '*') {
      const inScope = namespace === '*' || namespace === peer.metadata.namespace;
      // A wildcard stands for other services: never for the declarer itself, never for anything outside.
      return inScope && type === 'service' && keyOf(peer) !== keyOf(declarer);
    }
    return (id.includes('/') ? id : `${namespace}/${id}`) === keyOf(peer);
  });
}

function builtinEntries(declarer: ServiceDeclaration, direction: Direction, peer: string): Entry[] {
  return entriesOf(declarer, direction, 'builtin').filter(({ id }) => id === peer);
}

/** Entries of one type and direction, each with its id spelled out. */
function entriesOf(declarer: ServiceDeclaration, direction: Direction, type: Entry['type']): Entry[] {
  return Object.entries(declarer.spec.resources ?? {}).flatMap(([key, entry]) => {
    const { direction: wanted = 'outbound', type: found = 'service', id = key } = entry;
    return found === type && (wanted === direction || wanted === 'both') ? [{ ...entry, id }] : [];
  });
}

function covers(entry: Entry, { name, servicePort }: Pick<Offer, 'name' | 'servicePort'>): boolean {
  return entry.ports === undefined || entry.ports.includes(name) || entry.ports.includes(servicePort);
}

function isMember(text: string, external: ExternalDeclaration, service: ServiceDeclaration): boolean {
  const [first, second] = text.includes('/') ? text.split('/') : [external.metadata.namespace, text];
  const inNamespace = first === '*' || first === service.metadata.namespace;
  return inNamespace && (second === '*' || second === service.metadata.name);
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
