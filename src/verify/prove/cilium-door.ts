import { type CiliumPolicySet, type Direction, type Identity, type Rule, type Selector } from '../cilium/index.ts';
import type { ObjectRef, Verdict } from '../verdict.ts';
import type { AnyProtocol, Door } from './door.ts';
import { ciliumLabels, type Party, type PodParty } from './party.ts';
import type { PartyIndex } from './party-index.ts';
import type { Guarantees } from './grants.ts';
import { egressRow, ingressRow } from './rows.ts';

type Question = { readonly port: number; readonly protocol: AnyProtocol };

/** A port of each protocol that nobody declares, and an echo request. */
const FRESH: readonly Question[] = [
  { port: 61999, protocol: 'TCP' },
  { port: 61999, protocol: 'UDP' },
  { port: 61999, protocol: 'SCTP' },
  { port: 8, protocol: 'ICMP' },
];

/** Cilium's two doors over a loaded set of policies. */
export function ciliumDoors(
  policies: CiliumPolicySet,
  index: PartyIndex,
  guarantees: Guarantees,
  ours: (object: ObjectRef) => boolean,
): readonly Door[] {
  const seen = new Sight(policies, index);
  const subjects = index.pods.filter((pod) => pod.cluster === guarantees.clusterName);
  const common = { subjects, fresh: FRESH, ours };
  return [
    {
      ...common,
      name: 'cilium-egress',
      side: 'caller',
      row: (subject) => rowOf(subject, (pod) => egressRow(guarantees, pod)),
      named: (subject) => seen.named(subject, 'egress'),
      edges: (subject, peer) => seen.edges(subject, peer, 'egress'),
      ask: (subject, peer, port, protocol) =>
        layer4(policies.judge(seen.flow(subject, peer, peer, port, protocol)).egress, port, guarantees),
    },
    {
      ...common,
      name: 'cilium-ingress',
      side: 'callee',
      row: (subject) => rowOf(subject, (pod) => ingressRow(guarantees, pod)),
      named: (subject) => seen.named(subject, 'ingress'),
      edges: (subject, peer) => seen.edges(subject, peer, 'ingress'),
      ask: (subject, peer, port, protocol) =>
        layer4(policies.judge(seen.flow(peer, subject, subject, port, protocol)).ingress, port, guarantees),
    },
  ];
}

/** The parties as identities, and which of them each selector selects. */
class Sight {
  readonly #policies: CiliumPolicySet;
  readonly #identities = new Map<Party, Identity>();
  readonly #byLabel = new Map<string, Party[]>();
  readonly #all: readonly Party[];
  readonly #selected = new Map<Selector, readonly Party[]>();

  constructor(policies: CiliumPolicySet, index: PartyIndex) {
    this.#policies = policies;
    this.#all = index.all;
    for (const party of index.all) {
      const identity = policies.identity(ciliumLabels(party));
      this.#identities.set(party, identity);
      for (const label of identity.byKey.values()) {
        const text = `${label.key}=${label.value}`;
        const known = this.#byLabel.get(text);
        if (known) known.push(party);
        else this.#byLabel.set(text, [party]);
      }
    }
  }

  identity(party: Party): Identity {
    return this.#identities.get(party) ?? this.#policies.identity(ciliumLabels(party));
  }

  flow(from: Party, to: Party, receiver: Party, port: number, protocol: AnyProtocol) {
    const named = receiver.kind === 'pod' ? namedPortsOf(receiver) : undefined;
    return {
      from: this.identity(from),
      to: this.identity(to),
      port,
      protocol,
      ...(named ? { namedPorts: named } : {}),
    };
  }

  named(subject: Party, direction: Direction): Set<Party> {
    const found = new Set<Party>();
    for (const rule of this.#rules(subject, direction)) {
      if (rule.peers === 'nobody') continue;
      for (const selector of rule.peers) for (const party of this.#selectedBy(selector)) found.add(party);
    }
    return found;
  }

  edges(subject: Party, peer: Party, direction: Direction): Iterable<Question> {
    const identity = this.identity(peer);
    const questions = new Map<string, Question>();
    for (const rule of this.#rules(subject, direction)) {
      if (rule.peers === 'nobody' || !rule.peers.some((selector) => selector.selects(identity) !== 'no')) continue;
      for (const question of portsOf(rule, direction === 'egress' ? peer : subject)) {
        questions.set(`${question.port}/${question.protocol}`, question);
      }
    }
    return questions.values();
  }

  #rules(subject: Party, direction: Direction): readonly Rule[] {
    return this.#policies.policyOf(this.identity(subject))[direction].rules;
  }

  #selectedBy(selector: Selector): readonly Party[] {
    const known = this.#selected.get(selector);
    if (known) return known;
    const candidates = this.#candidates(selector);
    const selected = candidates.filter((party) => selector.selects(this.identity(party)) !== 'no');
    this.#selected.set(selector, selected);
    return selected;
  }

  #candidates(selector: Selector): readonly Party[] {
    let fewest = this.#all;
    for (const { key, value } of selector.required) {
      if (key.source === 'cidr') continue;
      const parties = this.#byLabel.get(`${key.key}=${value}`) ?? [];
      if (parties.length < fewest.length) fewest = parties;
    }
    return fewest;
  }
}

/** The ends of every range that the rule names, and their neighbours. */
function portsOf(rule: Rule, receiver: Party): Question[] {
  return (rule.ports ?? []).flatMap(({ match }): Question[] => {
    const { protocol } = match;
    switch (match.kind) {
      case 'any':
        return [];
      case 'range':
        return around(match.first, match.last, protocol);
      case 'named': {
        const named = receiver.kind === 'pod' ? receiver.namedPorts[match.name] : undefined;
        return named ? around(named.port, Math.max(named.port, match.last), protocol) : [];
      }
    }
  });
}

function around(first: number, last: number, protocol: AnyProtocol): Question[] {
  return [...new Set([first - 1, first, last, last + 1])]
    .filter((port) => port >= (protocol === 'ICMP' || protocol === 'ICMPv6' ? 0 : 1) && port <= 65535)
    .map((port) => ({ port, protocol }));
}

function namedPortsOf(pod: PodParty): PodParty['namedPorts'] | undefined {
  for (const name in pod.namedPorts) if (Object.hasOwn(pod.namedPorts, name)) return pod.namedPorts;
  return undefined;
}

function rowOf(subject: Party, row: (pod: PodParty) => ReturnType<typeof egressRow>): ReturnType<typeof egressRow> {
  return subject.kind === 'pod' ? row(subject) : { kind: 'open' };
}

/**
 * A side that Cilium does not manage lets everything through. What its proxy lets through afterwards is not decided here,
 * except on the ports of DNS, where the flow itself is what was agreed.
 */
function layer4(
  answer: {
    readonly verdict: Verdict['verdict'] | 'unmanaged';
    readonly reason: string;
    readonly decidedBy: readonly ObjectRef[];
  },
  port: number,
  { graph }: Guarantees,
): Verdict {
  const { verdict, reason, decidedBy } = answer;
  const proxied = verdict === 'allowed' && reason === 'AllowRuleToProxy';
  if (proxied && !graph.state.settings.exemptions.dns.ports.includes(port)) {
    return { verdict: 'undecided', reason: 'Layer7Rule', decidedBy };
  }
  return { verdict: verdict === 'unmanaged' ? 'allowed' : verdict, reason, decidedBy };
}
