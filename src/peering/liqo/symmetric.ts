import {
  type Cidr,
  type FirewallParty,
  type FirewallProgram,
  type FirewallRule,
  formatAddress,
  parseCidr,
} from '../../api/index.ts';

/** Two addresses between which a program allows new connections one way only. */
export interface Asymmetry {
  readonly source: string;
  readonly destination: string;
  /** The rule that denies the one way. */
  readonly denies: FirewallRule;
}

/**
 * Looks for a pair of IPv4 addresses that a program treats unlike in the two directions. Without connection state a
 * reply is judged as a new connection: only a program without such a pair means the same there. Exact: all addresses
 * fall into finitely many classes (which parties hold them), and every pair of classes is tried.
 */
export function asymmetryOf(program: FirewallProgram): Asymmetry | undefined {
  const sets = new Map(program.sets.map(({ name, members }) => [name, members]));
  const parties: Cidr[][] = [];
  const number = (party: FirewallParty | undefined): number | undefined => {
    if (!party) return undefined;
    const texts = 'cidrs' in party ? party.cidrs : (sets.get(party.set) ?? []);
    return parties.push(texts.flatMap((text) => parseCidr(text) ?? []).filter(({ family }) => family === 4)) - 1;
  };
  const rules = program.rules.map((rule) => ({
    rule,
    source: number(rule.source),
    destination: number(rule.destination),
  }));
  const classes = classesOf(parties);
  const deciding = (from: Class, to: Class): FirewallRule | undefined =>
    rules.find(
      ({ source, destination }) =>
        (source === undefined || from.held.has(source)) && (destination === undefined || to.held.has(destination)),
    )?.rule;
  for (const [index, one] of classes.entries()) {
    for (const other of classes.slice(index)) {
      const there = deciding(one, other);
      const back = deciding(other, one);
      const [denied, open] = [there?.action === 'deny', back?.action === 'deny'];
      if (denied === open) continue;
      const denies = denied ? there : back;
      const [source, destination] = denied ? [one, other] : [other, one];
      if (denies) return { source: source.address, destination: destination.address, denies };
    }
  }
  return undefined;
}

interface Class {
  /** One address of the class. */
  readonly address: string;
  /** Numbers of the parties that hold it. */
  readonly held: ReadonlySet<number>;
}

/** Sweeps over the borders of all parties; between two borders every address is in the same parties. */
function classesOf(parties: readonly (readonly Cidr[])[]): Class[] {
  const borders = new Map<bigint, { readonly enter: number[]; readonly leave: number[] }>();
  const at = (address: bigint) => {
    const known = borders.get(address) ?? { enter: [], leave: [] };
    borders.set(address, known);
    return known;
  };
  at(0n);
  for (const [party, cidrs] of parties.entries()) {
    for (const { first, prefix } of cidrs) {
      at(first).enter.push(party);
      at(first + (1n << BigInt(32 - prefix))).leave.push(party);
    }
  }
  const depth = new Map<number, number>();
  const classes = new Map<string, Class>();
  for (const [address, { enter, leave }] of [...borders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const party of leave) depth.set(party, (depth.get(party) ?? 0) - 1);
    for (const party of enter) depth.set(party, (depth.get(party) ?? 0) + 1);
    if (address >= 1n << 32n) continue;
    const held = [...depth].filter(([, count]) => count > 0).map(([party]) => party);
    const signature = held.sort((a, b) => a - b).join();
    if (!classes.has(signature)) classes.set(signature, { address: formatAddress(4, address), held: new Set(held) });
  }
  return [...classes.values()];
}
