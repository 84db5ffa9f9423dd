import { type Cidr, type FirewallParty, type FirewallProgram, formatAddress, parseCidr } from '../../api/index.ts';

/** Addresses that no party of a program tells apart. */
export interface AddressClass {
  /** One of them. */
  readonly address: string;
  /** Numbers of the parties that hold them. */
  readonly held: ReadonlySet<number>;
}

/**
 * Sweeps over the borders of all parties of one family; between two borders every address is in the same parties. Every
 * address of the family is in one of the classes.
 */
export function addressClasses(parties: readonly (readonly Cidr[])[], family: 4 | 6): readonly AddressClass[] {
  const bits = family === 4 ? 32 : 128;
  const borders = new Map<bigint, { readonly enter: number[]; readonly leave: number[] }>();
  const at = (address: bigint) => {
    const known = borders.get(address) ?? { enter: [], leave: [] };
    borders.set(address, known);
    return known;
  };
  at(0n);
  for (const [party, cidrs] of parties.entries()) {
    for (const { first, prefix, family: own } of cidrs) {
      if (own !== family) continue;
      at(first).enter.push(party);
      at(first + (1n << BigInt(bits - prefix))).leave.push(party);
    }
  }
  const depth = new Map<number, number>();
  const classes = new Map<string, AddressClass>();
  for (const [address, { enter, leave }] of [...borders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const party of leave) {
      const left = (depth.get(party) ?? 0) - 1;
      if (left > 0) depth.set(party, left);
      else depth.delete(party);
    }
    for (const party of enter) depth.set(party, (depth.get(party) ?? 0) + 1);
    if (address >= 1n << BigInt(bits)) continue;
    const held = [...depth.keys()].sort((a, b) => a - b);
    const signature = held.join();
    if (!classes.has(signature))
      classes.set(signature, { address: formatAddress(family, address), held: new Set(held) });
  }
  return [...classes.values()];
}

/** The parties of a program, each once, by number. */
export interface Parties {
  readonly all: readonly (readonly Cidr[])[];
  /** The number of a party of a rule; undefined: any address. */
  of(party: FirewallParty | undefined): number | undefined;
  add(key: string, party: FirewallParty): number;
  isSet(number: number): boolean;
}

export function numberParties(program: FirewallProgram): Parties {
  const members = new Map(program.sets.map((set) => [set.name, set.members]));
  const all: (readonly Cidr[])[] = [];
  const sets = new Set<number>();
  const numbers = new Map<string, number>();
  const add = (key: string, party: FirewallParty): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const texts = 'cidrs' in party ? party.cidrs : (members.get(party.set) ?? []);
    const number = all.push(texts.flatMap((text) => parseCidr(text) ?? [])) - 1;
    numbers.set(key, number);
    if ('set' in party) sets.add(number);
    return number;
  };
  return {
    all,
    of: (party) => party && add('set' in party ? `@${party.set}` : party.cidrs.join(), party),
    add,
    isSet: (number) => sets.has(number),
  };
}

/** A bit for each of `parties` that is undefined, which is any, or that holds the class. */
export function maskOf(parties: readonly (number | undefined)[], held: ReadonlySet<number>): Uint32Array {
  const mask = new Uint32Array(Math.ceil(parties.length / 32));
  for (const [index, party] of parties.entries())
    if (party === undefined || held.has(party)) mask[index >>> 5] = (mask[index >>> 5] ?? 0) | (1 << (index & 31));
  return mask;
}

/** The first bit that both masks have; -1 when there is none. */
export function firstCommon(one: Uint32Array, other: Uint32Array): number {
  for (let word = 0; word < one.length; word++) {
    const common = (one[word] ?? 0) & (other[word] ?? 0);
    if (common !== 0) return word * 32 + 31 - Math.clz32(common & -common);
  }
  return -1;
}
