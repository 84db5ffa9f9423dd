import type { Controller } from './context.ts';
import { serviceController } from './service/index.ts';
import { workloadController } from './workload/index.ts';

/** Every controller that `--controllers` can name. */
export const CONTROLLERS = {
  service: () => serviceController(),
  workload: () => workloadController(),
} as const satisfies Readonly<Record<string, () => Controller>>;

export type ControllerName = keyof typeof CONTROLLERS;

export function isControllerName(name: string): name is ControllerName {
  return Object.hasOwn(CONTROLLERS, name);
}
