import type { Controller } from './context.ts';
import { type EnforcerFlag, peeringController } from './peering/index.ts';
import { type EngineNamespaces, serviceController } from './service/index.ts';
import { workloadController } from './workload/index.ts';

/** What controllers are told beside what all of them share. */
export interface ControllerFlags {
  readonly enforcer?: EnforcerFlag;
  /** Where the engines' configuration is. */
  readonly engineNamespaces?: EngineNamespaces;
}

/** Every controller that `--controllers` can name. */
export const CONTROLLERS = {
  service: ({ engineNamespaces } = {}) => serviceController(engineNamespaces ? { engineNamespaces } : {}),
  workload: () => workloadController(),
  peering: ({ enforcer } = {}) => peeringController(enforcer === undefined ? {} : { enforcer }),
} as const satisfies Readonly<Record<string, (flags?: ControllerFlags) => Controller>>;

/** Peerings are for clusters with Liqo, and read its objects: they are asked for by name. */
export const DEFAULT_CONTROLLERS: readonly ControllerName[] = ['service', 'workload'];

export type ControllerName = keyof typeof CONTROLLERS;

/** Whether `--controllers` may name it. */
export function isControllerName(name: string): name is ControllerName {
  return Object.hasOwn(CONTROLLERS, name);
}
