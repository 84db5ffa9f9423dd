// A whole life of one peering, of the engine that keeps it and of one node agent, each under its own account.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { until, within } from '../../e2e/until.ts';
import { at, condition, KINDS, type Scene } from '../../peering/scene.ts';
import { guest, localNetwork, node, peering, QUICK_START, remoteNetwork } from '../../peering/world.ts';
import { type AgentProcess, startAgentProcess } from './agent-process.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import type { Server } from './server.ts';

const TENANT = 'liqo-tenant-rome';
const FIREWALL = { namespace: TENANT, name: 'rome-security-fabric' };
const DENY_BACK = { source: { group: 'remote-cluster' }, action: 'deny' };

/** Declare, members, drift, rules, another enforcer, deletion. `rendered` is the chart that was applied. */
export async function livePeering(server: Server, scene: Scene, rendered: string): Promise<void> {
  const running: (OperatorProcess | AgentProcess)[] = [];
  try {
    for (const object of [localNetwork, remoteNetwork('rome', '10.61.0.0/16'), guest('web', '10.200.1.4')])
      await scene.put(object);
    const engine = await startOperatorProcess(server, rendered, 0);
    running.push(engine);
    await engine.ready();
    await comes('it leads', () => Promise.resolve(engine.leads()));
    await byLiqo(scene);
    await scene.put(node('worker-1'));
    server.must(['create', 'configmap', 'cilium-config', '-n', 'kube-system', ...CILIUM]);
    const agent = startAgentProcess(server, rendered, 'worker-1');
    running.push(agent);
    await byAgent(scene, agent);
    reportsItsOwnNodeAlone(server, agent);
    await listensToCanariesAlone(agent);
    await comes('events tell of it', async () => {
      const told = (await scene.list('Event')).filter((event) => at(event, 'regarding', 'name') === 'rome');
      return ['NotApplied', 'Synced', 'NodesPending'].every((word) => told.some((each) => at(each, 'reason') === word));
    });
    await scene.remove('PeeringConnectivity', TENANT, 'rome');
    await comes('nothing is left', async () => {
      const left = await Promise.all([scene.list('FabricProgram'), scene.list('FabricMemberSlice')]);
      return (await stored(scene)) === undefined && left.flat().length === 0;
    });
    await comes('the node is as it was', () => Promise.resolve(!agent.ruleset().includes('10.200.1.4')));
    for (const each of running) assert.equal(await each.stop(), 0);
  } catch (error) {
    const said = running.flatMap(({ lines }) => lines.slice(-12)).map((line) => JSON.stringify(line));
    throw new Error([String(error), ...said].join('\n'), { cause: error });
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}

/** With it no packet goes past netfilter. */
const CILIUM = ['--from-literal=enable-endpoint-routes=true', '--from-literal=enable-host-legacy-routing=true'];

const stored = (scene: Scene) => scene.get('PeeringConnectivity', TENANT, 'rome');
const firewall = (scene: Scene) => scene.get('FirewallConfiguration', TENANT, FIREWALL.name);
const isReady = async (scene: Scene, word: string): Promise<void> => {
  await comes(`Ready is ${word}`, async () => condition(await stored(scene), 'Ready') === word);
};

async function byLiqo(scene: Scene): Promise<void> {
  const { client } = scene;
  const call = { signal: new AbortController().signal };
  const text = async (): Promise<string> => JSON.stringify((await firewall(scene))?.spec ?? {});
  await scene.put(peering('rome', QUICK_START));
  await comes('it is written', async () => (await text()).includes('10.200.1.4'));
  await isReady(scene, 'Unknown NotApplied');

  await scene.put(guest('api', '10.200.1.9'));
  await comes('a pod is a member', async () => (await text()).includes('10.200.1.9'));
  await scene.remove('Pod', 'demo-rome', 'api');
  await comes('and is none any more', async () => !(await text()).includes('10.200.1.9'));

  const action = ['spec', 'table', 'chains', 0, 'rules', 'filterRules', 3, 'action'] as const;
  const open = [{ op: 'replace', path: `/${action.join('/')}`, value: 'accept' }] as const;
  await client.jsonPatch(KINDS.FirewallConfiguration, FIREWALL, open, call);
  await comes('what somebody opened is closed', async () => at(await firewall(scene), ...action) === 'drop');
  const { uid } = (await firewall(scene))?.metadata ?? {};
  await scene.remove('FirewallConfiguration', TENANT, FIREWALL.name);
  await comes('what somebody deleted is back', async () => {
    const now = (await firewall(scene))?.metadata.uid;
    return now !== undefined && now !== uid;
  });

  const chains = async (): Promise<number> => (await text()).split('"filterRules"').length - 1;
  await scene.put(peering('rome', [...QUICK_START, DENY_BACK]));
  await comes('both revisions are in force', async () => (await chains()) === 4);
  await comes('the new one is', async () => (await chains()) === 2);
  const conditions = [
    { host: 'fabric-1', type: 'Applied', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ];
  await client.mergePatch(
    KINDS.FirewallConfiguration,
    FIREWALL,
    { status: { conditions } },
    {
      ...call,
      subresource: 'status',
    },
  );
  await isReady(scene, 'True FabricSynced');
}

async function byAgent(scene: Scene, agent: AgentProcess): Promise<void> {
  const holds = (word: string, held: boolean) => () => Promise.resolve(agent.ruleset().includes(word) === held);
  await comes('the node has it loaded', holds('10.200.1.4', true));
  await comes('Liqo lets it go', async () => (await firewall(scene)) === undefined);
  await isReady(scene, 'True FabricSynced');
  await comes('it is told', async () => at(await stored(scene), 'status', 'enforcer') === 'nft');

  await scene.put(guest('api', '10.200.1.9'));
  await comes('a pod is a member', holds('10.200.1.9', true));
  await scene.remove('Pod', 'demo-rome', 'api');
  await comes('and is none any more', holds('10.200.1.9', false));
  const generation = async () => at(await scene.get('FabricProgram', undefined, 'rome'), 'spec', 'generation');
  const before = await generation();
  await scene.put(peering('rome', QUICK_START));
  await comes('the rules have changed', async () => (await generation()) !== before);
  await isReady(scene, 'True FabricSynced');
  for (const kind of ['FabricProgram', 'FabricMemberSlice'] as const) {
    const [object] = await scene.list(kind);
    assert.ok(object);
    await scene.remove(kind, undefined, object.metadata.name);
    await comes(`a ${kind} that somebody deleted is back`, async () => {
      const now = await scene.get(kind, undefined, object.metadata.name);
      return now !== undefined && now.metadata.uid !== object.metadata.uid;
    });
  }
  await isReady(scene, 'True FabricSynced');
}

/** The admission policy of the chart: the token says on which node the agent runs. */
function reportsItsOwnNodeAlone(server: Server, { kubeconfig }: AgentProcess): void {
  const foreign = {
    apiVersion: 'fabric.lattice.dev/v1alpha1',
    kind: 'FabricNodeStatus',
    metadata: { name: 'worker-2' },
  };
  const { code, stderr } = server.kubectl(
    ['apply', '--server-side', '--validate=false', '--kubeconfig', kubeconfig, '-f', '-'],
    JSON.stringify(foreign),
  );
  assert.equal(code, 1);
  assert.match(stderr, /an agent writes the report of its own node alone/);
}

/** Who is no canary pod of this node, as the API server knows them, gets no word from the agent. */
async function listensToCanariesAlone({ canaryPort }: AgentProcess): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: canaryPort });
  let said = '';
  socket.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await within('the agent turns a stranger away', once(socket, 'close'), 60_000);
  assert.equal(said, '');
}

async function comes(what: string, ask: () => Promise<boolean>): Promise<void> {
  await until(what, async () => ((await ask()) ? true : undefined), 60_000);
}
