import type { Missing } from './edges.ts';
import { splitKey } from './key.ts';

/** The YAML of the half that is missing, and the object that it goes into. */
export function missingHalf(missing: Missing, caller: string, callee: string): string | undefined {
  const from = splitKey(caller);
  const to = splitKey(callee);
  const entry = (name: string, direction: string, peer: { namespace: string; name: string }, home: string) =>
    `${name}: {direction: ${direction}, id: ${peer.name}${peer.namespace === home ? '' : `, namespace: ${peer.namespace}`}}`;
  if (missing === 'outbound') {
    return `in LatticeService ${caller}, under spec.resources, write "${entry(to.name, 'outbound', to, from.namespace)}"`;
  }
  if (missing === 'inbound') {
    return `in LatticeService ${callee}, under spec.resources, write "${entry(`${from.name}-caller`, 'inbound', from, to.namespace)}"`;
  }
  return undefined;
}
