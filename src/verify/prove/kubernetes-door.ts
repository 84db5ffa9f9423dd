import { formatAddress } from '../../api/index.ts';
import type { KubernetesPeer, KubernetesPolicySet, NetworkPolicyPeer } from '../kubernetes/index.ts';
import type { ObjectRef, Verdict } from '../verdict.ts';
import type { AnyProtocol, Door } from './door.ts';
import type { Guarantees } from './grants.ts';
import type { Party } from './party.ts';
import { indexParties } from './party-index.ts';
import { egressRow, ingressRow } from './rows.ts';

const FRESH = [
  { port: 61999, protocol: 'TCP' },
  { port: 61999, protocol: 'UDP' },
  { port: 61999, protocol: 'SCTP' },
] as const;

/** A pod's address, where no declared range can be (240.0.0.0/4 is never routed). */
const POD_ADDRESS = '240.3.0.1';

/**
 * NetworkPolicy's two doors. It sees namespaces, labels and addresses, so accounts make no difference, pods of another
 * cluster are addresses, and a node's own traffic is not its business.
 */
export function kubernetesDoors(
  policies: KubernetesPolicySet,
  universe: readonly Party[],
  guarantees: Guarantees,
  ours: (object: ObjectRef) => boolean,
): { readonly doors: readonly Door[]; readonly index: ReturnType<typeof indexParties> } {
  const { graph, clusterName } = guarantees;
  const visible = universe.filter(
    (party) => party.kind === 'address' || (party.kind === 'pod' && party.cluster === clusterName),
  );
  const index = indexParties(visible, graph, clusterName);
  const peers = new Map(visible.flatMap((party) => [[party, peerOf(party)] as const]));
  const seen = new LabelIndex(visible);
  const named = (subject: Party) => seen.named(policies, peers.get(subject));
  const common = { subjects: index.pods, fresh: FRESH, ours, named };
  const judge = (from: Party, to: Party, port: number, protocol: AnyProtocol, side: 'egress' | 'ingress'): Verdict => {
    const [source, target] = [peers.get(from), peers.get(to)];
    if (!source || !target || protocol === 'ICMP' || protocol === 'ICMPv6') {
      return { verdict: 'undecided', reason: 'NotAParty', decidedBy: [] };
    }
    const { verdict, reason, decidedBy } = policies.judge({ from: source, to: target, port, protocol })[side];
    return { verdict: verdict === 'unmanaged' ? 'allowed' : verdict, reason, decidedBy };
  };
  const edges = (subject: Party) => portsNamed(policies, peers.get(subject));
  return {
    index,
    doors: [
      {
        ...common,
        name: 'kubernetes-egress',
        side: 'caller',
        edges,
        row: (subject) => (subject.kind === 'pod' ? egressRow(guarantees, subject) : { kind: 'open' }),
        ask: (subject, peer, port, protocol) => judge(subject, peer, port, protocol, 'egress'),
      },
      {
        ...common,
        name: 'kubernetes-ingress',
        side: 'callee',
        edges,
        row: (subject) => (subject.kind === 'pod' ? ingressRow(guarantees, subject) : { kind: 'open' }),
        ask: (subject, peer, port, protocol) => judge(peer, subject, port, protocol, 'ingress'),
      },
    ],
  };
}

function peerOf(party: Party): KubernetesPeer | undefined {
  switch (party.kind) {
    case 'pod':
      return {
        kind: 'pod',
        namespace: party.namespace,
        labels: party.labels,
        ...(party.namespaceLabels ? { namespaceLabels: party.namespaceLabels } : {}),
        address: POD_ADDRESS,
        namedPorts: namedPorts(party.namedPorts),
      };
    case 'address':
      return { kind: 'address', address: formatAddress(party.address.family, party.address.first) };
    case 'reserved':
      return undefined;
  }
}

type NamedPorts = Extract<KubernetesPeer, { kind: 'pod' }>['namedPorts'];

function namedPorts(
  ports: Readonly<Record<string, { readonly port: number; readonly protocol: string }>>,
): NonNullable<NamedPorts> {
  return Object.fromEntries(
    Object.entries(ports).flatMap(([name, { port, protocol }]) =>
      protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP' ? [[name, { port, protocol }] as const] : [],
    ),
  );
}

/** Parties by namespace and label pair, so that a policy's peers are found without trying all. */
class LabelIndex {
  readonly #all: readonly Party[];
  readonly #addresses: readonly Party[];
  readonly #byPair = new Map<string, Party[]>();

  constructor(parties: readonly Party[]) {
    this.#all = parties;
    this.#addresses = parties.filter((party) => party.kind !== 'pod');
    for (const party of parties) {
      if (party.kind !== 'pod') continue;
      this.#add(`namespace ${party.namespace}`, party);
      for (const [key, value] of Object.entries(party.labels)) this.#add(`${key}=${value}`, party);
    }
  }

  named(policies: KubernetesPolicySet, subject: KubernetesPeer | undefined): Set<Party> {
    const found = new Set<Party>();
    for (const policy of subject ? policies.policiesOf(subject) : []) {
      for (const { peers } of [...policy.ingress, ...policy.egress]) {
        for (const party of peers.length === 0
          ? this.#all
          : peers.flatMap((peer) => this.#candidates(peer, policy.namespace))) {
          found.add(party);
        }
      }
    }
    return found;
  }

  #candidates(peer: NetworkPolicyPeer, home: string): readonly Party[] {
    if (peer.kind === 'ipBlock') return this.#addresses;
    const namespace = peer.namespaces ? new Map(peer.namespaces.labels).get('kubernetes.io/metadata.name') : home;
    const pairs = [
      ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
      ...(peer.pods?.labels ?? []).map(([key, value]) => `${key}=${value}`),
    ];
    let fewest = this.#all;
    for (const pair of pairs) {
      const parties = this.#byPair.get(pair) ?? [];
      if (parties.length < fewest.length) fewest = parties;
    }
    return fewest;
  }

  #add(pair: string, party: Party): void {
    const known = this.#byPair.get(pair);
    if (known) known.push(party);
    else this.#byPair.set(pair, [party]);
  }
}

/** The ends of every range in the policies that select the subject, and their neighbours. */
function portsNamed(
  policies: KubernetesPolicySet,
  subject: KubernetesPeer | undefined,
): { port: number; protocol: AnyProtocol }[] {
  const rules = subject ? policies.policiesOf(subject).flatMap((policy) => [...policy.ingress, ...policy.egress]) : [];
  return rules
    .flatMap((rule) => rule.ports)
    .flatMap(({ port, endPort, protocol }) => {
      if (typeof port !== 'number') return [];
      return [...new Set([port - 1, port, endPort ?? port, (endPort ?? port) + 1])]
        .filter((each) => each >= 1 && each <= 65535)
        .map((each) => ({ port: each, protocol }));
    });
}
