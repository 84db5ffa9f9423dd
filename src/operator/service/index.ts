export { serviceController, type ServiceControllerOptions } from './controller.ts';
