// The door of the peerings: what of a cluster they depend on, the firewall program that they come to, and its enforcers.
export * from './fabric/index.ts';
export * from './liqo/index.ts';
export * from './program/index.ts';
export { clusterIdOf, tenantNamespaceOf } from './tenant.ts';
export * from './topology/index.ts';
