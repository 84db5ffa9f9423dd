// Which policies are in force on a workload: istiod attaches the selecting ones, ztunnel adds the wide ones.
import type { AuthorizationPolicy } from '../admit/authorization-policy.ts';
import type { PeerAuthentication } from '../admit/peer-authentication.ts';
import { type MeshConfig, type MeshWorkload, rootNamespaceOf } from '../mesh.ts';
import { convertAuthorization } from './convert-authorization.ts';
import { type L4Policy, NOTHING } from './l4-policy.ts';
import { type Levels, peerPolicies } from './peer-policies.ts';
import { SelectorIndex } from './selector-index.ts';

/** Everything that ztunnel enforces in front of one workload. */
export interface ZtunnelPolicy {
  /** What istiod names on the workload itself, in its order; policies without selector come on top. */
  readonly attached: readonly L4Policy[];
  /** In force, sorted by key; dry-run policies are left out. */
  readonly denies: readonly L4Policy[];
  readonly allows: readonly L4Policy[];
}

/** Answers in time proportional to the policies that match, not to all. */
export type PolicyLookup = (workload: MeshWorkload) => ZtunnelPolicy;

/** Indexes accepted policies for look-ups by workload. Root-namespace policies reach every namespace (I2). */
export function indexPolicies(
  authorizations: readonly AuthorizationPolicy[],
  peers: readonly PeerAuthentication[],
  mesh: MeshConfig,
): PolicyLookup {
  const root = rootNamespaceOf(mesh);
  const selecting = new SelectorIndex<L4Policy>();
  const wide = new Map<string, L4Policy[]>();
  for (const policy of authorizations) {
    const converted = convertAuthorization(policy, mesh);
    if (!converted) continue;
    const { namespace } = policy.metadata;
    const { selector } = policy.spec;
    if (!selector) push(wide, namespace, converted);
    // Z2: `selector: {}` is neither wide nor attached to anything.
    else if (selector.matchLabels) selecting.add(namespace, selector.matchLabels, converted);
  }
  const levelsOf = indexPeers(peers, root);
  return (workload) => {
    const { namespace, labels = {} } = workload;
    const namespaces = namespace === root ? [root] : [root, namespace];
    // Z3: without any label the selector filter is off.
    const bare = Object.keys(labels).length === 0;
    const attached = namespaces
      .flatMap((place) => (bare ? selecting.all(place) : selecting.matching(place, labels)))
      .sort(byKey);
    const { levels, inherited } = levelsOf(workload);
    const strict = peerPolicies(levels, inherited, root);
    const all = [...attached, ...strict, ...fromWaypoint(workload, mesh)];
    const enforced = namespaces
      .flatMap((place) => wide.get(place) ?? [])
      .concat(all)
      .filter((policy) => !policy.dryRun)
      .sort(byKey);
    return {
      attached: all,
      denies: enforced.filter(({ action }) => action === 'DENY'),
      allows: enforced.filter(({ action }) => action === 'ALLOW'),
    };
  };
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

type LevelLookup = (workload: MeshWorkload) => {
  readonly levels: Levels;
  readonly inherited: Omit<Levels, 'workload'>;
};

function indexPeers(peers: readonly PeerAuthentication[], root: string): LevelLookup {
  const selecting = new SelectorIndex<PeerAuthentication>();
  const bySpace = new Map<string, PeerAuthentication>();
  const withoutSelector = new Map<string, PeerAuthentication>();
  for (const peer of peers.toSorted(byAge)) {
    const { namespace } = peer.metadata;
    const labels = peer.spec.selector?.matchLabels;
    if (!peer.spec.selector && !withoutSelector.has(namespace)) withoutSelector.set(namespace, peer);
    if (labels && labels.size > 0) selecting.add(namespace, labels, peer);
    else if (!bySpace.has(namespace)) bySpace.set(namespace, peer);
  }
  return ({ namespace, labels = {} }) => {
    const inherited = { mesh: withoutSelector.get(root), namespace: withoutSelector.get(namespace) };
    // Z7: a selector in the root namespace selects nothing, there or elsewhere.
    if (namespace === root) {
      return { levels: { mesh: bySpace.get(root), namespace: undefined, workload: undefined }, inherited };
    }
    const workload = selecting.matching(namespace, labels).sort(byAge)[0];
    return { levels: { mesh: inherited.mesh, namespace: bySpace.get(namespace), workload }, inherited };
  };
}

/** Z13: with the flag set, only the waypoint may still talk to what is behind it. */
function fromWaypoint({ waypoint }: MeshWorkload, mesh: MeshConfig): readonly L4Policy[] {
  if (mesh.autoAllowWaypoint !== true || !waypoint || waypoint.serviceAccounts.length === 0) return [];
  const { namespace, name } = waypoint;
  const object = { kind: 'Gateway', namespace, name };
  const principals = waypoint.serviceAccounts.map((account) => {
    return { kind: 'exact', text: `${mesh.trustDomain}/ns/${namespace}/sa/${account}` } as const;
  });
  const key = `${namespace}/istio_allow_waypoint_${namespace}_${name}`;
  return [
    { key, object, action: 'ALLOW', dryRun: false, rules: [{ object, clauses: [[{ ...NOTHING, principals }]] }] },
  ];
}

function byKey(left: L4Policy, right: L4Policy): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

/** Oldest first; equal ages by name, so that the order of the input decides nothing. */
function byAge({ metadata: left }: PeerAuthentication, { metadata: right }: PeerAuthentication): number {
  if (left.created !== right.created) return left.created < right.created ? -1 : 1;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
