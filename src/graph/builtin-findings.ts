import type { ServiceDeclaration } from './declare-service.ts';
import { entryPath, type Report } from './report.ts';
import type { GraphState } from './state.ts';

/** Built-in peers that a service names and the configuration does not allow. */
export function builtinFindings(state: GraphState, service: ServiceDeclaration, own: Report): void {
  const known = [...state.settings.exemptions.peers.keys()];
  for (const [direction, halves] of [
    ['outbound', service.builtinOutbound],
    ['inbound', service.builtinInbound],
  ] as const) {
    for (const name of halves.keys()) {
      const path = entryPath(service, direction, 'builtin', name);
      const configured = state.settings.exemptions.peers.get(name);
      if (!configured) {
        own.add(
          'UnknownBuiltin',
          'warning',
          `no built-in peer "${name}" is configured`,
          path,
          `built-in peers: ${known.join(', ')}`,
        );
      } else if (direction === 'outbound' ? configured.outbound.length === 0 : configured.inbound === 'none') {
        own.add(
          'BuiltinDirection',
          'warning',
          `the configuration does not allow "${name}" ${direction}`,
          path,
          'see "lattice config"',
        );
      }
    }
  }
}
