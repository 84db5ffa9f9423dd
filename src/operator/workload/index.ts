export { workloadController, type WorkloadControllerOptions } from './controller.ts';
