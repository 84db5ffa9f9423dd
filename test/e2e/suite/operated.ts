// The operator as a process, on Online Boutique: after whatever happens, the API server holds what both sides agreed.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import type { LatticeService } from '../../../src/api/index.ts';
import { engineDefinitions as ours } from '../../../src/cli/dev/engine-definitions.ts';
import { isKubeObject, untyped } from '../../../src/kube/index.ts';
import { type OperatorProcess, startOperatorProcess, writeKubeconfig } from '../operator-process.ts';
import { openShop, type Shop } from '../shop.ts';
import { until } from '../until.ts';
import { openWay } from '../way.ts';
import { type Context, forever } from './context.ts';
import { engineDefinitions, install, lacksEngines, latticeDefinitions } from './definitions.ts';

const NETWORK_POLICY = untyped({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
});
const CILIUM_POLICY = untyped({
  group: 'cilium.io',
  version: 'v2',
  kind: 'CiliumNetworkPolicy',
  plural: 'ciliumnetworkpolicies',
  namespaced: true,
});

export interface OperatedOptions {
  readonly folder: string;
  /** How often the operator is killed. */
  readonly kills: number;
  readonly seed: number;
}

export function operatedSuite(contextOf: () => Context, { folder, kills, seed }: OperatedOptions): void {
  suite('the operator', () => {
    const running = new Set<OperatorProcess>();
    const random = randomFrom(seed);
    let shop: Shop;
    let kubeconfig: string;
    const start = (file = kubeconfig, flags: readonly string[] = []): OperatorProcess => {
      const operator = startOperatorProcess(file, flags);
      running.add(operator);
      return operator;
    };
    before(async () => {
      const context = contextOf();
      await install(context, await latticeDefinitions());
      await install(context, lacksEngines === false ? engineDefinitions() : ours().filter(isKubeObject));
      kubeconfig = writeKubeconfig(join(folder, 'operator-kubeconfig'), context.cluster.access);
      shop = await openShop(context, 'lattice-e2e-shop');
    });
    const endAll = async (): Promise<void> => {
      await Promise.all([...running].map((operator) => operator.kill()));
      running.clear();
    };
    /** One that starts anew, where an operator has come to rest, finds the same, and writes nothing. */
    const staysAsItIs = async (): Promise<void> => {
      const before = start();
      await before.rested();
      const versions = await shop.versions();
      await before.stop();
      await start().rested();
      assert.equal(await shop.versions(), versions);
    };
    afterEach(endAll);
    after(endAll);

    test(`follows the whole life of a shop, declared in random order (seed ${seed})`, async () => {
      start();
      for (const object of shuffled(shop.original, random)) await shop.declare(object);
      await shop.enforced();
      for (const step of LIFE) {
        await step(shop);
        await shop.enforced();
      }
    });

    test('keeps agreed flows open while pods go from one account to another', async () => {
      start();
      await shop.pod('cart-old', 'cartservice', 'cartservice');
      await shop.enforced();
      await shop.change('cartservice', (service) => withAccount(service, 'cart'));
      await shop.enforced();
      await shop.pod('cart-new', 'cartservice', 'cart');
      await shop.enforced();
      await shop.pod('cart-old', 'cartservice', undefined);
      await shop.enforced();
      await shop.pod('cart-new', 'cartservice', undefined);
      await shop.change('cartservice', (service) => withAccount(service, 'cartservice'));
      await shop.enforced();
    });

    test('keeps agreed flows open while a port goes from one number to another', async () => {
      start();
      await shop.pod('email-old', 'emailservice', 'emailservice', 8080);
      await shop.service('emailservice', 5000, 8080);
      await shop.enforced();
      const before = await shop.bytes();
      await shop.change('emailservice', (service) => withPort(service, 9090));
      await shop.enforced();
      assert.match(await shop.bytes(), /"8080".*"9090"/);
      await shop.pod('email-new', 'emailservice', 'emailservice', 9090);
      await shop.service('emailservice', 5000, 9090);
      await shop.enforced();
      await shop.pod('email-old', 'emailservice', undefined);
      await shop.change('emailservice', (service) => withPort(service, 8080));
      await shop.enforced();
      await shop.pod('email-new', 'emailservice', undefined);
      await shop.service('emailservice', 5000, undefined);
      await shop.enforced();
      assert.equal(await shop.bytes(), before);
    });

    test('puts back what someone edits and deletes by hand, and leaves alone what is as it shall be', async () => {
      const operator = start();
      await operator.rested();
      await shop.enforced();
      const bytes = await shop.bytes();
      const [first, second, third] = await shop.written();
      assert.ok(first && second && third);
      const call = { signal: forever() };
      const { client } = contextOf();
      await client.delete(first.kind, first.object.metadata, call);
      await client.mergePatch(second.kind, second.object.metadata, { spec: { egress: [{}] } }, call);
      await client.mergePatch(
        third.kind,
        third.object.metadata,
        { metadata: { labels: { 'lattice.dev/owner': null } } },
        call,
      );
      // With the label, which is not part of what is enforced.
      await shop.comesTo(bytes);
      await shop.enforced();
      await operator.stop();
      await staysAsItIs();
    });

    test("names a policy of somebody else's that opens or closes what was agreed, until it is gone", async () => {
      start();
      await shop.enforced();
      await shop.said('cartservice', 'Exclusive', 'NoForeignPolicy');
      const select = (app: string) => ({ matchLabels: { app } });
      await shop.policy(NETWORK_POLICY, 'open', { podSelector: select('cartservice'), ingress: [{}] });
      const widens = await shop.said('cartservice', 'Exclusive', 'ForeignPolicyWidens');
      assert.match(
        widens,
        new RegExp(`^NetworkPolicy ${shop.namespace}/open spec\\.ingress\\[0\\] lets through what nobody agreed`),
      );
      assert.equal(await shop.said('cartservice', 'Ready', 'ForeignPolicyWidens'), widens);
      await until('an Event names it', async () =>
        (await shop.events('cartservice')).includes(`ForeignPolicyWidens: ${widens}`) ? true : undefined,
      );
      const ports = [{ ports: [{ port: '15008', protocol: 'TCP' }] }];
      await shop.policy(CILIUM_POLICY, 'shut', {
        endpointSelector: select('frontend'),
        egressDeny: [{ toEndpoints: [{}], toPorts: ports }],
      });
      const blocks = await shop.said('frontend', 'Exclusive', 'ForeignPolicyBlocks');
      assert.match(blocks, new RegExp(`^CiliumNetworkPolicy ${shop.namespace}/shut .*blocks what both sides agreed`));
      await shop.said('paymentservice', 'Exclusive', 'NoForeignPolicy');
      // An operator that starts anew finds the same, and says nothing new.
      await endAll();
      await staysAsItIs();
      await shop.policy(NETWORK_POLICY, 'open', undefined);
      await shop.policy(CILIUM_POLICY, 'shut', undefined);
      for (const name of ['cartservice', 'frontend']) await shop.said(name, 'Exclusive', 'NoForeignPolicy');
      await shop.said('cartservice', 'Ready', 'Enforced');
    });

    test(`converges to the same bytes although it is killed ${kills} times at random instants (seed ${seed})`, async (t) => {
      const first = start();
      await first.rested();
      await shop.enforced();
      const bytes = await shop.bytes();
      await first.kill();
      for (let round = 0; round < kills; round++) {
        const operator = start();
        const gone = shop.original[Math.floor(random() * shop.original.length)];
        assert.ok(gone);
        // Killed before, while and after it reads; while it writes; or with nothing to do.
        if (random() < 0.8) await operator.synced();
        await shop.revoke(gone);
        if (random() < 0.5) await later(random() * 60);
        await shop.declare(gone);
        await later(random() * 60);
        await operator.kill();
      }
      // What the last one had sent may arrive after its end, and what is read then be overtaken.
      await start().rested();
      await shop.comesTo(bytes);
      await shop.enforced();
      t.diagnostic(`${kills} kills`);
    });

    test('one of two that wait for one Lease writes, and two that have none come to the same', async () => {
      const flags = [
        '--leader-elect',
        '--lease-namespace',
        shop.namespace,
        // Long enough for a leader that gets little of a processor.
        '--lease-duration',
        '15s',
        '--renew-deadline',
        '12s',
        '--retry-period',
        '500ms',
      ];
      const leads = ({ said }: OperatorProcess): boolean => said().includes('this process leads');
      const both = [start(kubeconfig, flags), start(kubeconfig, flags)];
      const leader = await until('one of them leads', () => both.find(leads));
      await shop.enforced();
      const [other] = both.filter((each) => each !== leader);
      assert.ok(other && !leads(other));
      await leader.kill();
      await shop.change('emailservice', (service) => withPort(service, 8081));
      await shop.enforced();
      await until('the other one leads', () => (leads(other) ? true : undefined));
      await shop.change('emailservice', (service) => withPort(service, 8080));
      await shop.enforced();
      await other.stop();
      const unfenced = [start(), start()];
      for (const operator of unfenced) await operator.synced();
      await shop.change('emailservice', (service) => withPort(service, 8082));
      await shop.enforced();
      await shop.change('emailservice', (service) => withPort(service, 8080));
      await shop.enforced();
    });

    test('comes back from a server that restarts, cannot be reached, falls silent and is slow', async () => {
      const way = await openWay(contextOf().cluster.access);
      try {
        const operator = start(writeKubeconfig(join(folder, 'way-kubeconfig'), way.access));
        await operator.synced();
        let port = 9000;
        const wish = () => shop.change('adservice', (service) => withPort(service, ++port));
        way.refuse(true);
        way.cut();
        await wish();
        way.refuse(false);
        await shop.enforced();
        way.slow(30);
        await wish();
        await shop.enforced();
        way.slow(0);
        const restarted = contextOf().cluster.power?.restart();
        await restarted;
        way.cut();
        await wish();
        await shop.enforced();
        await shop.change('adservice', (service) => withPort(service, 9555));
        await shop.enforced();
      } finally {
        await way.close();
      }
    });

    test('opens nothing when the definitions of its kinds are deleted under it', async () => {
      const operator = start();
      await operator.synced();
      await shop.enforced();
      const bytes = await shop.bytes();
      const call = { signal: forever() };
      const definition = untyped({
        group: 'apiextensions.k8s.io',
        version: 'v1',
        kind: 'CustomResourceDefinition',
        plural: 'customresourcedefinitions',
        namespaced: false,
      });
      await contextOf().client.delete(definition, { name: 'latticeservices.lattice.dev' }, call);
      await until('the operator has seen it', () =>
        /latticeservices.lattice.dev","serving":"(ending|absent)/.test(operator.said()) ? true : undefined,
      );
      await until('it is gone', async () =>
        (await contextOf().client.find(definition, { name: 'latticeservices.lattice.dev' }, call)) ? undefined : true,
      );
      assert.equal(await shop.bytes(), bytes);
      await operator.kill();
      await install(contextOf(), await latticeDefinitions());
      for (const object of shop.declared.values()) await shop.declare(object);
      start();
      await shop.enforced();
      assert.equal(await shop.bytes(), bytes);
    });

    test('takes everything away when everything is revoked', async () => {
      start();
      for (const object of shuffled([...shop.declared.values()], random)) await shop.revoke(object);
      await shop.enforced();
      assert.equal(await shop.bytes(), '');
    });
  });
}

/** After the shop is declared: one change after another. */
const LIFE: readonly ((shop: Shop) => Promise<void>)[] = [
  // An agreement is revoked by one side, and made again.
  (shop) => shop.change('cartservice', (service) => without(service, 'frontend')),
  (shop) => shop.change('cartservice', (service) => accepting(service, 'frontend')),
  (shop) => shop.change('cartservice', () => originally(shop, 'cartservice')),
  (shop) => shop.change('frontend', (service) => without(service, 'adservice')),
  (shop) => shop.change('frontend', (service) => calling(service, 'adservice')),
  // The entry loses its fields, and what it says stays.
  (shop) => shop.change('frontend', () => originally(shop, 'frontend')),
  (shop) => shop.change('paymentservice', (service) => withAccount(service, 'payments')),
  (shop) => shop.change('paymentservice', (service) => withAccount(service, 'paymentservice')),
  (shop) => shop.change('emailservice', (service) => withPort(service, 9090)),
  (shop) => shop.change('emailservice', (service) => withPort(service, 8080)),
  (shop) => shop.change('shippingservice', (service) => ({ ...service, spec: { ...service.spec, mode: 'shadow' } })),
  (shop) => shop.change('shippingservice', (service) => ({ ...service, spec: { ...service.spec, mode: 'enforce' } })),
  async (shop) => {
    for (const object of shop.original.filter(({ metadata }) => metadata.name === 'checkoutservice'))
      await shop.revoke(object);
  },
  async (shop) => {
    for (const object of shop.original.filter(({ metadata }) => metadata.name === 'checkoutservice'))
      await shop.declare(object);
  },
  async (shop) => {
    for (const object of shop.original.filter(({ kind }) => kind === 'LatticeExternalService'))
      await shop.revoke(object);
  },
  async (shop) => {
    for (const object of shop.original) await shop.declare(object);
  },
];

type Resources = NonNullable<LatticeService['spec']['resources']>;

function withResources(service: LatticeService, edit: (resources: Resources) => Resources): LatticeService {
  return { ...service, spec: { ...service.spec, resources: edit(service.spec.resources ?? {}) } };
}

function without(service: LatticeService, peer: string): LatticeService {
  return withResources(service, ({ [peer]: _gone, ...rest }) => rest);
}

function calling(service: LatticeService, peer: string): LatticeService {
  return withResources(service, (resources) => ({ ...resources, [peer]: { type: 'service', direction: 'outbound' } }));
}

function accepting(service: LatticeService, peer: string): LatticeService {
  return withResources(service, (resources) => ({ ...resources, [peer]: { type: 'service', direction: 'inbound' } }));
}

function originally(shop: Shop, name: string): LatticeService {
  const found = shop.original.find(({ kind, metadata }) => kind === 'LatticeService' && metadata.name === name);
  assert.ok(found?.kind === 'LatticeService', name);
  return found;
}

function withAccount(service: LatticeService, serviceAccount: string): LatticeService {
  return { ...service, spec: { ...service.spec, serviceAccount } };
}

function withPort(service: LatticeService, targetPort: number): LatticeService {
  const ports: NonNullable<NonNullable<LatticeService['spec']['service']>['ports']> = {};
  for (const [name, port] of Object.entries(service.spec.service?.ports ?? {})) ports[name] = { ...port, targetPort };
  return { ...service, spec: { ...service.spec, service: { ports } } };
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** The instant of a kill is what is random here. */
async function later(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
