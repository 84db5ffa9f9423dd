// The door of Cilium's compiler.
export { cilium } from './engine.ts';
