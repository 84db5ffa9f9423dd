// The Cilium evaluator's door: what Cilium would do with any policy objects, flow by flow or rule by rule.

export type { Admission } from './admit.ts';
export type { Identity } from './identity.ts';
export type { Unmanaged } from './judge.ts';
export { type CiliumConfig, type CiliumPolicySet, loadCilium } from './load.ts';
export type { NamedPorts, Protocol } from './port.ts';
export type { Direction, Rule } from './rule.ts';
export type { Selector } from './selector.ts';
