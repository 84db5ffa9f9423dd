// What Liqo does with a FirewallConfiguration: shares nothing with what prints one but its type.
export { refusals } from './admit.ts';
export { type Packet, passes } from './judge.ts';
export { listing } from './listing.ts';
export { applyTable, type KernelTable } from './table.ts';
