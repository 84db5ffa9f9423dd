// The door of the peerings: what of a cluster they depend on, the firewall program that they come to, and its enforcers.
export { type Actor, actorsOf } from './actors.ts';
export { type Compiled, compilePeerings, type Peerings } from './cluster.ts';
export * from './fabric/index.ts';
export { compileFindings, lintPeerings, ruleText } from './lint.ts';
export * from './liqo/index.ts';
export * from './program/index.ts';
export { clusterIdOf, tenantNamespaceOf } from './tenant.ts';
export * from './topology/index.ts';
