import type { CidrClaim, CidrOwner, Fact, PodFact } from './fact.ts';
import { MemberIndex, type Membership, type SetKey } from './members.ts';

/** What a range of addresses is known as now, and what it was while it was last known. */
export interface Ranges {
  readonly now: readonly string[];
  /** Those of `now`, or the last ones when no object tells of any now. */
  readonly last: readonly string[];
}

/** What a fact changed: sets whose members are others, and whether CIDRs are. */
export interface Changed {
  readonly sets: ReadonlySet<SetKey>;
  /** Owners whose CIDRs are others: `local`, or the id of a cluster. */
  readonly ranges: ReadonlySet<string>;
}

export const LOCAL = 'local';
export const VC_LOCAL: SetKey = 'vc-local';
export const offloadedSet = (cluster: string): SetKey => `offloaded/${cluster}`;
export const vcRemoteSet = (cluster: string): SetKey => `vc-remote/${cluster}`;
export const namespaceSet = (namespace: string): SetKey => `namespace/${namespace}`;

const NOTHING: Changed = { sets: new Set(), ranges: new Set() };

/**
 * The cluster as peerings see it, kept up fact by fact. A pod's fact costs the sets that it touches; a node's, or a
 * NamespaceOffloading's, the pods on that node or in that namespace.
 */
export class Topology {
  readonly #members = new MemberIndex();
  readonly #pods = new Map<string, PodFact>();
  readonly #podsByNamespace = new Map<string, Set<string>>();
  readonly #shadowsByNode = new Map<string, Set<string>>();
  /** Objects that offload each namespace: one in practice. */
  readonly #offloading = new Map<string, string>();
  readonly #offloaded = new Map<string, number>();
  /** Node name -> object key -> cluster; a Node and a VirtualNode tell of the same name. */
  readonly #nodes = new Map<string, Map<string, string | null>>();
  readonly #claims = new Map<string, readonly CidrClaim[]>();
  readonly #claimants = new Map<string, Set<string>>();
  readonly #last = new Map<string, readonly string[]>();

  static of(facts: Iterable<Fact>): Topology {
    const topology = new Topology();
    for (const fact of facts) topology.apply(fact);
    return topology;
  }

  apply(fact: Fact): Changed {
    switch (fact.kind) {
      case 'pod':
        return { ...NOTHING, sets: this.#putPod(fact.key, fact.pod) };
      case 'offloading':
        return { ...NOTHING, sets: this.#putOffloading(fact.key, fact.namespace) };
      case 'node':
        return { ...NOTHING, sets: this.#putNode(fact.key, fact.name, fact.cluster) };
      case 'cidrs':
        return { ...NOTHING, ranges: this.#putClaims(fact.key, fact.claims) };
    }
  }

  membersOf(set: SetKey): Membership {
    return this.#members.membersOf(set);
  }

  /** The pod CIDRs of this cluster (`local`) or of a peer, as this cluster sees them. */
  rangesOf(owner: string): Ranges {
    const claimed = [...(this.#claimants.get(owner) ?? [])].flatMap((key) => this.#claims.get(key) ?? []);
    const now = [...new Set(claimed.filter((claim) => ownerOf(claim.owner) === owner).flatMap(({ cidrs }) => cidrs))];
    return now.length > 0 ? { now: now.sort(), last: now.sort() } : { now: [], last: this.#last.get(owner) ?? [] };
  }

  /** Takes what was known before this process began as last known, where nothing is known now. */
  remember(owner: string, cidrs: readonly string[]): void {
    if (!this.#last.has(owner) && cidrs.length > 0) this.#last.set(owner, cidrs);
  }

  /** Whether any pod of the cluster has an IPv6 address. */
  get hasIPv6(): boolean {
    return this.#members.hasIPv6;
  }

  get pods(): number {
    return this.#members.pods;
  }

  #putPod(key: string, pod: PodFact | undefined): ReadonlySet<SetKey> {
    const before = this.#pods.get(key);
    // A pod without an address is a member of nothing, whatever becomes of it: it need not be remembered.
    const after = pod && pod.addresses.length > 0 ? pod : undefined;
    if (before) this.#unlist(key, before);
    if (after) {
      this.#pods.set(key, after);
      listUnder(this.#podsByNamespace, after.namespace, key);
      if (after.shadow) listUnder(this.#shadowsByNode, after.node ?? '', key);
    }
    return this.#members.put(key, after, after ? this.#setsOf(after) : []);
  }

  #unlist(key: string, pod: PodFact): void {
    this.#pods.delete(key);
    unlistUnder(this.#podsByNamespace, pod.namespace, key);
    unlistUnder(this.#shadowsByNode, pod.node ?? '', key);
  }

  #putOffloading(key: string, namespace: string | undefined): ReadonlySet<SetKey> {
    const before = this.#offloading.get(key);
    if (before === namespace) return NOTHING.sets;
    if (namespace === undefined) this.#offloading.delete(key);
    else this.#offloading.set(key, namespace);
    const changed = [before, namespace].flatMap((each) => (each === undefined ? [] : [each]));
    for (const each of changed) {
      const count = (this.#offloaded.get(each) ?? 0) + (each === namespace ? 1 : -1);
      if (count > 0) this.#offloaded.set(each, count);
      else this.#offloaded.delete(each);
    }
    return this.#reconsider(changed.flatMap((each) => [...(this.#podsByNamespace.get(each) ?? [])]));
  }

  #putNode(key: string, name: string, cluster: string | null | undefined): ReadonlySet<SetKey> {
    const told = this.#nodes.get(name) ?? new Map<string, string | null>();
    const before = this.#clusterOf(name);
    if (cluster === undefined) told.delete(key);
    else told.set(key, cluster);
    if (told.size > 0) this.#nodes.set(name, told);
    else this.#nodes.delete(name);
    if (before === this.#clusterOf(name)) return NOTHING.sets;
    return this.#reconsider([...(this.#shadowsByNode.get(name) ?? [])]);
  }

  #putClaims(key: string, claims: readonly CidrClaim[]): ReadonlySet<string> {
    const owners = new Set([...(this.#claims.get(key) ?? []), ...claims].map(({ owner }) => ownerOf(owner)));
    const before = new Map([...owners].map((owner) => [owner, this.rangesOf(owner).now.join()]));
    for (const owner of owners) {
      const { now } = this.rangesOf(owner);
      if (now.length > 0) this.#last.set(owner, now);
      unlistUnder(this.#claimants, owner, key);
    }
    if (claims.length > 0) this.#claims.set(key, claims);
    else this.#claims.delete(key);
    for (const { owner } of claims) listUnder(this.#claimants, ownerOf(owner), key);
    return new Set([...owners].filter((owner) => before.get(owner) !== this.rangesOf(owner).now.join()));
  }

  #reconsider(keys: readonly string[]): ReadonlySet<SetKey> {
    const changed = new Set<SetKey>();
    for (const key of keys) {
      const pod = this.#pods.get(key);
      if (pod) for (const set of this.#members.put(key, pod, this.#setsOf(pod))) changed.add(set);
    }
    return changed;
  }

  #setsOf(pod: PodFact): SetKey[] {
    const sets = [namespaceSet(pod.namespace)];
    if (pod.origin !== undefined) sets.push(offloadedSet(pod.origin));
    if (!pod.shadow) {
      if (this.#offloaded.has(pod.namespace)) sets.push(VC_LOCAL);
      return sets;
    }
    const cluster = pod.node === undefined ? undefined : this.#clusterOf(pod.node);
    if (cluster !== undefined && cluster !== null) sets.push(vcRemoteSet(cluster));
    return sets;
  }

  /** The peer behind a node; null for an ordinary one. Of a node that nobody tells of, the name is taken for the peer's. */
  #clusterOf(node: string): string | null {
    const told = this.#nodes.get(node);
    if (!told || told.size === 0) return node;
    return [...told.values()].filter((cluster) => cluster !== null).sort()[0] ?? null;
  }
}

function ownerOf(owner: CidrOwner): string {
  // No cluster id begins with a slash.
  return owner.of === 'local' ? LOCAL : `/${owner.cluster}`;
}

/** The owner of a peer's CIDRs, as {@link Topology.rangesOf} names it. */
export function peerRanges(cluster: string): string {
  return `/${cluster}`;
}

function listUnder(index: Map<string, Set<string>>, under: string, key: string): void {
  const listed = index.get(under);
  if (listed) listed.add(key);
  else index.set(under, new Set([key]));
}

function unlistUnder(index: Map<string, Set<string>>, under: string, key: string): void {
  const listed = index.get(under);
  listed?.delete(key);
  if (listed?.size === 0) index.delete(under);
}
