export { createElector, type Elector, type ElectorOptions } from './elector.ts';
export { LEASE_TIMING, type LeaseTiming } from './lease-state.ts';
export { leaseStore, type LeaseStore } from './lease-store.ts';
