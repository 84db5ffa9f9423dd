// The door of the workload room: declarations -> objects that run, and what resource classes add to the graph.
export { aroundGraph } from './around-graph.ts';
export type { GeneratedSecret, Instance } from './class/instance.ts';
export { keptInstance, type KeptInstance, readKept, statusWithKept } from './class/kept.ts';
export { isCaller } from './class/provide.ts';
export { type GraphChange, Provisions } from './class/provisions.ts';
export { workloadOwner } from './owner.ts';
export type { WorkloadObject } from './render/draft.ts';
export { type Dependency, type Rendered, renderService } from './render/render.ts';
export { DELETE_DATA } from './name.ts';
export type { ClusterValues, Surroundings } from './surroundings.ts';
