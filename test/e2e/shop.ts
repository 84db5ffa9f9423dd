// Online Boutique in a namespace of a cluster: what is declared there, and what has to follow from it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LatticeExternalService, type LatticeService, parseObject } from '../../src/api/index.ts';
import { exemptionsOf, factOf, ServiceGraph } from '../../src/graph/index.ts';
import { apiVersionOf, canonicalJson, type Kind, type KubeObject, untyped } from '../../src/kube/index.ts';
import { compileAll, type CompileOptions, enginesFor } from '../../src/policy/index.ts';
import { readStatus } from '../../src/operator/status/index.ts';
import { prove } from '../../src/verify/index.ts';
import { type Context, forever, NAMESPACE } from './suite/context.ts';
import { objectsIn } from './suite/definitions.ts';
import { until } from './until.ts';

export type Declared = LatticeService | LatticeExternalService;

export interface Shop {
  readonly namespace: string;
  /** What is declared now, by kind and name. */
  readonly declared: ReadonlyMap<string, Declared>;
  /** The example's own declarations. */
  readonly original: readonly Declared[];
  readonly declare: (object: Declared) => Promise<void>;
  readonly change: (name: string, edit: (service: LatticeService) => LatticeService) => Promise<void>;
  readonly revoke: (object: Declared) => Promise<void>;
  /** A pod of a service, under an account, with a port that it lists; without an account it goes. */
  readonly pod: (name: string, app: string, account: string | undefined, port?: number) => Promise<void>;
  /** The Service of an app, which sends a port to another one; without a target it goes. */
  readonly service: (app: string, port: number, targetPort: number | undefined) => Promise<void>;
  /** Resolves when the API server holds exactly what is declared, compiled; and the evaluators agree that it is that. */
  readonly enforced: () => Promise<void>;
  /** The bytes of everything that Lattice wrote. */
  readonly bytes: () => Promise<string>;
  /** Resolves when the bytes of everything that Lattice wrote are these. */
  readonly comesTo: (bytes: string) => Promise<void>;
  /** Resource versions of everything that Lattice wrote, and of the declarations. */
  readonly versions: () => Promise<string>;
  /** Writes a policy as somebody else would; without a spec it goes. */
  readonly policy: (kind: Kind, name: string, spec: object | undefined) => Promise<void>;
  /** Resolves when this condition of a service has this reason; to its message. */
  readonly said: (service: string, condition: string, reason: string) => Promise<string>;
  /** What Events tell of a service, each as `Reason: note`. */
  readonly events: (service: string) => Promise<readonly string[]>;
  /** Some object of the engines, to meddle with. */
  readonly written: () => Promise<readonly { readonly kind: Kind; readonly object: KubeObject }[]>;
}

const OPTIONS: CompileOptions = {
  engines: ['cilium', 'istio'],
  trustDomain: 'cluster.local',
  clusterName: 'default',
  mesh: 'ambient',
  exemptions: exemptionsOf(),
};

const kind = (group: string, version: string, name: string, plural: string): Kind =>
  untyped({ group, version, kind: name, plural, namespaced: true });
const DECLARED: Readonly<Record<Declared['kind'], Kind>> = {
  LatticeService: kind('lattice.dev', 'v1alpha1', 'LatticeService', 'latticeservices'),
  LatticeExternalService: kind('lattice.dev', 'v1alpha1', 'LatticeExternalService', 'latticeexternalservices'),
};
const WRITTEN: readonly Kind[] = [
  kind('cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies'),
  kind('security.istio.io', 'v1', 'AuthorizationPolicy', 'authorizationpolicies'),
  kind('security.istio.io', 'v1', 'PeerAuthentication', 'peerauthentications'),
  kind('networking.istio.io', 'v1', 'ServiceEntry', 'serviceentries'),
];
const POD = kind('', 'v1', 'Pod', 'pods');
const SERVICE = kind('', 'v1', 'Service', 'services');
const EVENT = kind('events.k8s.io', 'v1', 'Event', 'events');

const policyOf = (of: Kind, namespace: string, name: string) => ({
  apiVersion: apiVersionOf(of),
  kind: of.kind,
  metadata: { namespace, name },
});

export async function openShop(context: Context, namespace: string): Promise<Shop> {
  await context.namespace(namespace);
  const { client } = context;
  const call = { signal: forever() };
  const file = join(import.meta.dirname, '../../examples/online-boutique/services.yaml');
  const original = objectsIn(readFileSync(file, 'utf8')).map((object) => placed(object, namespace));
  const declared = new Map<string, Declared>();

  const written = async () =>
    (
      await Promise.all(
        WRITTEN.map(async (each) =>
          (
            await client.list(each, { ...call, namespace })
          )
            .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'lattice')
            .map((object) => ({ kind: each, object })),
        ),
      )
    ).flat();
  const bytes = async (): Promise<string> =>
    (await written())
      .map(({ object }) => plain(object, true))
      .sort()
      .join('\n');
  const shop: Shop = {
    namespace,
    declared,
    original,
    written,
    bytes,
    async declare(object) {
      declared.set(`${object.kind} ${object.metadata.name}`, object);
      await client.apply(DECLARED[object.kind], asStored(object), { ...call, force: true });
    },
    async change(name, edit) {
      const now = declared.get(`LatticeService ${name}`);
      assert.ok(now?.kind === 'LatticeService', name);
      await shop.declare(edit(now));
    },
    async revoke(object) {
      declared.delete(`${object.kind} ${object.metadata.name}`);
      await client.delete(DECLARED[object.kind], { namespace, name: object.metadata.name }, call);
    },
    async pod(name, app, account, port) {
      if (account === undefined) {
        await client.delete(POD, { namespace, name }, { ...call, gracePeriodSeconds: 0 });
        return;
      }
      const ports = port === undefined ? [] : [{ containerPort: port }];
      const spec = { serviceAccountName: account, containers: [{ name: 'main', image: 'main:1', ports }] };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels: { app } }, spec };
      await client.create(POD, pod, call);
    },
    async service(app, port, targetPort) {
      if (targetPort === undefined) {
        await client.delete(SERVICE, { namespace, name: app }, call);
        return;
      }
      const spec = { selector: { app }, ports: [{ port, targetPort, protocol: 'TCP' }] };
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: app }, spec };
      await client.apply(SERVICE, service, { ...call, force: true });
    },
    async policy(of, name, spec) {
      const object: KubeObject & { readonly spec: unknown } = { ...policyOf(of, namespace, name), spec };
      if (spec) await client.create(of, object, call);
      else await client.delete(of, { namespace, name }, call);
    },
    async said(service, condition, reason) {
      let last = '';
      try {
        return await until(`${condition} of ${service} is ${reason}`, async () => {
          const object = await client.read(DECLARED.LatticeService, { namespace, name: service }, call);
          const found = readStatus(Reflect.get(object, 'status'))?.conditions.find(({ type }) => type === condition);
          last = JSON.stringify(found);
          return found?.reason === reason ? found.message : undefined;
        });
      } catch (error) {
        throw new Error(`the condition is ${last}`, { cause: error });
      }
    },
    async events(service) {
      return (await client.list(EVENT, { ...call, namespace })).flatMap((event) => {
        const [reason, note, regarding] = ['reason', 'note', 'regarding'].map((name): unknown =>
          Reflect.get(event, name),
        );
        const about: unknown = typeof regarding === 'object' && regarding ? Reflect.get(regarding, 'name') : undefined;
        return about === service ? [`${String(reason)}: ${String(note)}`] : [];
      });
    },
    async enforced() {
      const graph = await graphOf(context, namespace, declared.values());
      const expected = compileAll(graph, enginesFor(OPTIONS), OPTIONS)
        .drafts.map(({ object }) => plain(object, false))
        .sort();
      let last: readonly string[] = [];
      let objects: readonly KubeObject[] = [];
      try {
        // What is proved is what was found: where two operators write without a Lease, the next moment may differ.
        objects = await until('what is declared is enforced', async () => {
          const found = (await written()).map(({ object }) => object);
          last = found.map((object) => plain(object, false)).sort();
          return last.join('\n') === expected.join('\n') ? found : undefined;
        });
      } catch (error) {
        throw new Error(difference(expected, last), { cause: error });
      }
      const { counterexamples } = prove({ graph, objects, ...OPTIONS });
      assert.deepEqual(counterexamples, []);
    },
    async comesTo(expected) {
      let last = '';
      try {
        await until('it is the same to the byte', async () => {
          last = await bytes();
          return last === expected ? true : undefined;
        });
      } catch (error) {
        throw new Error(difference(expected.split('\n'), last.split('\n')), { cause: error });
      }
    },
    async versions() {
      const kinds = [...WRITTEN, ...Object.values(DECLARED)];
      const lists = await Promise.all(kinds.map((each) => client.list(each, { ...call, namespace })));
      return lists
        .flat()
        .map(({ kind: name, metadata }) => `${name} ${metadata.name} ${metadata.resourceVersion}`)
        .sort()
        .join('\n');
    },
  };
  return shop;
}

/** What the graph is made of: declarations, and the facts that the cluster holds. */
async function graphOf(context: Context, namespace: string, declared: Iterable<Declared>): Promise<ServiceGraph> {
  const call = { signal: forever() };
  const pods = await context.client.list(POD, { ...call, namespace });
  const services = await context.client.list(SERVICE, { ...call, namespace });
  const home = await context.client.read(NAMESPACE, { name: namespace }, call);
  const objects = [...pods, ...services.map((each) => ({ ...each, kind: 'Service' })), { ...home, kind: 'Namespace' }];
  const facts = objects.flatMap((object) => factOf(object, namespace) ?? []);
  return ServiceGraph.of([...declared, ...facts], { mesh: OPTIONS.mesh, exemptions: OPTIONS.exemptions, live: true });
}

function placed(object: KubeObject, namespace: string): Declared {
  const parsed = parseObject({ ...object, metadata: { ...object.metadata, namespace } });
  if (!parsed.ok || (parsed.value.kind !== 'LatticeService' && parsed.value.kind !== 'LatticeExternalService')) {
    throw new Error(`${object.kind} ${object.metadata.name} is no declaration`);
  }
  return parsed.value;
}

function asStored(object: Declared): KubeObject & { readonly spec: unknown } {
  const { name, namespace = '' } = object.metadata;
  return {
    apiVersion: apiVersionOf(DECLARED[object.kind]),
    kind: object.kind,
    metadata: { name, namespace },
    spec: object.spec,
  };
}

/** What matters of an object, in one line; `owner` with the operator's own label. */
function plain(object: KubeObject, owner: boolean): string {
  const { 'lattice.dev/owner': label, ...labels } = object.metadata.labels ?? {};
  const { name, namespace = '' } = object.metadata;
  const said = { kind: object.kind, name, namespace, labels, spec: Reflect.get(object, 'spec') as unknown };
  return canonicalJson(owner ? { ...said, label } : said);
}

function difference(expected: readonly string[], found: readonly string[]): string {
  const missing = expected.filter((each) => !found.includes(each)).slice(0, 3);
  const extra = found.filter((each) => !expected.includes(each)).slice(0, 3);
  return `missing:\n${missing.join('\n')}\nnot expected:\n${extra.join('\n')}`;
}
