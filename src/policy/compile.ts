import type { Finding } from '../api/index.ts';
import { byText, type ServiceGraph, type ServiceView, type UnitKey } from '../graph/index.ts';
import { type Compiled, type Draft, NOTHING } from './draft.ts';
import type { Engine } from './engine.ts';
import type { CompileOptions } from './options.ts';

/** Compiles one unit for every engine. A unit without output (gone, shadow, barred, unmanaged) gives no drafts. */
export function compileUnit(
  graph: ServiceGraph,
  unit: UnitKey,
  engines: readonly Engine[],
  options: CompileOptions,
): Compiled {
  const results = compileWith(graph, unit, engines, options);
  const [only = NOTHING] = results;
  if (results.length <= 1) return only;
  return {
    drafts: results.flatMap((result) => result.drafts),
    findings: results.flatMap((result) => result.findings),
  };
}

/** Compiles every unit. Drafts are sorted by kind, namespace and name, so that equal input gives equal bytes. */
export function compileAll(graph: ServiceGraph, engines: readonly Engine[], options: CompileOptions): Compiled {
  const drafts: Draft[] = [];
  const findings: Finding[] = [];
  for (const unit of graph.units()) {
    const compiled = compileUnit(graph, unit, engines, options);
    drafts.push(...compiled.drafts);
    findings.push(...compiled.findings);
  }
  return { drafts: sorted(drafts), findings };
}

function compileWith(
  graph: ServiceGraph,
  unit: UnitKey,
  engines: readonly Engine[],
  options: CompileOptions,
): readonly Compiled[] {
  switch (unit.kind) {
    case 'service': {
      const view = graph.service(`${unit.namespace}/${unit.name}`);
      if (!view) return [];
      const compiled = engines.map((engine) => engine.service(view, options));
      return options.engines.includes('istio') || !isEnforcedInMesh(view)
        ? compiled
        : [...compiled, meshDoorMissing(view)];
    }
    case 'namespace': {
      const view = graph.namespace(unit.namespace);
      return engines.map((engine) => engine.namespace(view, options));
    }
    case 'host': {
      const view = graph.host(unit.host);
      return view ? engines.map((engine) => engine.host(view, options)) : [];
    }
    case 'egress-waypoint': {
      const view = graph.egressWaypoint();
      return view ? engines.map((engine) => engine.egressWaypoint(view, options)) : [];
    }
  }
}

function isEnforcedInMesh({ self }: ServiceView): boolean {
  return self.mesh === 'ambient' && self.mode === 'enforce' && self.barred === undefined;
}

/** A CNI sees tunnels between meshed pods, so that ports, and callers behind a waypoint, are nobody's to tell (X2, X3). */
function meshDoorMissing({ self }: ServiceView): Compiled {
  const finding: Finding = {
    code: 'MeshDoorMissing',
    severity: 'warning',
    message:
      'its pods are in an ambient mesh, but istio is not among the engines: between meshed pods only the pair is enforced, not the port',
    object: { kind: 'LatticeService', namespace: self.namespace, name: self.name },
    path: ['spec'],
    fix: 'add istio to --engine',
  };
  return { drafts: [], findings: [finding] };
}

function sorted(drafts: readonly Draft[]): readonly Draft[] {
  return drafts
    .map((draft) => {
      const { kind, metadata } = draft.object;
      return [`${kind}\n${metadata.namespace ?? ''}\n${metadata.name}`, draft] as const;
    })
    .sort(([a], [b]) => byText(a, b))
    .map(([, draft]) => draft);
}
