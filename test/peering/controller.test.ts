import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { accessOf, type ClusterAccess, parseKubeconfig } from '../../src/kube/index.ts';
import { until } from '../e2e/until.ts';
import { at, condition, FIREWALL_CRD, KINDS, openScene, type Plain, type Scene, skip } from './scene.ts';
import { guest, localNetwork, node, peering, QUICK_START, remoteNetwork, report } from './world.ts';

const TENANT = 'liqo-tenant-rome';
const LIMIT = 60_000;

function accessTo(plane: ControlPlane): ClusterAccess {
  return accessOf(parseKubeconfig([{ path: 'the control plane', folder: '.', text: plane.kubeconfig }]));
}

async function open(shape: 'liqo' | 'liqo-sets' | 'none'): Promise<{ plane: ControlPlane; scene: Scene }> {
  const plane = await startControlPlane();
  const scene = await openScene(accessTo(plane), shape);
  for (const object of [localNetwork, remoteNetwork('rome', '10.61.0.0/16'), guest('web', '10.200.1.4')])
    await scene.put(object);
  return { plane, scene };
}

const firewall = (scene: Scene) => scene.get('FirewallConfiguration', TENANT, 'rome-security-fabric');
const stored = (scene: Scene) => scene.get('PeeringConnectivity', TENANT, 'rome');
const elements = (object: Plain | undefined, set: string): string => {
  const sets = at(object, 'spec', 'table', 'sets');
  const found: unknown = Array.isArray(sets) ? sets.find((each: unknown) => at(each, 'name') === set) : undefined;
  return JSON.stringify(at(found, 'elements'));
};
const chains = (object: Plain | undefined): number => {
  const list = at(object, 'spec', 'table', 'chains');
  return Array.isArray(list) ? list.length : -1;
};
const comes = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
  await until(what, async () => ((await ask()) ? true : undefined), LIMIT);
};

suite('peerings on a Liqo that keeps named sets', { skip }, () => {
  let plane: ControlPlane;
  let scene: Scene;
  before(async () => {
    ({ plane, scene } = await open('liqo-sets'));
  });
  after(async () => {
    await scene.close();
    await plane.close();
  });

  test('a peering becomes a FirewallConfiguration of its own, held by a finalizer, owned, and read back', async () => {
    await scene.put(peering('rome', QUICK_START));
    await scene.operate();
    await comes('it is written', async () => elements(await firewall(scene), 'offloaded') === '[{"key":"10.200.1.4"}]');
    const object = await firewall(scene);
    assert.equal(at(object, 'metadata', 'ownerReferences', 0, 'controller'), true);
    await comes('it is told', async () => condition(await stored(scene), 'Ready') === 'Unknown NotApplied');
    const told = await stored(scene);
    assert.deepEqual(told?.metadata.finalizers, ['peeringconnectivity-controller.security.liqo.io/finalizer']);
    assert.deepEqual(
      [at(told, 'status', 'rules'), at(told, 'status', 'members'), at(told, 'status', 'enforcer')],
      [3, 1, 'liqo'],
    );
    assert.equal(at(told, 'status', 'observedGeneration'), told.metadata.generation);
  });

  test('a pod that comes and goes changes the one set, and nothing else of the object', async () => {
    await scene.put(guest('api', '10.200.1.9'));
    await comes('it is a member', async () => elements(await firewall(scene), 'offloaded').includes('10.200.1.9'));
    await scene.remove('Pod', 'demo-rome', 'api');
    await comes('it is none', async () => !elements(await firewall(scene), 'offloaded').includes('10.200.1.9'));
    assert.equal(chains(await firewall(scene)), 2);
  });

  test("Liqo's own word makes it Ready", async () => {
    const object = await firewall(scene);
    assert.ok(object);
    const { apiVersion, kind } = object;
    const conditions = [
      { host: 'fabric-1', type: 'Applied', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ];
    const metadata = { namespace: TENANT, name: 'rome-security-fabric' };
    const client = scene.client;
    await client.mergePatch(
      KINDS.FirewallConfiguration,
      metadata,
      { apiVersion, kind, status: { conditions } },
      { signal: new AbortController().signal, subresource: 'status' },
    );
    await comes('Ready', async () => condition(await stored(scene), 'Ready') === 'True FabricSynced');
    // It is told of what the status says already.
    await comes('an Event', async () => (await scene.list('Event')).some((event) => at(event, 'reason') === 'Synced'));
  });

  test('what somebody else changes or deletes is put right', async () => {
    await scene.remove('FirewallConfiguration', TENANT, 'rome-security-fabric');
    await comes('it is back', async () => chains(await firewall(scene)) === 2);
  });

  test('a change of rules passes by both revisions, and ends with the new one', async () => {
    const before = JSON.stringify(at(await firewall(scene), 'spec', 'table', 'chains', 0, 'name'));
    await scene.put(peering('rome', [...QUICK_START, { source: { group: 'remote-cluster' }, action: 'deny' }]));
    await comes('both', async () => chains(await firewall(scene)) === 4);
    await comes('one', async () => chains(await firewall(scene)) === 2);
    assert.notEqual(JSON.stringify(at(await firewall(scene), 'spec', 'table', 'chains', 0, 'name')), before);
  });

  test('a Network that disappears leaves denies as they were, and says so', async () => {
    await scene.remove('Network', TENANT, 'rome-pod');
    await comes('it is told', async () => condition(await stored(scene), 'Resolved') === 'False NetworkMissing');
    await comes('the deny stays', async () => JSON.stringify(await firewall(scene)).includes('10.61.0.0/16'));
    await scene.put(remoteNetwork('rome', '10.61.0.0/16'));
    await comes('it is known again', async () => condition(await stored(scene), 'Resolved') === 'True Resolved');
  });

  test('a wrong namespace is a condition that says what to do, and the object can be deleted', async () => {
    const { metadata, ...rest } = peering('rome', QUICK_START);
    await scene.put({ ...rest, metadata: { ...metadata, namespace: 'default' } });
    const wrong = () => scene.get('PeeringConnectivity', 'default', 'rome');
    await comes('it is told', async () => condition(await wrong(), 'Ready') === 'False ClusterIDExtractionFailed');
    assert.match(JSON.stringify(at(await wrong(), 'status', 'conditions')), /liqo-tenant-<cluster-id>/);
    await scene.remove('PeeringConnectivity', 'default', 'rome');
    await comes('it is gone', async () => (await wrong()) === undefined);
  });

  test('the node agent takes over when it runs: both enforce until every node has reported, then one', async () => {
    await scene.put(node('worker-1'));
    await scene.put(report('worker-1', []));
    const program = () => scene.get('FabricProgram', undefined, 'rome');
    await comes('the program is there', async () => (await program()) !== undefined);
    assert.ok((await firewall(scene)) !== undefined, 'the other one stays');
    await comes('Ready', async () => {
      // An agent tells of each generation, and there may be several until the engine has read all.
      const generation = at(await program(), 'spec', 'generation');
      await scene.put(report('worker-1', [{ name: 'rome', generation, loadedAt: new Date().toISOString() }]));
      return condition(await stored(scene), 'Ready') === 'True FabricSynced';
    });
    await comes('the other one goes', async () => (await firewall(scene)) === undefined);
    await comes('it is told', async () => at(await stored(scene), 'status', 'enforcer') === 'nft');
  });

  test('deletion disarms first, waits for the agents, and leaves nothing', async () => {
    await scene.remove('PeeringConnectivity', TENANT, 'rome');
    const program = () => scene.get('FabricProgram', undefined, 'rome');
    await comes('it is disarmed', async () => at(await program(), 'spec', 'disarmed') === true);
    assert.ok(await stored(scene), 'the finalizer holds it');
    const generation = at(await program(), 'spec', 'generation');
    await scene.put(report('worker-1', [{ name: 'rome', generation, disarmed: true }]));
    await comes('it is gone', async () => (await stored(scene)) === undefined);
    assert.deepEqual([await program(), (await scene.list('FabricMemberSlice')).length], [undefined, 0]);
  });
});

suite('peerings that change hands', { skip }, () => {
  let plane: ControlPlane;
  let scene: Scene;
  before(async () => {
    ({ plane, scene } = await open('liqo-sets'));
    for (const name of ['worker-1', 'worker-2']) await scene.put(node(name));
    await scene.put(peering('rome', QUICK_START));
    await scene.operate();
    await comes('it is written', async () => (await firewall(scene)) !== undefined);
  });
  after(async () => {
    await scene.close();
    await plane.close();
  });
  const program = () => scene.get('FabricProgram', undefined, 'rome');
  const inSlice = async (address: string): Promise<boolean> =>
    JSON.stringify(await scene.list('FabricMemberSlice')).includes(address);
  const applied = async (...hosts: readonly string[]): Promise<void> => {
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const conditions = hosts.map((host) => ({ host, type: 'Applied', status: 'True', lastTransitionTime }));
    const ref = { namespace: TENANT, name: 'rome-security-fabric' };
    await scene.client.mergePatch(
      KINDS.FirewallConfiguration,
      ref,
      { status: { conditions } },
      { signal: new AbortController().signal, subresource: 'status' },
    );
  };
  const loaded = async (name: string): Promise<void> =>
    await scene.put(report(name, [{ name: 'rome', generation: at(await program(), 'spec', 'generation') }]));

  test('Ready waits for every node that can hold pods to be among those that Liqo speaks of', async () => {
    await applied('fabric-1');
    await comes('it is told', async () => condition(await stored(scene), 'Ready') === 'False NodesPending');
    await applied('fabric-1', 'fabric-2');
    await comes('Ready', async () => condition(await stored(scene), 'Ready') === 'True FabricSynced');
  });

  test('while the node agent is on some nodes only, Liqo goes on with every pod that comes', async () => {
    await scene.put(report('worker-1', []));
    await comes('the program is there', async () => (await program()) !== undefined);
    await loaded('worker-1');
    await scene.put(guest('late', '10.200.1.7'));
    await comes('the new one has it', async () => await inSlice('10.200.1.7'));
    await comes('the old one has it', async () => elements(await firewall(scene), 'offloaded').includes('10.200.1.7'));
    await loaded('worker-2');
    await comes('Ready', async () => condition(await stored(scene), 'Ready') === 'True FabricSynced');
    await comes('the old one goes', async () => (await firewall(scene)) === undefined);
  });

  test('when the agents fall silent, what they hold is kept up until Liqo has applied it on every node', async () => {
    for (const name of ['worker-1', 'worker-2']) {
      const told = report(name, []);
      await scene.put({ ...told, status: { ...told.status, reportedAt: '2026-01-01T00:00:00Z', reportSeconds: 10 } });
    }
    await comes('Liqo has it', async () => (await firewall(scene)) !== undefined);
    await applied('fabric-1');
    await scene.put(guest('later', '10.200.1.8'));
    await comes('the new one has it', async () => elements(await firewall(scene), 'offloaded').includes('10.200.1.8'));
    await comes('the old one has it', async () => await inSlice('10.200.1.8'));
    assert.notEqual(at(await program(), 'spec', 'disarmed'), true);
    await applied('fabric-1', 'fabric-2');
    await comes('the old one goes', async () => (await program()) === undefined);
  });
});

suite('peerings on stock Liqo', { skip }, () => {
  let plane: ControlPlane;
  let scene: Scene;
  before(async () => {
    ({ plane, scene } = await open('liqo'));
    await scene.operate();
  });
  after(async () => {
    await scene.close();
    await plane.close();
  });

  test('what it cannot say is not written, and the condition names the rule and both ways out', async () => {
    await scene.put(peering('rome', QUICK_START));
    await comes('it is told', async () => condition(await stored(scene), 'Ready') === 'False Unsupported');
    const message = JSON.stringify(at(await stored(scene), 'status', 'conditions', 0, 'message'));
    assert.match(message, /rule deny-2 .*ctstate.*fabric-agent.*named sets/);
    assert.equal(await firewall(scene), undefined);
  });

  test('what it can say exactly is written, and survives its API server to the byte', async () => {
    await scene.put(
      peering('rome', [
        { source: { group: 'offloaded' }, destination: { group: 'remote-cluster' }, action: 'deny' },
        { source: { group: 'remote-cluster' }, destination: { group: 'offloaded' }, action: 'deny' },
      ]),
    );
    await comes('it is written', async () => chains(await firewall(scene)) === 2);
    await comes('it is told', async () => condition(await stored(scene), 'Ready') === 'Unknown NotApplied');
    assert.doesNotMatch(JSON.stringify(await firewall(scene)), /ctstate|@/);
  });

  test('a better Liqo that is installed meanwhile is used at once', async () => {
    await scene.put(peering('rome', QUICK_START));
    await comes('unsupported', async () => condition(await stored(scene), 'Ready') === 'False Unsupported');
    await scene.define('liqo-sets', FIREWALL_CRD);
    await comes('it is written', async () => elements(await firewall(scene), 'offloaded') === '[{"key":"10.200.1.4"}]');
  });

  test('a new process writes nothing when everything is as it should be', async () => {
    await comes('it is told', async () => condition(await stored(scene), 'Ready') === 'Unknown NotApplied');
    await scene.close();
    const again = await openScene(accessTo(plane), 'none');
    const versions = async (): Promise<unknown> =>
      [await firewall(again), await stored(again)].map((object) => object?.metadata.resourceVersion);
    const before = await versions();
    const operator = await again.operate();
    await comes('nothing is left to do', async () =>
      Promise.resolve(operator.state().controllers.every(({ idle }) => idle)),
    );
    assert.deepEqual(await versions(), before);
    scene = again;
  });

  test('when Liqo is gone a peering can still be deleted', async () => {
    await scene.remove('CustomResourceDefinition', undefined, 'firewallconfigurations.networking.liqo.io');
    await scene.remove('PeeringConnectivity', TENANT, 'rome');
    await comes('it is gone', async () => (await stored(scene)) === undefined);
  });
});
