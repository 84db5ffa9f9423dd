import { NOTHING } from '../draft.ts';
import type { Engine } from '../engine.ts';
import { openOwnerBook } from '../name.ts';
import { compileEgressWaypoint } from './egress-waypoint.ts';
import { compileHost } from './host.ts';
import { principalBooks } from './principal.ts';
import { compileService } from './service.ts';

/** The compiler for Istio's ambient mesh. An instance remembers the principals of the workloads that it has seen. */
export function istio(ownerOfService = openOwnerBook()): Engine {
  const bookOf = principalBooks();
  return {
    name: 'istio',
    service: (view, options) =>
      compileService(view, options, { principalsOf: bookOf(options.trustDomain), ownerOfService }),
    // A policy for a whole namespace would take in what nobody declared, and its grants would unite with every
    // service's own (I2): default deny is per declared workload.
    namespace: () => NOTHING,
    host: (view, options) => compileHost(view, options, bookOf(options.trustDomain)),
    egressWaypoint: (view) => compileEgressWaypoint(view),
  };
}
