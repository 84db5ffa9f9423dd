import type { Labels, Waypoint, Workload } from '../../graph/index.ts';
import { type LabelMatch, matchesOf } from '../kubernetes/label-match.ts';
import { gatewayLabels } from '../kubernetes/select-peer.ts';
import { assertSelectable } from './checks.ts';
import { ACCOUNT_LABEL, addFromKubernetes, unselectable, unselectableAccount } from './label.ts';
import type { Expression, Selector } from './spec.ts';

/** Pods at the other end of a grant. Built once and shared by all objects that name them. */
export interface PodPeer {
  readonly kind: 'endpoints';
  readonly key: string;
  readonly bytes: number;
  readonly selectors: readonly Selector[];
}

/** Pods that Cilium cannot select, and why. */
interface Unselectable {
  readonly kind: 'unselectable';
  readonly reason: string;
}

type Selected = PodPeer | Unselectable;

/** Where peers are built and remembered. */
export interface PeerBook {
  readonly workload: (workload: Workload) => Selected;
  readonly waypoint: (waypoint: Waypoint) => Selected;
  readonly pods: (key: string, pods: Pods) => Selected;
}

/** Pods of one namespace by labels and, where it is known, ServiceAccount. */
interface Pods {
  readonly namespace: string;
  readonly labels: Labels;
  readonly account?: string;
}

/** A book for one cluster: a peer is named by namespace, cluster, ServiceAccount and its labels (C8, C10, C12). */
export function openPeerBook(cluster: string): PeerBook {
  const workloads = new WeakMap<Workload, Selected>();
  const waypoints = new Map<string, Selected>();
  return {
    workload: (workload) => {
      const known = workloads.get(workload);
      if (known) return known;
      const { namespace, selectors, accounts } = workload;
      const selected = select(`pod ${workload.key}`, { cluster, namespace, alternatives: selectors, accounts });
      workloads.set(workload, selected);
      return selected;
    },
    waypoint: (waypoint) => {
      const key = `waypoint ${waypoint.namespace}/${waypoint.name}`;
      const known = waypoints.get(key);
      if (known) return known;
      const { namespace, account } = waypoint;
      const selected = select(key, {
        cluster,
        namespace,
        alternatives: [gatewayLabels(waypoint)],
        accounts: [account],
      });
      waypoints.set(key, selected);
      return selected;
    },
    pods: (key, { namespace, labels, account }) =>
      select(key, { cluster, namespace, alternatives: [labels], accounts: account === undefined ? [] : [account] }),
  };
}

/** A selector of the policy's own namespace: Cilium adds that itself, and overwrites any other (C9). */
export function ownSelector(match: LabelMatch, accounts: readonly string[]): Selector {
  return selector(undefined, match, accounts);
}

interface Description {
  readonly cluster: string;
  readonly namespace: string;
  readonly alternatives: readonly Labels[];
  readonly accounts: readonly string[];
}

function select(key: string, description: Description): Selected {
  const reason =
    description.alternatives.map(unselectable).find((each) => each !== undefined) ??
    unselectableAccount(description.accounts);
  return reason === undefined ? build(key, description) : { kind: 'unselectable', reason };
}

function build(key: string, { cluster, namespace, alternatives, accounts }: Description): PodPeer {
  const place = { namespace, cluster };
  const selectors = matchesOf(alternatives).map((match) => selector(place, match, accounts));
  for (const selector of selectors) assertSelectable(key, selector);
  return { kind: 'endpoints', key, selectors, bytes: JSON.stringify(selectors).length };
}

interface Place {
  readonly namespace: string;
  readonly cluster: string;
}

function selector(place: Place | undefined, match: LabelMatch, accounts: readonly string[]): Selector {
  const [account, ...others] = accounts;
  const expressions: Expression[] = [];
  if (match.oneOf) {
    expressions.push({ key: `k8s:${match.oneOf.key}`, operator: 'In', values: match.oneOf.values });
  }
  if (others.length > 0) expressions.push({ key: ACCOUNT_LABEL, operator: 'In', values: accounts });
  const matchLabels = placed(place);
  if (account !== undefined && others.length === 0) matchLabels[ACCOUNT_LABEL] = account;
  addFromKubernetes(matchLabels, match.labels);
  return {
    ...(Object.keys(matchLabels).length > 0 ? { matchLabels } : {}),
    ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
  };
}

/** The keys stand in the literal, so that all selectors of peers have one shape (see `labelsOf` in name.ts). */
function placed(place: Place | undefined): Record<string, string> {
  if (!place) return {};
  const { namespace, cluster } = place;
  return { 'k8s:io.kubernetes.pod.namespace': namespace, 'k8s:io.cilium.k8s.policy.cluster': cluster };
}
