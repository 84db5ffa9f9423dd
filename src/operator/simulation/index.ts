export { podSimulation, type PodSimulationOptions } from './controller.ts';
