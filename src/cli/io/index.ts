// The door of input and output: files to objects, objects and findings to text.
export { type Loaded, readObjects } from './objects.ts';
export { isClusterScoped, type LoadedObject, type TextSource, titleOf } from './object.ts';
export type { Place, Places } from './places.ts';
export { readInput } from './read.ts';
