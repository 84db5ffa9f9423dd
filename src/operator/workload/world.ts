import type { LatticeExternalService, LatticeResourceClass, LatticeService } from '../../api/index.ts';
import { type Fact, type Gone, ServiceGraph, type Settings } from '../../graph/index.ts';
import {
  aroundGraph,
  type ClusterValues,
  type GraphChange,
  type Instance,
  keptInstance,
  type KeptInstance,
  Provisions,
  renderService,
  type Rendered,
} from '../../workload/index.ts';

type Provided = Extract<Instance, { kind: 'provided' }>;

/** What is to run under one key: a declared service, or one that a class made. */
export interface Unit {
  readonly rendered: Rendered;
  readonly instance: Provided | undefined;
}

/** Everything that rendering depends on, fed by the watches. Each change returns the keys of services that may look different now. */
export interface WorkloadWorld {
  putService(value: LatticeService): ReadonlySet<string>;
  putExternal(value: LatticeExternalService): ReadonlySet<string>;
  putClass(value: LatticeResourceClass): ReadonlySet<string>;
  putFact(value: Fact): ReadonlySet<string>;
  putConfig(namespace: string, values: Readonly<Record<string, string>> | undefined): ReadonlySet<string>;
  removeService(key: string): ReadonlySet<string>;
  removeExternal(key: string): ReadonlySet<string>;
  removeClass(name: string): ReadonlySet<string>;
  removeFact(id: string): ReadonlySet<string>;
  /** Keys of everything that may run, sorted. */
  keys(): readonly string[];
  /** Undefined when nothing of this key is declared or provided. */
  unit(key: string): Unit | undefined;
  /** What classes make for a service, as it is to be remembered; sorted by name. */
  madeFor(service: string): readonly KeptInstance[];
  /** Whether somebody asks for this instance, and gets it. */
  isProvided(key: string): boolean;
}

export function openWorkloadWorld(settings: Settings, cluster: ClusterValues): WorkloadWorld {
  const provisions = new Provisions(cluster, '');
  const graph = new ServiceGraph(settings, '');
  const services = new Map<string, LatticeService>();
  const externals = new Map<string, LatticeExternalService>();
  const configs = new Map<string, Readonly<Record<string, string>>>();
  const around = aroundGraph({
    graph,
    provisions,
    cluster,
    external: (key) => externals.get(key),
    config: (namespace) => configs.get(namespace) ?? {},
  });

  /** A service, and those who name it and take values from it. */
  const withUsers = (affected: Set<string>, kind: Gone['kind'], key: string): void => {
    const { state } = graph;
    if (kind === 'LatticeExternalService') for (const user of state.externalUsers.get(key) ?? []) affected.add(user);
    if (kind !== 'LatticeService') return;
    affected.add(key);
    const slash = key.indexOf('/');
    const party = state.parties.at(key.slice(0, slash), key.slice(slash + 1));
    if (party) for (const user of state.callersNaming.get(party)) affected.add(user.key);
  };
  const noteUnits = (affected: Set<string>, ids: ReadonlySet<string>): void => {
    for (const id of ids) if (id.startsWith('service:')) affected.add(id.slice('service:'.length));
  };
  const tell = ({ put, gone, touched }: GraphChange): ReadonlySet<string> => {
    const affected = new Set(touched);
    const change = (kind: Gone['kind'], key: string, apply: () => ReadonlySet<string>): void => {
      withUsers(affected, kind, key);
      noteUnits(affected, apply());
      withUsers(affected, kind, key);
    };
    for (const each of gone) change(each.kind, each.key, () => graph.delete(each));
    for (const each of put) change(each.kind, keyOf(each), () => graph.put(each));
    return affected;
  };
  const noted = (ids: ReadonlySet<string>): ReadonlySet<string> => {
    const affected = new Set<string>();
    noteUnits(affected, ids);
    return affected;
  };
  return {
    putService(value) {
      services.set(keyOf(value), value);
      return tell(provisions.put(value));
    },
    putExternal(value) {
      externals.set(keyOf(value), value);
      return tell(provisions.put(value));
    },
    putClass: (value) => tell(provisions.putClass(value)),
    putFact: (value) => noted(graph.put(value)),
    putConfig(namespace, values) {
      if (values) configs.set(namespace, values);
      else configs.delete(namespace);
      return new Set([...services.keys()].filter((key) => key.startsWith(`${namespace}/`)));
    },
    removeService(key) {
      if (!services.delete(key)) return new Set();
      return tell(provisions.delete('LatticeService', key));
    },
    removeExternal(key) {
      if (!externals.delete(key)) return new Set();
      return tell(provisions.delete('LatticeExternalService', key));
    },
    removeClass: (name) => tell(provisions.deleteClass(name)),
    removeFact: (id) => noted(graph.delete({ kind: 'fact', id })),
    keys: () => [...new Set([...services.keys(), ...provisions.instances().map(({ key }) => key)])].sort(),
    unit(key) {
      const instance = provisions.instance(key);
      const service = services.get(key) ?? (instance?.node?.kind === 'LatticeService' ? instance.node : undefined);
      if (!service) return instance ? { rendered: { kind: 'adopts' }, instance } : undefined;
      const namespace = key.slice(0, key.indexOf('/'));
      return { rendered: renderService(service, namespace, around, instance?.secret?.name), instance };
    },
    madeFor(service) {
      const resources = services.get(service)?.spec.resources ?? {};
      const made = Object.keys(resources).flatMap((entry) => {
        const instance = provisions.instanceOf(service, entry);
        return instance?.kind === 'provided' && instance.declared ? (keptInstance(instance) ?? []) : [];
      });
      const byName = new Map(made.map((each) => [each.name, each]));
      return [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
    },
    isProvided: (key) => provisions.instance(key)?.node?.kind === 'LatticeService',
  };
}

function keyOf({ metadata }: LatticeService | LatticeExternalService): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
