import { closest } from '../api/index.ts';
import { keyOf, splitKey } from './key.ts';
import type { GraphState } from './state.ts';

/** What to write where a service that is not declared is named. */
export function suggestion(state: GraphState, key: string): string {
  const { namespace, name } = splitKey(key);
  if (state.externals.has(key)) return 'it is an external service: write "type: external_service"';
  const near = closest(
    name,
    [...state.members.get(namespace)].map((each) => splitKey(each).name),
  );
  if (near !== undefined) return `did you mean "${near}"?`;
  const elsewhere = [...state.members.keys()].find((other) => state.services.has(keyOf(other, name)));
  return elsewhere !== undefined
    ? `there is one in namespace "${elsewhere}": write "namespace: ${elsewhere}"`
    : `declare LatticeService ${key}`;
}
