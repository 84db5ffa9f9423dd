// The door of the canary pod: a program that sends and answers datagrams, and what it says to the agent of its node. It
// imports nothing of Lattice: there are two of it on every node, and their memory is to stay small.
export { type Echo, openEcho } from './echo.ts';
export { type CanaryPodOptions, runCanaryPod } from './pod.ts';
export { type Errand, MAX_LINE, type Order, type Outcome, outcomeOf } from './wire.ts';
