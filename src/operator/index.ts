// The door of the operator: controllers that keep a cluster as it is declared.
export * from './context.ts';
export {
  type LeaderElection,
  type Operator,
  type OperatorOptions,
  type OperatorState,
  startOperator,
} from './operator.ts';
export { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts';
export { type Address, createLog } from './telemetry/index.ts';
export { ENGINE_NAMESPACES } from './service/index.ts';
export { workloadController } from './workload/index.ts';
export { podSimulation } from './simulation/index.ts';
export {
  CONTROLLERS,
  type ControllerFlags,
  type ControllerName,
  DEFAULT_CONTROLLERS,
  isControllerName,
} from './controllers.ts';
