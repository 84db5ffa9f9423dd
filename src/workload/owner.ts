import { labelOf } from './name.ts';

/** The value of the label that names the service (`namespace/name`) whose workload an object belongs to. */
export function workloadOwner(key: string): string {
  return labelOf(key.replace('/', '.'));
}
