import { isRecord } from '../kube/index.ts';
import { isCutSet, isProgramTable, isTwinTable, unturned } from './names.ts';
import { memberOf } from './members.ts';
import type { CutPath } from './script.ts';

/** One table as the kernel holds it, read from `nft -j list table`. */
export interface Listing {
  /** Where the chains are hooked in, and the flags of the table. */
  readonly hooks: string;
  /** What a swap leaves as it is, in canonical JSON: the hooked chains' rules, the sets of connections that were cut. */
  readonly frame: string;
  /** What a swap replaces, without members: the program's rules in their order, and its sets. */
  readonly body: string;
  readonly sets: readonly { readonly name: string; readonly members: readonly string[] }[];
  readonly cuts: readonly CutPath[];
}

/** Reads a listing. Throws TypeError when it is none. */
export function listingOf(json: unknown): Listing {
  const objects = entriesOf(json);
  const tables = objects.flatMap(({ table }) =>
    isRecord(table) && typeof table['name'] === 'string' ? [table['name']] : [],
  );
  const rest = objects.filter((object) => !('table' in object) && !('metainfo' in object));
  const table = tables[0] ?? '';
  const isBody = ({ rule, set }: Readonly<Record<string, unknown>>): boolean =>
    (isRecord(rule) && rule['chain'] === 'rules') || (isRecord(set) && !isCutSet(String(set['name'])));
  // Rules keep the order that they are in; everything else has none.
  const print = (objects: readonly Readonly<Record<string, unknown>>[]): string => {
    const texts = (kept: boolean): string[] =>
      objects.filter((object) => 'rule' in object === kept).map((object) => canonical(plain(object, table)));
    return JSON.stringify([texts(false).toSorted(), texts(true)]);
  };
  const sets = rest.flatMap(({ set }) =>
    isRecord(set) && typeof set['name'] === 'string' ? [{ name: set['name'], elements: set['elem'] }] : [],
  );
  return {
    hooks: JSON.stringify([
      objects.flatMap(({ table: each }) => (isRecord(each) ? (each['flags'] ?? []) : [])),
      rest.flatMap(({ chain }) => (isRecord(chain) && 'hook' in chain ? [hookOf(chain)] : [])).toSorted(),
    ]),
    frame: print(rest.filter((object) => !isBody(object))),
    body: print(rest.filter(isBody)),
    sets: sets
      .filter(({ name }) => !isCutSet(name))
      .map(({ name, elements }) => ({ name, members: membersOf(elements).toSorted() })),
    cuts: sets.filter(({ name }) => isCutSet(name)).flatMap(({ elements }) => cutsOf(elements)),
  };
}

const HOOK_KEYS = ['type', 'hook', 'prio', 'policy', 'dev'];

/** The hooks of a program's table, as {@link Listing.hooks} has them. */
export const HOOKS = JSON.stringify([
  [],
  ['forward', 'input'].map((name) => hookOf({ name, type: 'filter', hook: name, prio: 10, policy: 'accept' })),
]);

function hookOf(chain: Readonly<Record<string, unknown>>): string {
  return ['name', ...HOOK_KEYS].map((key) => String(chain[key])).join(' ');
}

/** Whether two listings hold the same rules, sets and members, however often they were swapped. */
export function sameListing(a: Listing, b: Listing): boolean {
  const members = (listing: Listing): string =>
    JSON.stringify(listing.sets.map(({ name, members: texts }) => [unturned(name), texts]).toSorted(byName));
  return a.frame === b.frame && a.body === b.body && members(a) === members(b);
}

/** The names of our tables in the answer of `nft -j list tables`. */
export function ownTables(json: unknown): { readonly programs: readonly string[]; readonly twins: readonly string[] } {
  const names = entriesOf(json).flatMap(({ table }) =>
    isRecord(table) && table['family'] === 'inet' && typeof table['name'] === 'string' ? [table['name']] : [],
  );
  return { programs: names.filter(isProgramTable), twins: names.filter(isTwinTable) };
}

function entriesOf(json: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list: unknown = isRecord(json) ? json['nftables'] : undefined;
  if (!Array.isArray(list)) throw new TypeError('nft -j answered something that is no list of objects');
  return list.filter(isRecord);
}

/** An object without what differs between two tables that mean the same. */
function plain(value: unknown, table: string): unknown {
  if (Array.isArray(value)) return value.map((each) => plain(each, table));
  if (typeof value === 'string') return value.startsWith('@') ? `@${unturned(value.slice(1))}` : value;
  if (!isRecord(value)) return value;
  if ('counter' in value) return { counter: null };
  const { set } = value;
  // Where a chain is hooked in is compared apart.
  const ignored = new Set(['handle', 'elem', ...('hook' in value ? HOOK_KEYS : [])]);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !ignored.has(key) && !(key === 'table' && each === table))
      .map(([key, each]) => [
        key,
        key === 'set' && isRecord(set) && typeof set['name'] === 'string'
          ? plain({ ...set, name: unturned(set['name']) }, table)
          : plain(each, table),
      ]),
  );
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).toSorted(byName)) : part,
  );
}

function membersOf(elements: unknown): string[] {
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((element: unknown) => {
    const value = isRecord(element) && isRecord(element['elem']) ? element['elem']['val'] : element;
    if (typeof value === 'string') return memberOf(value)?.text ?? value;
    const prefix = isRecord(value) ? value['prefix'] : undefined;
    if (isRecord(prefix)) return `${String(prefix['addr'])}/${String(prefix['len'])}`;
    // Two prefixes side by side that a foreign hand merged, or something else: no member of ours is written so.
    return JSON.stringify(value);
  });
}

function cutsOf(elements: unknown): CutPath[] {
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((element: unknown): CutPath[] => {
    const value = isRecord(element) && isRecord(element['elem']) ? element['elem']['val'] : element;
    const parts: unknown = isRecord(value) ? value['concat'] : undefined;
    if (!Array.isArray(parts)) return [];
    const [source, protocol, sourcePort, destination, destinationPort] = parts.map((part: unknown) => part);
    if (typeof source !== 'string' || typeof destination !== 'string' || typeof protocol !== 'string') return [];
    const family = memberOf(source)?.family;
    if (family === undefined || typeof sourcePort !== 'number' || typeof destinationPort !== 'number') return [];
    return [{ family, source, protocol, sourcePort, destination, destinationPort }];
  });
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  const [x, y] = [String(a[0]), String(b[0])];
  if (x === y) return 0;
  return x < y ? -1 : 1;
}
