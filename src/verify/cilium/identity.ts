// Security identities: everything that policy can know about a peer, interned so that answers can be cached.
import { parseAddress, type Prefix } from '../kubernetes/index.ts';
import { hasKey, type Label, type LabelKey, parseLabel } from './label.ts';

/** A set of labels. Two peers with equal labels are one identity. */
export interface Identity {
  /** Dense, from 0, in the order of first use. */
  readonly id: number;
  readonly labels: readonly string[];
  /** At most one label per key: of two, Cilium keeps the last. */
  readonly byKey: ReadonlyMap<string, Label>;
  readonly cidrs: readonly Label[];
  /** Names that resolved to this address, lower case with the final dot. */
  readonly names: readonly string[];
  readonly isWorld: boolean;
}

/** Which address families the agents run with: it decides how addresses outside the cluster are labelled. */
export type AddressFamilies = 'ipv4' | 'ipv6' | 'dual';

/** Interns identities. */
export interface Identities {
  /** The identity of these labels, spelt `k8s:k=v`, `reserved:x`, `cidr:A/len` (a world label is added), `dns:name`. */
  of(labels: readonly string[]): Identity;
}

export const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const CLUSTER_LABEL = 'io.cilium.k8s.policy.cluster';
export const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';

/** An empty table of identities. */
export function createIdentities(families: AddressFamilies): Identities {
  const byText = new Map<string, Identity>();
  let count = 0;
  return {
    of(labels) {
      const text = labels.join('\n');
      const known = byText.get(text);
      if (known) return known;
      const canonical = [...new Set(labels)].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const key = canonical.join('\n');
      const identity = byText.get(key) ?? identityOf(count++, canonical, families);
      byText.set(key, identity);
      byText.set(text, identity);
      return identity;
    },
  };
}

/** The label that a selector's key finds on the identity. */
export function lookup(identity: Identity, wanted: LabelKey): Label | undefined {
  if (wanted.source === 'cidr') return identity.cidrs.find((label) => hasKey(label, wanted));
  const label = identity.byKey.get(wanted.key);
  return label && hasKey(label, wanted) ? label : undefined;
}

/** True if the identity has a label with this key, of any source: so does Cilium look for `init` and `host`. */
export function hasBareKey(identity: Identity, key: string): boolean {
  return identity.byKey.has(key);
}

/**
 * True if this cluster's agents hold the endpoint: its pods, and the health, ingress and init endpoints.
 * The host, nodes, addresses, unmanaged pods and other clusters' pods are enforced elsewhere or nowhere.
 */
export function isManaged(identity: Identity, localCluster: string): boolean {
  const reserved = [...identity.byKey.values()].filter((label) => label.source === 'reserved');
  if (reserved.some((label) => AGENT_ENDPOINTS.has(label.key))) return true;
  if (reserved.length > 0 || identity.cidrs.length > 0) return false;
  const cluster = identity.byKey.get(CLUSTER_LABEL);
  return cluster === undefined || cluster.source !== 'k8s' || cluster.value === localCluster;
}

/** The world label's key for addresses of a family; the plain one where only that family is enabled. */
function worldKey(family: Prefix['family'], families: AddressFamilies): string {
  if (family === 4) return families === 'ipv4' ? 'world' : 'world-ipv4';
  return families === 'ipv6' ? 'world' : 'world-ipv6';
}

const AGENT_ENDPOINTS: ReadonlySet<string> = new Set(['health', 'ingress', 'init']);

function identityOf(id: number, texts: readonly string[], families: AddressFamilies): Identity {
  const byKey = new Map<string, Label>();
  const cidrs: Label[] = [];
  const names: string[] = [];
  for (const text of texts) {
    if (text.startsWith('dns:')) {
      names.push(`${text.slice('dns:'.length).replace(/\.$/, '').toLowerCase()}.`);
      continue;
    }
    const label = withBlock(parseLabel(text));
    if (label.block) {
      const world = parseLabel(`reserved:${worldKey(label.block.family, families)}`);
      byKey.set(world.key, world);
      if (label.block.bits === 0) continue; // the whole family is the world label alone
      cidrs.push(label);
    }
    byKey.set(label.key, label);
  }
  const isWorld = [...byKey.values()].some((label) => label.source === 'reserved' && WORLD_KEYS.has(label.key));
  return { id, labels: texts, byKey, cidrs, names, isWorld };
}

const WORLD_KEYS: ReadonlySet<string> = new Set(['world', 'world-ipv4', 'world-ipv6']);

/** Accepts a bare address as the block of that address. */
function withBlock(label: Label): Label {
  if (label.source !== 'cidr' || label.block) return label;
  const block = parseAddress(label.key);
  return block ? { ...label, block } : label;
}
