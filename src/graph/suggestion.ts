import { closest } from '../api/index.ts';
import { keyOf, splitKey } from './key.ts';
import type { GraphState } from './state.ts';

/** What to write where a service that is not declared is named. */
export function suggestion(state: GraphState, key: string): string {
  const { namespace, name } = splitKey(key);
  if (state.externals.has(key)) return 'it is an external service: write "type: external_service"';
  const near = nearest(state, namespace, name);
  if (near !== undefined) return `did you mean "${near}"?`;
  const elsewhere = [...state.members.keys()].find((other) => state.services.has(keyOf(other, name)));
  return elsewhere !== undefined
    ? `there is one in namespace "${elsewhere}": write "namespace: ${elsewhere}"`
    : `declare LatticeService ${key}`;
}

/** Each unknown name is compared with all of its namespace: in a crowd a guess would cost more than it helps. */
const CROWD = 1000;

function nearest(state: GraphState, namespace: string, name: string): string | undefined {
  if (state.members.count(namespace) > CROWD) return undefined;
  return closest(
    name,
    Array.from(state.members.get(namespace), (each) => splitKey(each).name),
  );
}
