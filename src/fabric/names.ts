import { createHash } from 'node:crypto';

/** How the address of a member is kept: by itself in a hash, or with prefixes in an interval tree. */
export type SetForm = 'addresses' | 'prefixes';

/** While a program is swapped, its new sets stand beside the old ones: two spellings take turns. */
export type Spelling = 'first' | 'second';

/** The table that the agent marks its own transactions in, to tell them from foreign ones. */
export const MARK_TABLE = 'lattice_agent';
export const MARK_SET = 'marks';

/** The table that counts the datagrams of canaries; there for some seconds at a time. */
export const CANARY_TABLE = 'lattice_canary';

const TWIN = '_twin';

/** The table of one peering: readable, and with 64 bits of hash so that no two peerings share one. */
export function tableName(peering: string): string {
  return `lattice_${readable(peering, 80)}_${hash(peering)}`;
}

/** The table in which a program is built a second time, without a hook, to compare the first with. */
export function twinName(table: string): string {
  return `${table}${TWIN}`;
}

export function isProgramTable(name: string): boolean {
  return /^lattice_.*_[0-9a-f]{16}$/.test(name);
}

export function isTwinTable(name: string): boolean {
  return name.endsWith(TWIN) && isProgramTable(name.slice(0, -TWIN.length));
}

/** The two sets, by family, that hold the members of one set. The end keeps them apart from every word of nft. */
export function setNames(set: string, form: SetForm, spelling: Spelling): Readonly<Record<4 | 6, string>> {
  const stem = /^[a-zA-Z][-_.a-zA-Z0-9]{0,127}$/.test(set) ? set : `s_${readable(set, 80)}_${hash(set)}`;
  const kind = form === 'addresses' ? 'ip' : 'net';
  const turn = spelling === 'first' ? '' : '_b';
  return { 4: `${stem}_${kind}4${turn}`, 6: `${stem}_${kind}6${turn}` };
}

/** A set's name without the spelling: the same for both turns. */
export function unturned(nftSet: string): string {
  return nftSet.replace(/(_(?:ip|net)[46])_b$/, '$1');
}

/** Which turn a set of a program is in; undefined when it is no set of members. */
export function spellingOf(nftSet: string): Spelling | undefined {
  const match = /_(?:ip|net)[46](_b)?$/.exec(nftSet);
  if (!match || isCutSet(nftSet)) return undefined;
  return match[1] === undefined ? 'first' : 'second';
}

/** The sets of connections that were cut: not members, and never renamed. */
export const CUT_SETS: Readonly<Record<4 | 6, string>> = { 4: 'cut.v4', 6: 'cut.v6' };

export function isCutSet(nftSet: string): boolean {
  return nftSet === CUT_SETS[4] || nftSet === CUT_SETS[6];
}

function readable(text: string, length: number): string {
  return text.replaceAll(/[^a-zA-Z0-9]+/g, '_').slice(0, length);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
