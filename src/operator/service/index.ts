export { serviceController, type ServiceControllerOptions } from './controller.ts';
export { ENGINE_NAMESPACES, type EngineNamespaces } from './engine-config.ts';
