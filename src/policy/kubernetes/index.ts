// The door of NetworkPolicy's compiler.
export { UnacceptableNetworkPolicyError } from './checks.ts';
export { kubernetes } from './engine.ts';
