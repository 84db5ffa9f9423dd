import { isDeepStrictEqual } from 'node:util';
import type { Finding, LatticeService, ServiceResource } from '../api/index.ts';
import { HalfList, type PortFilter, unite } from './half-list.ts';
import { keyOf, splitKey } from './key.ts';
import type { Labels } from './model.ts';
import type { Party, PartyBook } from './party.ts';

/** A half towards every service of a namespace, or of all (`namespace: '*'`). */
export interface AnyHalf {
  readonly namespace: string;
  readonly ports: PortFilter;
}

/** One LatticeService as the graph keeps it: who it is, and its halves by direction and peer. */
export interface ServiceDeclaration {
  readonly kind: 'service';
  readonly self: Party;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels;
  readonly deployed: boolean;
  readonly account: string | undefined;
  readonly services: readonly string[] | undefined;
  readonly mode: 'enforce' | 'shadow';
  readonly allowSharedIdentity: boolean;
  readonly ports: readonly DeclaredServicePort[] | undefined;
  readonly outbound: HalfList;
  readonly inbound: HalfList;
  readonly outboundAny: readonly AnyHalf[];
  readonly inboundAny: readonly AnyHalf[];
  /** Whether a half towards services names ports, so that an agreement may be on fewer than all of them. */
  readonly narrows: boolean;
  readonly egress: ReadonlyMap<string, PortFilter>;
  readonly ingress: ReadonlyMap<string, PortFilter>;
  readonly builtinOutbound: ReadonlyMap<string, PortFilter>;
  readonly builtinInbound: ReadonlyMap<string, PortFilter>;
  /** Which entry of `resources` made a half, where it is not called like the peer: `outbound service n/web` -> `web-caller`. */
  readonly entries: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

export interface DeclaredServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number | string | undefined;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Reads a declaration. Entries that mean nothing are findings and make no half. */
export function declareService(
  object: LatticeService,
  defaultNamespace: string,
  parties: PartyBook,
): ServiceDeclaration {
  const namespace = object.metadata.namespace ?? defaultNamespace;
  const name = object.metadata.name;
  const self = parties.byId(parties.reach(namespace, name));
  const halves = new Halves(namespace, name, parties);
  // Each object has names of its own: to ask it for them one by one finds nothing in V8's caches.
  for (const [entry, resource] of Object.entries(object.spec.resources ?? {})) halves.add(entry, resource);
  const { spec } = object;
  return {
    kind: 'service',
    self,
    key: self.key,
    namespace,
    name,
    selector: spec.selector?.matchLabels ?? { 'app.kubernetes.io/name': name },
    deployed: spec.containers !== undefined,
    account: spec.serviceAccount,
    services: spec.services,
    mode: spec.mode ?? 'enforce',
    allowSharedIdentity: spec.allowSharedIdentity ?? false,
    ports: declaredPorts(spec.service?.ports),
    outbound: halves.outbound,
    inbound: halves.inbound,
    outboundAny: halves.outboundAny,
    inboundAny: halves.inboundAny,
    narrows: halves.narrows,
    egress: halves.of('egress'),
    ingress: halves.of('ingress'),
    builtinOutbound: halves.of('builtinOutbound'),
    builtinInbound: halves.of('builtinInbound'),
    entries: halves.entries,
    findings: halves.findings,
  };
}

/** Whether two declarations of one service say the same. */
export function sameService(a: ServiceDeclaration, b: ServiceDeclaration): boolean {
  if (!a.outbound.equals(b.outbound) || !a.inbound.equals(b.inbound)) return false;
  for (const field in BY_VALUE) {
    if (isByValue(field) && !isDeepStrictEqual(a[field], b[field])) return false;
  }
  return true;
}

/** Parties lead to the whole graph and are compared by identity, with the halves; everything else by value. */
const BY_VALUE: Readonly<Record<Exclude<keyof ServiceDeclaration, 'self' | 'outbound' | 'inbound'>, true>> = {
  kind: true,
  key: true,
  namespace: true,
  name: true,
  selector: true,
  deployed: true,
  account: true,
  services: true,
  mode: true,
  allowSharedIdentity: true,
  ports: true,
  outboundAny: true,
  inboundAny: true,
  narrows: true,
  egress: true,
  ingress: true,
  builtinOutbound: true,
  builtinInbound: true,
  entries: true,
  findings: true,
};

function isByValue(field: string): field is keyof typeof BY_VALUE {
  return Object.hasOwn(BY_VALUE, field);
}

/** Whether `filter` names this port of the callee. */
export function allows(filter: PortFilter, port: { readonly name: string; readonly port: number }): boolean {
  return filter === 'all' || filter.includes(port.name) || filter.includes(port.port);
}

type Direction = 'outbound' | 'inbound';
type PeerType = 'service' | 'external_service' | 'builtin';

/** The entry of `resources` that made the half towards `peer`; undefined when there is no such half. */
export function entryOf(
  service: ServiceDeclaration,
  direction: Direction,
  type: PeerType,
  peer: string,
): string | undefined {
  const declared =
    type === 'service'
      ? service[direction].peers.some(({ key }) => key === peer)
      : service[fieldOf(direction, type)].has(peer);
  return declared ? (service.entries.get(entryKey(direction, type, peer)) ?? splitKey(peer).name) : undefined;
}

/** Where a peer is. */
interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** How a peer of this type is called among the entries: a built-in peer is in no namespace. */
function keyAt(type: PeerType, { namespace, name }: Place): string {
  return type === 'builtin' ? name : keyOf(namespace, name);
}

function entryKey(direction: Direction, type: PeerType, peer: string): string {
  return `${direction} ${type} ${peer}`;
}

/** The fields of {@link ServiceDeclaration} that hold halves towards others than services. */
type HalfField = 'egress' | 'ingress' | 'builtinOutbound' | 'builtinInbound';

function fieldOf(direction: Direction, type: 'external_service' | 'builtin'): HalfField {
  if (type === 'external_service') return direction === 'outbound' ? 'egress' : 'ingress';
  return direction === 'outbound' ? 'builtinOutbound' : 'builtinInbound';
}

const OUTBOUND: readonly Direction[] = ['outbound'];
const INBOUND: readonly Direction[] = ['inbound'];
const BOTH: readonly Direction[] = ['outbound', 'inbound'];

/** Most services have halves of one or two fields: the others share this. */
const NONE: ReadonlyMap<string, never> = new Map<string, never>();

class Halves {
  readonly outbound: HalfList;
  readonly inbound: HalfList;
  readonly outboundAny: AnyHalf[] = [];
  readonly inboundAny: AnyHalf[] = [];
  readonly findings: Finding[] = [];
  #entries: Map<string, string> | undefined;
  readonly #maps: Partial<Record<HalfField, Map<string, PortFilter>>> = {};
  readonly #namespace: string;
  readonly #name: string;
  readonly #parties: PartyBook;

  constructor(namespace: string, name: string, parties: PartyBook) {
    this.#namespace = namespace;
    this.#name = name;
    this.#parties = parties;
    this.outbound = new HalfList(parties);
    this.inbound = new HalfList(parties);
  }

  get narrows(): boolean {
    const ports = [...this.outboundAny, ...this.inboundAny].some((half) => half.ports !== 'all');
    return ports || this.outbound.narrows || this.inbound.narrows;
  }

  add(entry: string, resource: ServiceResource | undefined): void {
    if (!resource) return;
    const type = resource.type ?? 'service';
    if (type !== 'service' && type !== 'external_service' && type !== 'builtin') {
      this.#report(
        entry,
        'ResourceClass',
        'info',
        `type "${type}" is a resource class: it opens nothing in the graph`,
        undefined,
      );
      return;
    }
    const peer = this.#peer(entry, resource);
    if (!peer) return;
    const ports = resource.ports ?? 'all';
    const directions = resource.direction === 'both' ? BOTH : resource.direction === 'inbound' ? INBOUND : OUTBOUND;
    if (peer.name === '*') {
      for (const direction of directions) this.#addAny(entry, direction, type, { namespace: peer.namespace, ports });
      return;
    }
    if (type === 'service') {
      const id = this.#parties.reach(peer.namespace, peer.name);
      for (const direction of directions) {
        this[direction].add(id, ports);
        this.#note(entry, peer, direction, type);
      }
      return;
    }
    const key = keyAt(type, peer);
    for (const direction of directions) {
      const map = this.#mapFor(fieldOf(direction, type));
      const known = map.get(key);
      map.set(key, known === undefined ? ports : unite(known, ports));
      this.#note(entry, peer, direction, type);
    }
  }

  /** Remembers an entry that is not called like its peer. */
  #note(entry: string, peer: Place, direction: Direction, type: PeerType): void {
    if (entry !== peer.name) (this.#entries ??= new Map()).set(entryKey(direction, type, keyAt(type, peer)), entry);
    else if (this.#entries) this.#entries.delete(entryKey(direction, type, keyAt(type, peer)));
  }

  /** Entries that are not called like their peer, by {@link entryKey}. */
  get entries(): ReadonlyMap<string, string> {
    return this.#entries ?? NONE;
  }

  /** The halves of one field, by peer. */
  of(field: HalfField): ReadonlyMap<string, PortFilter> {
    return this.#maps[field] ?? NONE;
  }

  #mapFor(field: HalfField): Map<string, PortFilter> {
    const known = this.#maps[field];
    if (known) return known;
    const map = new Map<string, PortFilter>();
    this.#maps[field] = map;
    return map;
  }

  #addAny(entry: string, direction: Direction, type: PeerType, half: AnyHalf): void {
    if (type === 'service') (direction === 'outbound' ? this.outboundAny : this.inboundAny).push(half);
    else {
      this.#report(entry, 'WildcardPeer', 'error', `"*" names services only, not ${type}`, 'name each peer by its id');
    }
  }

  #peer(entry: string, resource: ServiceResource): Place | undefined {
    const id = resource.id ?? entry;
    const slash = id.indexOf('/');
    const name = slash < 0 ? id : id.slice(slash + 1);
    const inId = slash < 0 ? undefined : id.slice(0, slash);
    if (inId !== undefined && resource.namespace !== undefined && inId !== resource.namespace) {
      this.#report(
        entry,
        'NamespaceConflict',
        'error',
        `id "${id}" and namespace "${resource.namespace}" differ`,
        'keep one of them',
      );
      return undefined;
    }
    const namespace = inId ?? resource.namespace ?? this.#namespace;
    if (name !== '*' && !NAME.test(name)) {
      this.#report(
        entry,
        'PeerName',
        'error',
        `"${id}" is not the name of a peer`,
        'add an id: with the name of the peer',
      );
      return undefined;
    }
    if (namespace === '*' && name !== '*') {
      this.#report(
        entry,
        'WildcardPeer',
        'error',
        'namespace "*" goes with id "*" only',
        `write the namespace of "${name}"`,
      );
      return undefined;
    }
    return { namespace, name };
  }

  #report(entry: string, code: string, severity: Finding['severity'], message: string, fix: string | undefined): void {
    this.findings.push({
      code,
      severity,
      message,
      object: { kind: 'LatticeService', namespace: this.#namespace, name: this.#name },
      path: ['spec', 'resources', entry],
      ...(fix === undefined ? {} : { fix }),
    });
  }
}

function declaredPorts(
  ports: NonNullable<LatticeService['spec']['service']>['ports'],
): readonly DeclaredServicePort[] | undefined {
  if (!ports) return undefined;
  const list: DeclaredServicePort[] = [];
  for (const name in ports) {
    const port = ports[name];
    if (Object.hasOwn(ports, name) && port) {
      list.push({ name, port: port.port, targetPort: port.targetPort, protocol: port.protocol ?? 'TCP' });
    }
  }
  return list.length === 0 ? undefined : list.sort((a, b) => (a.name < b.name ? -1 : 1));
}
