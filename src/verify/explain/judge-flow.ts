// One flow through every door on its real path: the caller's CNI, the waypoint, the callee's CNI, the callee's ztunnel.
import { formatAddress } from '../../api/index.ts';
import type { ServiceGraph, Waypoint } from '../../graph/index.ts';
import { type CiliumPolicySet, loadCilium } from '../cilium/index.ts';
import { type IstioPolicySet, loadIstio, type MeshPeer, type MeshWorkload } from '../istio/index.ts';
import { type KubernetesPeer, type KubernetesPolicySet, loadKubernetes } from '../kubernetes/index.ts';
import type { DoorName } from '../prove/door.ts';
import { HBONE } from '../prove/grants.ts';
import { ciliumLabels, hasIdentity, type Party } from '../prove/party.ts';
import { type Claim, ciliumOf, meshOf } from '../prove/prove.ts';
import { type HostEntry, serviceEntriesOf, strays } from '../prove/service-entries.ts';
import type { ObjectRef, Verdict } from '../verdict.ts';
import { type End, type FlowPort, waypointEnd } from './ends.ts';

/** One door's answer on a flow's path. `at` is the party whose door it is. */
export interface DoorAnswer {
  readonly door: DoorName;
  readonly at: string;
  readonly port: number;
  readonly verdict: Verdict['verdict'];
  readonly reason: string;
  readonly decidedBy: readonly ObjectRef[];
}

export interface FlowAnswer {
  /** Allowed when every door allows; undecided when none denies and one cannot say. */
  readonly verdict: Verdict['verdict'];
  /** In the order in which the flow meets them. */
  readonly doors: readonly DoorAnswer[];
}

/** Judges flows under one set of objects. */
export class FlowJudge {
  readonly #graph: ServiceGraph;
  readonly #cluster: string;
  readonly #cilium: CiliumPolicySet | undefined;
  readonly #istio: IstioPolicySet | undefined;
  readonly #kubernetes: KubernetesPolicySet | undefined;
  readonly #entries: ReturnType<typeof serviceEntriesOf>;

  constructor(claim: Claim) {
    const { graph, objects, engines, clusterName } = claim;
    this.#graph = graph;
    this.#cluster = clusterName;
    this.#cilium = engines.includes('cilium') ? loadCilium(objects, ciliumOf(claim)) : undefined;
    this.#istio = engines.includes('istio') ? loadIstio(objects, meshOf(claim)) : undefined;
    this.#kubernetes = engines.includes('kubernetes') ? loadKubernetes(objects) : undefined;
    this.#entries = serviceEntriesOf(objects);
  }

  judge(from: End, to: End, port: FlowPort): FlowAnswer {
    const doors = this.#path(from, to, port);
    const denied = doors.some((door) => door.verdict === 'denied');
    const undecided = doors.some((door) => door.verdict === 'undecided');
    return { doors, verdict: denied ? 'denied' : undecided ? 'undecided' : 'allowed' };
  }

  #path(from: End, to: End, port: FlowPort): DoorAnswer[] {
    const tunnels = from.party.kind === 'pod' && hasIdentity(from.party) && port.protocol === 'TCP';
    // A gateway of the mesh tunnels too, but past every waypoint (I11).
    const meshed = tunnels && isMeshed(from.party);
    const egress = port.host === undefined ? undefined : this.#graph.egressGateway();
    if (meshed && egress && to.party.kind === 'address' && to.party.name !== undefined)
      return this.#throughEgress(from, to, port, egress);
    const waypoint = meshed ? to.service?.waypoint : undefined;
    if (waypoint && to.service) {
      const middle = waypointEnd(waypoint, this.#cluster);
      return [
        ...this.#cni(from.party, middle.party, HBONE, 'TCP'),
        ...to.service.services
          .slice(0, 1)
          .flatMap((name) =>
            this.#waypoint(
              from.party,
              waypoint,
              { kind: 'Service', namespace: to.service?.namespace ?? '', name },
              port.service,
            ),
          ),
        ...this.#cni(middle.party, to.party, HBONE, 'TCP'),
        ...this.#ztunnel(middle.party, to.party, port.target),
      ];
    }
    const tunnelled = tunnels && isMeshed(to.party);
    return [
      ...this.#cni(from.party, to.party, tunnelled ? HBONE : port.target, port.protocol),
      ...(port.protocol === 'TCP' ? this.#ztunnel(from.party, to.party, port.target) : []),
    ];
  }

  #throughEgress(from: End, to: End, port: FlowPort, gateway: Waypoint): DoorAnswer[] {
    const middle = waypointEnd(gateway, this.#cluster);
    const entries = this.#entries.get(port.host ?? '') ?? [];
    const entry = entries.find((each) => strays(each, gateway, port.service) === undefined);
    const [other] = entries;
    return [
      ...this.#cni(from.party, middle.party, HBONE, 'TCP'),
      ...(entry
        ? this.#waypoint(from.party, gateway, entryTarget(entry), port.service)
        : [
            {
              door: 'waypoint' as const,
              at: middle.party.id,
              port: port.service,
              verdict: 'denied' as const,
              reason: (other && strays(other, gateway, port.service)) ?? 'NoServiceEntry',
              decidedBy: other ? [entryTarget(other)] : [],
            },
          ]),
      ...this.#cni(middle.party, to.party, port.target, port.protocol),
    ];
  }

  #cni(from: Party, to: Party, port: number, protocol: 'TCP' | 'UDP' | 'SCTP'): DoorAnswer[] {
    const answers: DoorAnswer[] = [];
    const add = (door: DoorName, at: Party, answer: Answer) => {
      const { verdict, reason, decidedBy } = answer;
      if (verdict !== 'unmanaged') answers.push({ door, at: at.id, port, verdict, reason, decidedBy });
    };
    if (this.#cilium) {
      const { egress, ingress } = this.#cilium.judge({
        from: ciliumLabels(from),
        to: ciliumLabels(to),
        port,
        protocol,
      });
      if (from.kind === 'pod') add('cilium-egress', from, egress);
      if (to.kind === 'pod') add('cilium-ingress', to, ingress);
    }
    const [source, target] = [kubernetesPeer(from), kubernetesPeer(to)];
    if (this.#kubernetes && source && target) {
      const { egress, ingress } = this.#kubernetes.judge({ from: source, to: target, port, protocol });
      if (from.kind === 'pod') add('kubernetes-egress', from, egress);
      if (to.kind === 'pod') add('kubernetes-ingress', to, ingress);
    }
    return answers;
  }

  #ztunnel(from: Party, to: Party, port: number): DoorAnswer[] {
    if (!this.#istio || to.kind !== 'pod' || to.mesh !== 'ambient') return [];
    const { verdict, reason, decidedBy } = this.#istio.judgeZtunnel({
      from: meshPeer(from),
      to: meshWorkload(to),
      port,
    });
    return [{ door: 'ztunnel', at: to.id, port, verdict, reason, decidedBy }];
  }

  #waypoint(
    from: Party,
    waypoint: Waypoint,
    destination: { readonly kind: 'Service' | 'ServiceEntry'; readonly namespace: string; readonly name: string },
    port: number,
  ): DoorAnswer[] {
    if (!this.#istio) return [];
    const { verdict, reason, decidedBy } = this.#istio.judgeWaypoint({
      from: meshPeer(from),
      waypoint,
      destination,
      port,
    });
    return [{ door: 'waypoint', at: `${waypoint.namespace}/${waypoint.name}`, port, verdict, reason, decidedBy }];
  }
}

interface Answer {
  readonly verdict: Verdict['verdict'] | 'unmanaged';
  readonly reason: string;
  readonly decidedBy: readonly ObjectRef[];
}

function isMeshed(party: Party): boolean {
  return party.kind === 'pod' && party.mesh === 'ambient';
}

function kubernetesPeer(party: Party): KubernetesPeer | undefined {
  switch (party.kind) {
    case 'pod':
      return { kind: 'pod', namespace: party.namespace, labels: party.labels, address: '240.3.0.1' };
    case 'address':
      return { kind: 'address', address: formatAddress(party.address.family, party.address.first) };
    case 'reserved':
      return undefined;
  }
}

function meshPeer(party: Party): MeshPeer {
  if (party.kind === 'pod') return meshWorkload(party);
  const ip = party.address ? formatAddress(party.address.family, party.address.first) : '240.2.0.1';
  return { plaintext: true, ip };
}

function meshWorkload(pod: Extract<Party, { kind: 'pod' }>): MeshWorkload {
  const { namespace, labels, account } = pod;
  return {
    namespace,
    labels,
    serviceAccount: account,
    ip: '240.3.0.1',
    ...(hasIdentity(pod) ? {} : { plaintext: true }),
  };
}

function entryTarget({ namespace, name }: HostEntry) {
  return { kind: 'ServiceEntry', namespace, name } as const;
}
