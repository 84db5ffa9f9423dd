// The Cilium evaluator's door: what Cilium would do with any policy objects, flow by flow or rule by rule.

export type { Admission } from './admit.ts';
export type { AddressFamilies, Identity } from './identity.ts';
export type { DirectionPolicy, EnforcementMode, IdentityPolicy, Level } from './identity-policy.ts';
export type { Unmanaged } from './judge.ts';
export type { LabelIndex } from './label-index.ts';
export { type CiliumConfig, type CiliumFlow, type CiliumPolicySet, type CiliumVerdicts, loadCilium } from './load.ts';
export type { NamedPorts, PortMatch, Protocol } from './port.ts';
export { type Direction, type Proxy, type Rule, type RulePort, TIERS } from './rule.ts';
export type { Match, Selector } from './selector.ts';
