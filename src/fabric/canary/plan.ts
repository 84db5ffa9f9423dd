import type { PathClass } from '../../api/index.ts';
import type { Order } from '../../canary/index.ts';
import { memberOf } from '../members.ts';

/** A pod whose packets stand for those of other pods. */
export interface CanaryPod {
  readonly name: string;
  readonly node: string;
  readonly addresses: readonly string[];
}

/** A way through the node in one direction, in words that a report shows. */
export type Leg = 'between pods' | 'out' | 'in' | 'to the node';

/** One datagram whose passage is looked for at one hook. */
export interface Probe {
  readonly id: string;
  readonly class: PathClass;
  readonly leg: Leg;
  readonly family: 4 | 6;
  readonly hook: 'forward' | 'input';
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
}

export interface TrialPlan {
  /** By the name of the pod that is to send. */
  readonly orders: ReadonlyMap<string, readonly Order[]>;
  readonly probes: readonly Probe[];
}

export interface PlanInput {
  /** Canaries of this node that are connected. */
  readonly local: readonly CanaryPod[];
  /** One of another node; undefined where there is none. */
  readonly remote: CanaryPod | undefined;
  readonly nodeAddresses: readonly string[];
  /** At least 0, less than 1. */
  readonly random: () => number;
}

/** Datagrams per way, direction and family: one may be lost on its way. */
const REPEATS = 2;
/** A node has two canaries; more would only repeat what they say. */
const MAX_LOCAL = 2;
const PORTS = { first: 20_000, last: 59_999 } as const;

/**
 * Which datagrams go where. Each has a source port of its own, so that it begins a connection: packets of one that is
 * established may take a shorter way than the first, which a rule judges.
 */
export function planTrial({ local, remote, nodeAddresses, random }: PlanInput): TrialPlan {
  const senders = local.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_LOCAL);
  const freshPort = portsOf(random);
  const orders = new Map<string, Order[]>(senders.map(({ name }) => [name, []]));
  const probes: Probe[] = [];
  const add = (from: CanaryPod, to: readonly string[], way: Way): void => {
    for (const { family, source, destination } of pairsOf(from.addresses, to)) {
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const id = String(probes.length);
        const order = { id, source, sourcePort: freshPort(), destination };
        const { back, ...asked } = way;
        probes.push({ ...order, ...asked, family });
        if (!back) {
          orders.get(from.name)?.push(order);
          continue;
        }
        const backPort = freshPort();
        orders.get(from.name)?.push({ ...order, backPort });
        probes.push({
          ...asked,
          id: backOf(id),
          leg: 'in',
          family,
          source: destination,
          sourcePort: backPort,
          destination: source,
        });
      }
    }
  };
  for (const from of senders) {
    add(from, nodeAddresses, { class: 'ToNode', leg: 'to the node', hook: 'input' });
    for (const to of senders) {
      if (to !== from) add(from, to.addresses, { class: 'SameNode', leg: 'between pods', hook: 'forward' });
    }
    if (remote) add(from, remote.addresses, { class: 'CrossNode', leg: 'out', hook: 'forward', back: true });
  }
  return { orders, probes };
}

/** The probe that the receiver of the order `id` sends in return. */
export function backOf(id: string): string {
  return `${id}-back`;
}

interface Way extends Pick<Probe, 'class' | 'leg' | 'hook'> {
  readonly back?: boolean;
}

/** One pair of addresses for each family that both have. */
function pairsOf(from: readonly string[], to: readonly string[]) {
  return ([4, 6] as const).flatMap((family) => {
    const [source, destination] = [from, to].map((all) =>
      all.flatMap((text) => memberOf(text) ?? []).find((each) => each.family === family && !each.isPrefix),
    );
    return source && destination ? [{ family, source: source.text, destination: destination.text }] : [];
  });
}

function portsOf(random: () => number): () => number {
  const count = PORTS.last - PORTS.first + 1;
  let at = Math.floor(random() * count);
  return () => {
    at = (at + 1) % count;
    return PORTS.first + at;
  };
}
