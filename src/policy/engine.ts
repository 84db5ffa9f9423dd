import type { EgressWaypointView, HostView, NamespaceView, ServiceView } from '../graph/index.ts';
import type { Compiled } from './draft.ts';
import type { CompileOptions, EngineName } from './options.ts';

/** One engine's compiler: pure functions of a node and its direct neighbours. No caller asks which engine it is. */
export interface Engine {
  readonly name: EngineName;
  readonly service: (view: ServiceView, options: CompileOptions) => Compiled;
  readonly namespace: (view: NamespaceView, options: CompileOptions) => Compiled;
  readonly host: (view: HostView, options: CompileOptions) => Compiled;
  readonly egressWaypoint: (view: EgressWaypointView, options: CompileOptions) => Compiled;
}
