/** The embedded Kubernetes control plane: an API server in memory, for laptops, tests and simulated fleets. */
export type { Fault, Faults, Match } from './faults/faults.ts';
export { createFaults } from './faults/faults.ts';
export type { Clock } from './plane.ts';
export type { ApiRequest, ApiResponse, Sink } from './server/message.ts';
export {
  BeyondLoopbackError,
  type ControlPlane,
  type ControlPlaneOptions,
  DefinitionRefusedError,
  startControlPlane,
} from './start.ts';
