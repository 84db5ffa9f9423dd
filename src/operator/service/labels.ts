/** Names the unit that an object belongs to, in one value: what is pruned is found by it. */
export const OWNER_LABEL = 'lattice.dev/owner';
