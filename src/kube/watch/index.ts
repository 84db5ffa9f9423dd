export { allBut, only, type FieldPath, type Mask } from './mask.ts';
export { fieldsProjection, type Projection } from './projection.ts';
export type { Change, Store } from './store.ts';
export { createWatch, type Watch, type WatchOptions, type WatchTiming } from './watch.ts';
export type { WatchState } from './watch-state.ts';
