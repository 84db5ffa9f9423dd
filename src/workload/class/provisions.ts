import { isDeepStrictEqual } from 'node:util';
import type { Finding, LatticeExternalService, LatticeResourceClass, LatticeService } from '../../api/index.ts';
import { labelOf } from '../name.ts';
import { entriesOf, entryKind } from '../resource/entry.ts';
import type { ClusterValues } from '../surroundings.ts';
import type { Instance } from './instance.ts';
import { keptNodes } from './kept.ts';
import { provide } from './provide.ts';
import { aboutClaim, aboutClass, type Claim } from './report.ts';

type Node = LatticeService | LatticeExternalService;

/** What the graph must hear: inputs to put, and keys of inputs that are gone. */
export interface GraphChange {
  readonly put: readonly Node[];
  readonly gone: readonly { readonly kind: Node['kind']; readonly key: string }[];
  /** Services whose resources may have other values now, though the graph may see no change. */
  readonly touched: ReadonlySet<string>;
}

/**
 * Turns what services ask of resource classes into ordinary inputs of the graph: each instance becomes a LatticeService or
 * LatticeExternalService that accepts its users, and the asking entries name it. An incremental index: a change costs
 * the instances that it touches.
 */
export class Provisions {
  /** As declared, namespace filled in; filled by {@link put}. */
  readonly #services = new Map<string, LatticeService>();
  readonly #externals = new Set<string>();
  /** By `type class`; several are a mistake, and then none counts. */
  readonly #classes = new Map<string, Map<string, LatticeResourceClass>>();
  /** By service. */
  readonly #claims = new Map<string, readonly Claim[]>();
  /** By instance: its claims, by `service entry`. */
  readonly #claimants = new Map<string, Map<string, Claim>>();
  /** By `type class`: instances that ask for it. */
  readonly #asking = new Map<string, Set<string>>();
  readonly #instances = new Map<string, Instance>();
  /** By service: what its status says was made for it. */
  readonly #remembered = new Map<string, readonly LatticeService[]>();
  /** By instance and service: the same. */
  readonly #kept = new Map<string, Map<string, LatticeService>>();
  /** By instance: nodes of what nobody asks for any more, and which may still have pods. They accept nobody new. */
  readonly #left = new Map<string, LatticeService>();
  readonly #findings = new Map<string, readonly Finding[]>();
  readonly #cluster: ClusterValues;
  readonly #defaultNamespace: string;

  constructor(cluster: ClusterValues, defaultNamespace = 'default') {
    this.#cluster = cluster;
    this.#defaultNamespace = defaultNamespace;
  }

  /** Adds or replaces a declaration. */
  put(node: Node): GraphChange {
    const key = this.#keyOf(node);
    if (node.kind === 'LatticeExternalService') {
      const known = this.#externals.has(key);
      this.#externals.add(key);
      return this.#recompute(known ? [] : [key], [], [node]);
    }
    const changed = [
      ...(this.#services.has(key) ? [] : [key]),
      ...this.#remember(key, keptNodes(node, namespaceOf(key))),
    ];
    this.#services.set(key, node);
    const before = this.#claims.get(key) ?? [];
    const after = this.#claimsOf(key, node);
    if (isDeepStrictEqual(before, after)) return this.#recompute(changed, [key]);
    this.#unclaim(before);
    this.#claims.set(key, after);
    for (const claim of after) {
      setIn(this.#claimants, claim.instance, `${claim.service} ${claim.entry}`, claim);
      this.#askingFor(claim).add(claim.instance);
    }
    return this.#recompute([key, ...changed, ...[...before, ...after].map(({ instance }) => instance)], [key]);
  }

  /** Takes a declaration out. */
  delete(kind: Node['kind'], key: string): GraphChange {
    const change = (instances: readonly string[]): GraphChange => {
      const rest = this.#recompute(instances, []);
      // A generated node may take the name that has become free.
      const replaced = rest.put.some((node) => node.kind === kind && this.#keyOf(node) === key);
      return replaced ? rest : { ...rest, gone: [...rest.gone, { kind, key }] };
    };
    if (kind === 'LatticeExternalService') {
      this.#externals.delete(key);
      return change([key]);
    }
    const before = this.#claims.get(key) ?? [];
    this.#services.delete(key);
    this.#unclaim(before);
    this.#claims.delete(key);
    return change([key, ...this.#remember(key, []), ...before.map(({ instance }) => instance)]);
  }

  putClass(declared: LatticeResourceClass): GraphChange {
    const before = this.#withoutClass(declared.metadata.name);
    const id = classId(declared.spec.type, declared.spec.class);
    setIn(this.#classes, id, declared.metadata.name, declared);
    return this.#recompute([...before, ...(this.#asking.get(id) ?? [])], []);
  }

  deleteClass(name: string): GraphChange {
    return this.#recompute(this.#withoutClass(name), []);
  }

  /** What an entry of a service's resources got; undefined when it asks for no class or none is there. */
  instanceOf(service: string, entry: string): Instance | undefined {
    const claim = this.#claims.get(service)?.find((each) => each.entry === entry);
    if (!claim) return undefined;
    const instance = this.#instances.get(claim.instance);
    return instance?.kind === 'provided' && this.#accepted(claim) ? instance : undefined;
  }

  /** Every instance that is provided, sorted by key. */
  instances(): readonly Extract<Instance, { kind: 'provided' }>[] {
    return [...this.#instances.keys()].sort().flatMap((key) => this.instance(key) ?? []);
  }

  instance(key: string): Extract<Instance, { kind: 'provided' }> | undefined {
    const instance = this.#instances.get(key);
    return instance?.kind === 'provided' ? instance : undefined;
  }

  /** Who asks for an instance, whether or not it is provided; sorted. */
  claimsOn(key: string): readonly Claim[] {
    return [...(this.#claimants.get(key) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, claim]) => claim);
  }

  /** Keys of all instances that somebody asks for, whether or not they are provided; sorted. */
  asked(): readonly string[] {
    return [...this.#claimants.keys()].sort();
  }

  /** What is wrong with classes and with how services ask for them; each once, in order of the instances. */
  findings(): readonly Finding[] {
    const seen = new Set<string>();
    const twice = [...this.#classes.values()]
      .filter((same) => same.size > 1)
      .flatMap((same) => [...same.values()])
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const all = [
      ...twice.map((each) =>
        aboutClass(each, 'ResourceClassTwice', 'another class has the same type and class: none of them counts', [
          'spec',
        ]),
      ),
      ...[...this.#findings.keys()].sort().flatMap((key) => this.#findings.get(key) ?? []),
    ];
    return all.filter((finding) => {
      const id = JSON.stringify(finding);
      return seen.has(id) ? false : (seen.add(id), true);
    });
  }

  #keyOf({ metadata }: Node): string {
    return `${metadata.namespace ?? this.#defaultNamespace}/${metadata.name}`;
  }

  #claimsOf(service: string, node: LatticeService): readonly Claim[] {
    const namespace = namespaceOf(service);
    return entriesOf(node)
      .filter(([, resource]) => entryKind(resource) === 'class')
      .map(([entry, resource]) => ({
        service,
        entry,
        type: resource.type ?? '',
        class: resource.class ?? 'default',
        instance: `${namespace}/${resource.id ?? labelOf(`${node.metadata.name}-${entry}`)}`,
        shared: resource.id !== undefined,
        params: resource.params ?? {},
      }));
  }

  /** Replaces what a service's status remembers; answers whom that concerns. */
  #remember(service: string, nodes: readonly LatticeService[]): readonly string[] {
    const before = this.#remembered.get(service) ?? [];
    if (isDeepStrictEqual(before, nodes)) return [];
    for (const each of before) {
      const sources = this.#kept.get(this.#keyOf(each));
      sources?.delete(service);
      if (sources?.size === 0) this.#kept.delete(this.#keyOf(each));
    }
    if (nodes.length > 0) this.#remembered.set(service, nodes);
    else this.#remembered.delete(service);
    for (const each of nodes) setIn(this.#kept, this.#keyOf(each), service, each);
    return [...before, ...nodes].map((each) => this.#keyOf(each));
  }

  #askingFor(claim: Claim): Set<string> {
    const id = classId(claim.type, claim.class);
    const asking = this.#asking.get(id) ?? new Set();
    this.#asking.set(id, asking);
    return asking;
  }

  #unclaim(claims: readonly Claim[]): void {
    for (const { instance, service, entry, type, class: name } of claims) {
      const claimants = this.#claimants.get(instance);
      claimants?.delete(`${service} ${entry}`);
      if (claimants?.size === 0) this.#claimants.delete(instance);
      const id = classId(type, name);
      const still = [...(claimants?.values() ?? [])].some((each) => classId(each.type, each.class) === id);
      if (still) continue;
      const asking = this.#asking.get(id);
      asking?.delete(instance);
      if (asking?.size === 0) this.#asking.delete(id);
    }
  }

  #withoutClass(name: string): readonly string[] {
    for (const [id, same] of this.#classes) {
      if (!same.delete(name)) continue;
      if (same.size === 0) this.#classes.delete(id);
      return [...(this.#asking.get(id) ?? [])];
    }
    return [];
  }

  #recompute(instances: readonly string[], services: readonly string[], also: readonly Node[] = []): GraphChange {
    const put: Node[] = [...also];
    const gone: { kind: Node['kind']; key: string }[] = [];
    const touched = new Set(services);
    for (const key of new Set(instances)) {
      const before = this.#instances.get(key);
      const after = this.#decide(key);
      const old = generatedNodes(before, this.#left.get(key));
      const left = this.#leftOver(key, after);
      const made = generatedNodes(after, left);
      if (after) this.#instances.set(key, after);
      else this.#instances.delete(key);
      if (left) this.#left.set(key, left);
      else this.#left.delete(key);
      if (!isDeepStrictEqual(before, after))
        for (const { service } of this.#claimants.get(key)?.values() ?? []) touched.add(service);
      put.push(...made.filter((node) => !old.some((each) => isDeepStrictEqual(each, node))).map(withoutVolumes));
      const ended = old.filter(({ kind }) => !made.some((node) => node.kind === kind) && !this.#isDeclared(kind, key));
      gone.push(...ended.map(({ kind }) => ({ kind, key })));
    }
    for (const service of touched) {
      const declared = this.#services.get(service);
      if (declared) put.push(this.#rewritten(service, declared));
    }
    return { put, gone, touched };
  }

  /** Of an instance that is gone, what still closes its pods; undefined when something else does, or nothing is known. */
  #leftOver(key: string, instance: Instance | undefined): LatticeService | undefined {
    if (this.#isDeclared('LatticeService', key)) return undefined;
    if (instance?.kind === 'provided' && instance.node?.kind === 'LatticeService') return undefined;
    return [...(this.#kept.get(key) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];
  }

  #isDeclared(kind: Node['kind'], key: string): boolean {
    return kind === 'LatticeService' ? this.#services.has(key) : this.#externals.has(key);
  }

  /** What the instance is now; undefined when nobody asks for it. */
  #decide(key: string): Instance | undefined {
    this.#findings.delete(key);
    const claims = this.claimsOn(key);
    const [first] = claims;
    if (!first) return undefined;
    const findings = claims.slice(1).flatMap((claim) => conflict(first, claim) ?? []);
    const instance = this.#provided(key, first, claims);
    const own = instance.kind === 'none' ? instance.findings : [];
    if (findings.length + own.length > 0) this.#findings.set(key, [...own, ...findings]);
    return instance;
  }

  #provided(key: string, first: Claim, claims: readonly Claim[]): Instance {
    if (key.split('/').length > 2) {
      const message = 'the id of a resource of a class has no namespace: it lives in that of the service';
      return { kind: 'none', findings: [aboutClaim(first, 'ResourceScope', message, 'take the namespace out of id')] };
    }
    const same = [...(this.#classes.get(classId(first.type, first.class))?.values() ?? [])];
    const [declared] = same;
    if (!declared || same.length > 1) return { kind: 'none', findings: [] };
    const users = claims.filter((claim) => conflict(first, claim) === undefined);
    const instance = provide(declared, [first, ...users.filter((claim) => claim !== first)], this.#cluster);
    if (instance.kind === 'provided' && instance.node && this.#isDeclared(instance.node.kind, key)) {
      const message = `this resource would be called ${key}, and a ${instance.node.kind} of that name is declared`;
      return { kind: 'none', findings: [aboutClaim(first, 'ResourceNameTaken', message, 'give the resource an id')] };
    }
    return instance;
  }

  #accepted(claim: Claim): boolean {
    const [first] = this.claimsOn(claim.instance);
    return first !== undefined && (first === claim || conflict(first, claim) === undefined);
  }

  /** The service as the graph reads it: entries of classes name their instance, volumes are none of its business. */
  #rewritten(key: string, service: LatticeService): LatticeService {
    const { resources } = service.spec;
    if (!resources || !entriesOf(service).some(([, each]) => ['class', 'volume'].includes(entryKind(each)))) {
      return service;
    }
    const entries = Object.entries(resources).flatMap(([entry, resource]): [string, typeof resource][] => {
      const kind = entryKind(resource);
      if (kind === 'volume') return [];
      const instance = kind === 'class' ? this.instanceOf(key, entry) : undefined;
      if (instance?.kind !== 'provided') return [[entry, resource]];
      return [[entry, { direction: 'outbound', ...instance.peer }]];
    });
    return { ...service, spec: { ...service.spec, resources: Object.fromEntries(entries) } };
  }
}

function generatedNodes(instance: Instance | undefined, left: LatticeService | undefined): readonly Node[] {
  const node = instance?.kind === 'provided' ? instance.node : undefined;
  return [node, left].filter((each) => each !== undefined);
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** Volumes are no business of the graph. */
function withoutVolumes(node: Node): Node {
  if (node.kind !== 'LatticeService') return node;
  const resources = Object.entries(node.spec.resources ?? {}).filter(([, each]) => entryKind(each) !== 'volume');
  return { ...node, spec: { ...node.spec, resources: Object.fromEntries(resources) } };
}

function conflict(first: Claim, claim: Claim): Finding | undefined {
  if (first.service === claim.service && first.entry === claim.entry) return undefined;
  const same = first.type === claim.type && first.class === claim.class;
  const params = Object.keys(claim.params).length === 0 || isDeepStrictEqual(first.params, claim.params);
  if (first.shared && claim.shared && same && params) return undefined;
  const message = `${claim.instance} is already made for ${first.service}, entry ${first.entry}, in another way`;
  const fix = 'give it another id, or the same id, type, class and params to share it';
  return aboutClaim(claim, 'ResourceConflict', message, fix);
}

function classId(type: string, name = 'default'): string {
  return `${type} ${name}`;
}

function setIn<V>(map: Map<string, Map<string, V>>, outer: string, inner: string, value: V): void {
  const entries = map.get(outer) ?? new Map<string, V>();
  entries.set(inner, value);
  map.set(outer, entries);
}
