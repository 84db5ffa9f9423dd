import { link } from './neighbours.ts';
import type { Party, PartyBook } from './party.ts';
import type { GraphState } from './state.ts';

/**
 * Connects all services at once, over numbers: who names whom is turned around in two sweeps, so that no pair is looked up.
 * Taken in the order of their keys, services come sorted into every list.
 */
export function linkAll(state: GraphState): void {
  const { services, parties } = state;
  const sorted = [...services.keys()].sort().flatMap((key) => services.get(key) ?? []);
  const selves = sorted.map(({ self }) => self);
  const outbound = sorted.map((service) => service.outbound.ids);
  const inbound = sorted.map((service) => service.inbound.ids);
  const accepting = turnedAround(selves, inbound, parties.bound);
  const calling = turnedAround(selves, outbound, parties.bound);
  const inBoth = openIntersection(parties);
  for (const [place, self] of selves.entries()) {
    self.callees = inBoth(outbound[place] ?? [], accepting, self.id);
    self.callers = inBoth(inbound[place] ?? [], calling, self.id);
  }
  for (const service of sorted) if (service.outboundAny.length + service.inboundAny.length > 0) link(state, service);
}

/** Lists of parties, one behind the other: that of party `n` goes from `starts[n]` to `starts[n + 1]`. */
interface Lists {
  readonly starts: Int32Array;
  readonly members: Int32Array;
}

/** For each party, who names it, in the order of `selves`; `named` are the parties that each of them names. */
function turnedAround(selves: readonly Party[], named: readonly (readonly number[])[], bound: number): Lists {
  const starts = new Int32Array(bound + 2);
  for (const ids of named) for (const id of ids) starts[id + 2] = (starts[id + 2] ?? 0) + 1;
  for (let id = 2; id < starts.length; id++) starts[id] = (starts[id] ?? 0) + (starts[id - 1] ?? 0);
  const members = new Int32Array(starts[bound + 1] ?? 0);
  for (const [place, ids] of named.entries()) {
    const self = selves[place]?.id ?? 0;
    for (const id of ids) {
      // One place further on than where the list begins, until it is filled.
      const at = starts[id + 1] ?? 0;
      members[at] = self;
      starts[id + 1] = at + 1;
    }
  }
  return { starts, members };
}

/** Finds the parties that are both among `ids` and in the list of party `of`, in the order of that list. */
function openIntersection(parties: PartyBook): (ids: readonly number[], lists: Lists, of: number) => Party[] {
  const seen = new Int32Array(parties.bound);
  let turn = 0;
  return (ids, { starts, members }, of) => {
    turn += 1;
    for (const id of ids) seen[id] = turn;
    const found: number[] = [];
    const end = starts[of + 1] ?? 0;
    for (let at = starts[of] ?? 0; at < end; at++) {
      const id = members[at] ?? 0;
      if (seen[id] === turn) found.push(id);
    }
    // Made by `map`, a list takes no more room than it needs.
    return found.map((id) => parties.byId(id));
  };
}
