// The door of Cilium's compiler.
export { UnacceptablePolicyError } from './checks.ts';
export { cilium } from './engine.ts';
