export { createApplier, type Applier, type ApplierOptions, type Desired, type Result, type Step } from './apply.ts';
export type { Refusal } from './decide.ts';
export { createOwnedWatch, type OwnedWatchOptions } from './owned-watch.ts';
export { idOf, observedProjection, type Observed } from './observed.ts';
export { ownedPart } from './owned.ts';
