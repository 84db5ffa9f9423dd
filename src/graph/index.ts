// The door of the service graph.
export { between, type Between, type Edge, edgesOf, type EnforcedAt, type Missing } from './edges.ts';
export { exemptionsOf, DEFAULT_CONFIG } from './exemptions.ts';
export { type Fact, factId, factOf, podTemplateOf } from './facts.ts';
export { type Barred, barredReason } from './barred.ts';
export { findingsOf, findingsOfExternal, findingsOfService } from './findings.ts';
export { missingHalf } from './missing-half.ts';
export { type Gone, type Input, ServiceGraph } from './graph.ts';
export { byText, keyOf, splitKey } from './key.ts';
export * from './model.ts';
export { meshModeOf } from './workload.ts';
export type { ConfiguredPeer, Exemptions, Resolver, Settings } from './settings.ts';
export { isUnguarded, type Unguarded, unguardedCallers } from './shadow-waypoint.ts';
export { aroundService, podsWith } from './state.ts';
