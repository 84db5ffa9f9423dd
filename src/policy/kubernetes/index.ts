// The door of NetworkPolicy's compiler.
export { kubernetes } from './engine.ts';
