// The door of input and output: files to objects, objects and findings to text.
export { decode } from './bytes.ts';
export { formatFindings } from './findings-out.ts';
export { readDocument } from './document.ts';
export { type Loaded, readObjects } from './objects.ts';
export { isClusterScoped, type LoadedObject, type TextSource, titleOf } from './object.ts';
export { type ObjectFormat, writeObjects } from './objects-out.ts';
export { expandPaths, type FileToRead } from './paths.ts';
export type { Place, Places } from './places.ts';
export { readInput } from './read.ts';
export { type Answer, toResult } from './result.ts';
export { type Slice, splitDocuments } from './split.ts';
export { toTable } from './table.ts';
export { toYaml } from './yaml.ts';
