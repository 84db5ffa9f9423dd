// The operator's decisions without a cluster: what it would write goes into a map, and every version is remembered.
import { setImmediate as turn } from 'node:timers/promises';
import type { LatticeService } from '../../src/api/index.ts';
import type { Gone, Input, ServiceGraph } from '../../src/graph/index.ts';
import {
  apiVersionOf,
  canonicalJson,
  type Client,
  idOf,
  type Kind,
  type KindName,
  type KubeObject,
  type Result,
  type Step,
  systemClock,
} from '../../src/kube/index.ts';
import { noMetrics, silentLog } from '../../src/operator/index.ts';
import type { Declaration } from '../../src/operator/service/declaration.ts';
import { externalOf, openDispatch } from '../../src/operator/service/dispatch.ts';
import { WRITTEN } from '../../src/operator/service/kinds.ts';
import { openReconciler } from '../../src/operator/service/reconcile.ts';
import { openTurns } from '../../src/operator/service/turns.ts';
import { ALONE } from '../../src/operator/foreign/index.ts';
import { openWorld } from '../../src/operator/service/world.ts';
import type { CompileOptions } from '../../src/policy/index.ts';
import { CLUSTER, settingsOf, type Setup } from '../prove/support.ts';

/** One write: an object, or its deletion. */
export interface Write {
  readonly id: string;
  readonly object: Stored | undefined;
}

export type Stored = KubeObject & { readonly owner: string };

export interface Desk {
  /** As a watch tells it. */
  put(input: Input): void;
  remove(gone: Gone): void;
  /** Works until nothing is left to do, in an order that `pick` decides. */
  work(pick: (below: number) => number): Promise<void>;
  /** Every write since the beginning, in order. */
  readonly writes: readonly Write[];
  stored(): ReadonlyMap<string, KubeObject>;
  graph(): ServiceGraph;
}

const WORKERS = 3;

/** `live`: pods are those that run, as in a cluster, and not what manifests say. */
export function openDesk(setup: Setup, initial: Iterable<Input>, { live = false } = {}): Desk {
  const settings = { ...settingsOf(setup), live };
  const compile: CompileOptions = {
    engines: setup.engines,
    trustDomain: 'cluster.local',
    clusterName: CLUSTER,
    mesh: setup.mesh,
    exemptions: settings.exemptions,
    egressWaypoint: { namespace: 'mesh', name: 'egress', account: 'egress' },
  };
  const declared = new Map<string, Declaration<LatticeService>>();
  const stored = new Map<string, KubeObject & { readonly owner: string }>();
  const writes: Write[] = [];
  const pending = new Set<string>();
  const cluster = { name: CLUSTER, domain: 'cluster.local', trustDomain: 'cluster.local', more: {}, env: {} };
  const world = openWorld(settings, compile, cluster);
  const turns = openTurns();
  const dispatch = openDispatch(world, turns, (key) => pending.add(key));
  let yields = (): number => 0;

  const kinds = setup.engines.flatMap((engine): readonly Kind[] => WRITTEN[engine]);
  const kindOf = (apiVersion: string, name: string): Kind => {
    const found = kinds.find((kind) => apiVersionOf(kind) === apiVersion && kind.kind === name);
    if (!found) throw new Error(`${apiVersion} ${name} is not written`);
    return found;
  };
  const write = (id: string, object: (KubeObject & { readonly owner: string }) | undefined): void => {
    if (object) stored.set(id, object);
    else stored.delete(id);
    writes.push({ id, object });
  };
  const perform = async (step: Step): Promise<Result> => {
    for (let left = yields(); left > 0; left--) await turn();
    switch (step.kind) {
      case 'create':
      case 'update':
        write(step.id, { ...step.desired.object, owner: step.owner });
        return { id: step.id, did: step.kind === 'create' ? 'created' : 'updated' };
      case 'delete':
        write(step.id, undefined);
        return { id: step.id, did: 'deleted' };
      case 'check':
      case 'wait':
      case 'refuse':
        throw new Error(`${step.kind} is never planned here`);
    }
  };
  const reconciler = openReconciler({
    context: {
      client: statusOnly(),
      clock: systemClock,
      random: Math.random,
      log: silentLog,
      metrics: noMetrics,
      identity: 'desk',
      compile,
      settings,
      config: undefined,
      stopping: new AbortController().signal,
      signal: new AbortController().signal,
    },
    world,
    turns,
    opinionOf: () => ALONE,
    isCertain: () => Promise.resolve(true),
    inputs: {
      synced: Promise.resolve(),
      service: (key) => declared.get(key),
      external: () => undefined,
      versionOf: () => undefined,
      services: () => declared.keys(),
      externals: () => [],
      areComplete: () => true,
    },
    outputs: {
      synced: Promise.resolve(),
      ready: () => true,
      missing: () => [],
      rejections: () => [],
      kindOf,
      applier: {
        see: () => undefined,
        reread: () => undefined,
        settle: () => Promise.reject(new Error('not used')),
        perform,
        plan(owner, desired) {
          const wanted = new Map(desired.map((each) => [idOf(each.kind, each.object.metadata), each]));
          const applies = [...wanted].flatMap(([id, each]): Step[] => {
            const live = stored.get(id);
            if (live && canonicalJson({ ...live, owner: '' }) === canonicalJson({ ...each.object, owner: '' }))
              return [];
            return [{ kind: live ? 'update' : 'create', id, owner, desired: each, digest: '' }];
          });
          const prunes = [...stored].flatMap(([id, live]): Step[] =>
            live.owner === owner && !wanted.has(id) ? [deletion(id, kindOf(live.apiVersion, live.kind))] : [],
          );
          return [...applies, ...prunes];
        },
      },
    },
    confirmGone: () => Promise.resolve(true),
    failures: () => 0,
    closed: () => [],
    weak: () => [],
    peersOf: (owner) => dispatch.peersOf(owner),
  });
  const declare = (input: Input): void => {
    if (input.kind !== 'LatticeService') return;
    const key = `${input.metadata.namespace ?? ''}/${input.metadata.name}`;
    const generation = (declared.get(key)?.generation ?? 0) + 1;
    declared.set(key, { uid: key, generation, value: input, issues: [], status: undefined });
  };
  for (const input of initial) {
    declare(input);
    world.put(input);
  }
  world.build();
  dispatch.begin();

  return {
    writes,
    stored: () => stored,
    graph: () => world.graph(),
    put(input) {
      declare(input);
      dispatch.affected(world.put(input), false);
    },
    remove(gone) {
      if (gone.kind === 'LatticeService') declared.delete(gone.key);
      const affected = world.remove(gone);
      if (gone.kind === 'LatticeService') dispatch.gone(gone.key, affected.owners);
      dispatch.affected(affected, false);
    },
    async work(pick) {
      yields = () => pick(3);
      const busy = new Set<string>();
      const worker = async (): Promise<void> => {
        for (;;) {
          const free = [...pending].filter((key) => !busy.has(key));
          const key = free[pick(Math.max(free.length, 1))];
          if (key === undefined) {
            if (busy.size === 0 && pending.size === 0) return;
            await turn();
            continue;
          }
          pending.delete(key);
          busy.add(key);
          try {
            const again = externalOf(key) === undefined && (await reconciler.unit(key, FOREVER)) !== undefined;
            if (again) pending.add(key);
            // As its timer would: who waits must not keep the others from working.
            if (again) await turn();
          } finally {
            busy.delete(key);
          }
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, worker));
    },
  };
}

const FOREVER = new AbortController().signal;

/** What is stored after these writes. */
export function replay(writes: readonly Write[]): readonly Stored[] {
  const stored = new Map<string, Stored>();
  for (const { id, object } of writes) {
    if (object) stored.set(id, object);
    else stored.delete(id);
  }
  return [...stored.values()];
}

function deletion(id: string, of: KindName): Step {
  const observed = { uid: '', version: '', owner: undefined, owned: undefined, deleting: false };
  return { kind: 'delete', id, of, key: id, observed };
}

/** A client that takes statuses, and nothing else. */
function statusOnly(): Client {
  const refuse = (): never => {
    throw new Error('only statuses are written here');
  };
  return {
    read: refuse,
    find: refuse,
    pages: refuse,
    list: refuse,
    create: (_kind, object) => Promise.resolve(object),
    replace: refuse,
    apply: (kind, object) => (kind.is(object) ? Promise.resolve(object) : Promise.reject(new Error('not of its kind'))),
    mergePatch: refuse,
    jsonPatch: refuse,
    delete: refuse,
    readScale: refuse,
    scale: refuse,
    raw: refuse,
    stream: refuse,
    close: () => Promise.resolve(),
  };
}
