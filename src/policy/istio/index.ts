// The door of the Istio compiler.
export { istio } from './engine.ts';
