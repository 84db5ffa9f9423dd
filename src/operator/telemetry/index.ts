// What the operator says of itself: log, metrics, health, profile.
export { createLog, type LogOptions } from './log.ts';
export { type Address, startTelemetry, type Telemetry } from './telemetry.ts';
