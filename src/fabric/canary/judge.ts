import { PATH_CLASSES, type PathClass } from '../../api/index.ts';
import type { Outcome } from '../../canary/index.ts';
import { backOf, type Probe } from './plan.ts';
import { countKey } from './table.ts';

/** What a trial says of one way of packets. */
export interface Sight {
  readonly canary: 'Passed' | 'Bypassed' | 'Unseen';
  readonly message: string;
}
export type Sights = Readonly<Record<PathClass, Sight>>;

export interface TrialSeen {
  readonly probes: readonly Probe[];
  /** What the canaries of this node say of their orders. */
  readonly outcomes: readonly Outcome[];
  /** Packets by {@link countKey}; undefined when the counting was disturbed. */
  readonly counts: ReadonlyMap<string, number> | undefined;
}

/**
 * What one trial proves. A datagram that arrived and was not counted went around netfilter: `Bypassed`, by that one
 * alone. `Passed` needs one that was counted in each direction and family that was tried. All else is `Unseen`: what
 * neither arrived nor was counted may have been dropped by anybody.
 */
export function judgeTrial({ probes, outcomes, counts }: TrialSeen): Sights {
  const arrived = arrivedOf(probes, outcomes);
  return sightsOf((each) => {
    const own = probes.filter((probe) => probe.class === each);
    if (own.length === 0) return { canary: 'Unseen', message: WANTING[each] };
    if (!counts) return { canary: 'Unseen', message: 'the counting was disturbed: somebody changed its table' };
    const isCounted = (probe: Probe): boolean => (counts.get(countKey(probe)) ?? 0) > 0;
    const around = own.filter((probe) => arrived.has(probe.id) && !isCounted(probe));
    if (around.length > 0) return { canary: 'Bypassed', message: bypassText(around) };
    const legs = [...Map.groupBy(own, ({ leg, family }) => `${leg}, IPv${family}`)];
    const tallies = legs.map(([leg, list]) => ({ leg, sent: list.length, counted: list.filter(isCounted).length }));
    return {
      canary: tallies.every(({ counted }) => counted > 0) ? 'Passed' : 'Unseen',
      message: tallies.map(({ leg, sent, counted }) => `${leg}: ${counted} of ${sent} counted`).join('; '),
    };
  });
}

/** The same of every way. */
export function sightsOf(of: (each: PathClass) => Sight): Sights {
  const [SameNode, CrossNode, ToNode] = PATH_CLASSES;
  return { [SameNode]: of(SameNode), [CrossNode]: of(CrossNode), [ToNode]: of(ToNode) };
}

const WANTING: Readonly<Record<PathClass, string>> = {
  SameNode: 'two canary pods of this node are not connected to its agent, or share no family of addresses',
  CrossNode: 'no canary pod of this node is connected to its agent, or no other node has one',
  ToNode: 'no canary pod of this node is connected to its agent',
};

function arrivedOf(probes: readonly Probe[], outcomes: readonly Outcome[]): ReadonlySet<string> {
  const byId = new Map(probes.map((probe) => [probe.id, probe]));
  const answered = outcomes.flatMap((outcome) => outcome.answered);
  // Whom a masquerade between the nodes has renamed, the hook of this node counts under another name.
  const returned = outcomes
    .flatMap((outcome) => outcome.returned)
    .filter(({ id, source, sourcePort }) => {
      const probe = byId.get(backOf(id));
      return probe?.source === source && probe.sourcePort === sourcePort;
    })
    .map(({ id }) => backOf(id));
  return new Set([...answered, ...returned]);
}

function bypassText(around: readonly Probe[]): string {
  const [first] = around;
  const where = [...new Set(around.map(({ leg, family }) => `${leg}, IPv${family}`))].join('; ');
  const example = first ? ` (such as ${first.source} to ${first.destination})` : '';
  return `${around.length} datagrams of a canary pod arrived that netfilter's hook ${first?.hook ?? ''} did not see: ${where}${example}`;
}
