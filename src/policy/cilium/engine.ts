import { NOTHING } from '../draft.ts';
import type { Engine } from '../engine.ts';
import { openOwnerBook } from '../name.ts';
import type { CompileOptions } from '../options.ts';
import { compileEgressWaypoint } from './compile-egress-waypoint.ts';
import { compileNamespace } from './compile-namespace.ts';
import { compileService } from './compile-service.ts';
import { type Context, openContext } from './context.ts';

/**
 * Cilium's compiler: CiliumNetworkPolicies. Units compiled with the same options object share the selectors of their
 * peers; the results are the same without that, only larger in memory.
 */
export function cilium(ownerOfService = openOwnerBook()): Engine {
  const contexts = new WeakMap<CompileOptions, Context>();
  const contextOf = (options: CompileOptions): Context => {
    const known = contexts.get(options);
    if (known) return known;
    const context = openContext(options, ownerOfService);
    contexts.set(options, context);
    return context;
  };
  return {
    name: 'cilium',
    service: (view, options) => compileService(view, contextOf(options)),
    namespace: (view, options) => compileNamespace(view, contextOf(options)),
    host: () => NOTHING,
    egressWaypoint: (view, options) => compileEgressWaypoint(view, contextOf(options)),
  };
}
