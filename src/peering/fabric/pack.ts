import { SLICE_CAPACITY } from '../../api/index.ts';

/** The addresses of one slice, sorted. */
export type Slice = readonly string[];

/** Members in as few slices as hold them, sorted through all of them. */
export function pack(members: Iterable<string>): readonly Slice[] {
  const sorted = [...members].sort();
  return Array.from({ length: Math.ceil(sorted.length / SLICE_CAPACITY) }, (_, index) =>
    sorted.slice(index * SLICE_CAPACITY, (index + 1) * SLICE_CAPACITY),
  );
}

/**
 * The slices that hold `members`, with as few of `present` changed as can be: an address stays where it is, a new one
 * goes where there is room, and a slice that is empty stays for the next one: to drop it and to add it again changes the
 * layout, which every agent has to report anew. An unchanged slice is the very same array.
 */
export function repack(present: readonly Slice[], members: ReadonlySet<string>): readonly Slice[] {
  const placed = new Set<string>();
  const kept = present.map((slice) => {
    const stay = slice.filter((address) => members.has(address) && !placed.has(address));
    for (const address of stay) placed.add(address);
    return stay.length === slice.length ? slice : stay;
  });
  const fresh = [...members].filter((address) => !placed.has(address)).sort();
  const filled = kept.map((slice) => {
    const room = fresh.splice(0, Math.max(0, SLICE_CAPACITY - slice.length));
    return room.length === 0 ? slice : [...slice, ...room].sort();
  });
  return [...filled, ...pack(fresh)];
}

/** Whether so many slices are almost empty that it is worth moving addresses between them. */
export function isWasteful(slices: readonly Slice[], members: number): boolean {
  return slices.length > 2 * Math.ceil(members / SLICE_CAPACITY) + 2;
}
