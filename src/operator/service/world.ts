import {
  aroundService,
  factId,
  type Gone,
  type Input,
  ServiceGraph,
  type Settings,
  unitId,
  type UnitKey,
} from '../../graph/index.ts';
import { serviceUnit } from './dispatch.ts';
import type { LatticeExternalService, LatticeResourceClass, LatticeService } from '../../api/index.ts';
import { type ClusterValues, type GraphChange, Provisions } from '../../workload/index.ts';
import { type Compiled, type CompileOptions, compileUnit, enginesFor, ownerOf } from '../../policy/index.ts';

/** Who has to be looked at again after a change. Owners name units in labels of objects and in the queue. */
export interface Affected {
  /** Owners of units whose objects may differ now, sorted. */
  readonly owners: readonly string[];
  /** Owners of services, and keys of external services, of which only what is said about them may differ. */
  readonly told: { readonly owners: readonly string[]; readonly externals: readonly string[] };
}

/** The graph and its compilers, fed by the watches. */
export interface World {
  /** Before `build` inputs are only collected, and nothing is affected. */
  put(input: Input): Affected;
  remove(gone: Gone): Affected;
  /** A resource class: what services ask of it becomes nodes of the graph. */
  putClass(value: LatticeResourceClass): Affected;
  removeClass(name: string): Affected;
  /** Makes the graph of what was collected. Once. */
  build(): void;
  readonly graph: () => ServiceGraph;
  /** Owners of all units that may have objects. */
  owners(): readonly string[];
  externals(): readonly string[];
  ownerOf(unit: UnitKey): string;
  /** Undefined for an owner that no unit of this process ever had: something left by an earlier one. */
  unitOf(owner: string): UnitKey | undefined;
  compile(unit: UnitKey): Compiled;
  /** Whether default deny extends to all pods of the namespace. */
  isManaged(namespace: string): boolean;
}

export function openWorld(settings: Settings, options: CompileOptions, cluster: ClusterValues): World {
  const provisions = new Provisions(cluster, '');
  // Both are kept: the compilers remember what units have in common by the identity of these.
  const engines = enginesFor(options);
  const units = new Map<string, UnitKey>();
  const owners = new Map<string, string>();
  let collected = new Map<string, Input>();
  let built: ServiceGraph | undefined;

  const graph = (): ServiceGraph => {
    if (!built) throw new Error('the graph is asked before all caches have synced');
    return built;
  };
  const ownerOfUnit = (unit: UnitKey): string => {
    const id = unitId(unit);
    const known = owners.get(id);
    if (known !== undefined) return known;
    const owner = ownerOf(unit).base;
    owners.set(id, owner);
    units.set(owner, unit);
    return owner;
  };
  /** Services and external services that say something of this one, or of which it says something. */
  const neighbours = (kind: Gone['kind'], key: string): Affected['told'] => {
    const { state } = graph();
    const service = kind === 'LatticeService' ? state.services.get(key) : undefined;
    const services =
      kind === 'LatticeService'
        ? aroundService(state, key)
        : kind === 'LatticeExternalService'
          ? [...state.externalUsers.get(key)]
          : [];
    return {
      owners: [...new Set(services)]
        .filter((each) => state.services.has(each))
        .map((each) => ownerOfUnit(serviceUnit(each))),
      externals:
        kind === 'LatticeExternalService'
          ? [key]
          : [...(service?.egress.keys() ?? []), ...(service?.ingress.keys() ?? [])],
    };
  };
  const change = (kind: Gone['kind'], key: string, apply: () => ReadonlySet<string>): Affected => {
    const before = neighbours(kind, key);
    const affected = new Set([...apply()].map((id) => ownerOfUnit(unitOfId(id))));
    const after = neighbours(kind, key);
    const told = new Set([...before.owners, ...after.owners]);
    return {
      owners: [...affected].sort(),
      told: {
        owners: [...told].filter((owner) => !affected.has(owner)).sort(),
        externals: [...new Set([...before.externals, ...after.externals])].sort(),
      },
    };
  };
  /** What a declaration or class means for the graph, once classes have had their say. */
  const tell = ({ put, gone }: GraphChange): Affected =>
    united([
      ...gone.map((each) => change(each.kind, each.key, () => graph().delete(each))),
      ...put.map((each) => change(each.kind, nameOf(each).key, () => graph().put(each))),
    ]);
  return {
    put(input) {
      const { kind, key } = nameOf(input);
      if (built) return isNode(input) ? tell(provisions.put(input)) : change(kind, key, () => graph().put(input));
      collected.set(`${kind} ${key}`, input);
      return NOBODY;
    },
    remove(gone) {
      const key = gone.kind === 'fact' ? gone.id : gone.key;
      if (built) {
        if (gone.kind === 'fact') return change(gone.kind, key, () => graph().delete(gone));
        return tell(provisions.delete(gone.kind, gone.key));
      }
      collected.delete(`${gone.kind} ${key}`);
      return NOBODY;
    },
    putClass(value) {
      const made = provisions.putClass(value);
      return built ? tell(made) : NOBODY;
    },
    removeClass(name) {
      const made = provisions.deleteClass(name);
      return built ? tell(made) : NOBODY;
    },
    build() {
      const inputs = new Map<string, Input>();
      const note = ({ put, gone }: GraphChange): void => {
        for (const each of gone) inputs.delete(`${each.kind} ${each.key}`);
        for (const each of put) inputs.set(`${each.kind} ${nameOf(each).key}`, each);
      };
      for (const [id, input] of collected) {
        if (isNode(input)) note(provisions.put(input));
        else inputs.set(id, input);
      }
      built = ServiceGraph.of(inputs.values(), settings);
      collected = new Map();
    },
    graph,
    owners: () => graph().units().map(ownerOfUnit),
    externals: () => [...graph().state.externals.keys()].sort(),
    ownerOf: ownerOfUnit,
    unitOf: (owner) => units.get(owner),
    compile: (unit) => compileUnit(graph(), unit, engines, options),
    isManaged: (namespace) => graph().state.namespaces.get(namespace)?.managed === true,
  };
}

const NOBODY: Affected = { owners: [], told: { owners: [], externals: [] } };

function isNode(input: Input): input is LatticeService | LatticeExternalService {
  return input.kind === 'LatticeService' || input.kind === 'LatticeExternalService';
}

function united(all: readonly Affected[]): Affected {
  const [only] = all;
  if (only && all.length === 1) return only;
  const owners = new Set(all.flatMap((each) => each.owners));
  return {
    owners: [...owners].sort(),
    told: {
      owners: [...new Set(all.flatMap(({ told }) => told.owners))].filter((owner) => !owners.has(owner)).sort(),
      externals: [...new Set(all.flatMap(({ told }) => told.externals))].sort(),
    },
  };
}

function nameOf(input: Input): { readonly kind: Gone['kind']; readonly key: string } {
  if (input.kind !== 'LatticeService' && input.kind !== 'LatticeExternalService')
    return { kind: 'fact', key: factId(input) };
  return { kind: input.kind, key: `${input.metadata.namespace ?? ''}/${input.metadata.name}` };
}

/** The inverse of unitId. */
function unitOfId(id: string): UnitKey {
  if (id === 'egress-waypoint') return { kind: 'egress-waypoint' };
  const colon = id.indexOf(':');
  const rest = id.slice(colon + 1);
  switch (id.slice(0, colon)) {
    case 'service':
      return serviceUnit(rest);
    case 'namespace':
      return { kind: 'namespace', namespace: rest };
    case 'host':
      return { kind: 'host', host: rest };
    default:
      throw new Error(`no unit has the id ${id}`);
  }
}
