// The door of the workload room: declarations -> objects that run, and what resource classes add to the graph.
export { aroundGraph } from './around-graph.ts';
export type { GeneratedSecret, Instance } from './class/instance.ts';
export { type GraphChange, Provisions } from './class/provisions.ts';
export { workloadOwner } from './owner.ts';
export type { WorkloadObject } from './render/draft.ts';
export { type Dependency, type Rendered, renderService } from './render/render.ts';
export { DELETE_DATA } from './render/volumes.ts';
export type { ClusterValues, Surroundings } from './surroundings.ts';
