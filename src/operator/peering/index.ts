export { type EnforcerFlag } from './choose.ts';
export { peeringController, type PeeringControllerOptions } from './controller.ts';
