// The door of the evaluators and of what is asked of them.
export type { Counterexample, DoorName } from './prove/door.ts';
export { type Claim, type Proof, prove } from './prove/prove.ts';
export type { ObjectRef, Refusal, Verdict } from './verdict.ts';
