// One node whose network is built as a test says, with two canary pods, its agent, and a canary pod elsewhere.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FabricNodeStatus } from '../../src/api/index.ts';
import { isKubeObject, type Kind } from '../../src/kube/index.ts';
import type { Program } from '../e2e/cluster/program.ts';
import { until } from '../e2e/until.ts';
import type { Lab } from './lab.ts';
import { run } from './network.ts';

export interface CanaryNode {
  readonly name: string;
  readonly space: string;
  /** The node's own addresses, and those of the place where the canary pod of another node is. */
  readonly here: Readonly<Record<4 | 6, string>>;
  readonly far: Readonly<Record<4 | 6, string>>;
  /** Shell lines in the node. */
  run(lines: string): string;
  /** Whether TCP from a pod comes to an address where nobody listens: then it is refused. */
  reaches(from: 'a' | 'b', address: string, port: number): boolean;
  /**
   * The report, as soon as it says of the three ways what is expected, and of some what matches: a trial that is under way
   * while the network changes sees a bit of both.
   */
  sees(
    ways: Ways,
    words?: Readonly<Partial<Record<keyof Ways, RegExp>>>,
  ): Promise<NonNullable<FabricNodeStatus['status']>>;
  /** Ends the agent and starts another; its first report. */
  restartAgent(): Promise<NonNullable<FabricNodeStatus['status']>>;
  /** Ends the canary pods of the node. */
  stopPods(): Promise<void>;
  remove(): Promise<void>;
}
export type Ways = Readonly<Record<'SameNode' | 'CrossNode' | 'ToNode', string>>;

export interface Wiring {
  readonly name: string;
  /** Pods behind routes of their own, or on one bridge. */
  readonly pods: 'routed' | 'bridged';
  /** Type of the plugin that the CNI configuration names. */
  readonly plugin: string;
  /** Its own part of addresses. */
  readonly host: number;
  /** From one trial to the next; default 3. */
  readonly seconds?: number;
}

/** Pods of the node, and one elsewhere; the last part of their addresses. */
export const CANARIES = { a: 2, b: 3 } as const;
const NAMESPACE = 'lattice-system';
const POD: Kind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, is: isKubeObject };
const NAMESPACES: Kind = { ...POD, kind: 'Namespace', plural: 'namespaces', namespaced: false };
const FOR_GOOD = { signal: new AbortController().signal };
/** One for all: a frame that is handed from one wire to another is taken by whoever is at its end. */
const MAC = '02:00:00:00:00:01';

/** Why packets cannot be taken past netfilter on this machine, as the suite does it; undefined when they can. */
export function whyNoBypass(): string | undefined {
  const probe = `ltkb${process.pid}`;
  try {
    run(`ip netns add ${probe}
trap "ip netns del ${probe}" EXIT
ip -n ${probe} link add one type veth peer name two
ip -n ${probe} link add cni0 type bridge
ip netns exec ${probe} sysctl -q net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables
tc -n ${probe} qdisc add dev one clsact
tc -n ${probe} filter add dev one ingress protocol ip u32 match ip dst 10.0.0.1/32 action mirred egress redirect dev two
ip netns exec ${probe} nft 'add table netdev t; add chain netdev t c { type filter hook ingress device one priority 0; }; add rule netdev t c fwd ip to 10.0.0.1 device "two"'`);
    return undefined;
  } catch (error) {
    return `this kernel has no redirect by tc or nft, or no br_netfilter (${String(error).split('\n')[0]})`;
  }
}

/** Names of interfaces on the node are those of the pods: ca, cb. */
export async function startCanaryNode(
  { network, cluster }: Pick<Lab, 'network' | 'cluster'>,
  wiring: Wiring,
): Promise<CanaryNode> {
  const { name, host } = wiring;
  const range = (place: number) => ({ 4: `10.${host}.${place}`, 6: `fd00:${host}:${place}:` });
  const near = range(1);
  const away = range(2);
  const node = network.attach(name, host);
  const far = network.attach(`${name}f`, host + 1);
  const pods = { a: network.attach(`${name}a`, host + 2).space, b: network.attach(`${name}b`, host + 3).space };
  const lines = [
    `ip -n ${node.space} route add ${away[4]}.0/24 via ${far[4]}`,
    `ip -n ${node.space} route add ${away[6]}:/64 via ${far[6]}`,
    `ip -n ${far.space} route add ${near[4]}.0/24 via ${node[4]}`,
    `ip -n ${far.space} route add ${near[6]}:/64 via ${node[6]}`,
    `ip -n ${far.space} addr add ${away[4]}.2/32 dev lo`,
    `ip -n ${far.space} addr add ${away[6]}:2/128 dev lo nodad`,
    ...(wiring.pods === 'bridged'
      ? [
          `ip -n ${node.space} link add cni0 type bridge && ip -n ${node.space} link set cni0 up`,
          `ip -n ${node.space} addr add ${near[4]}.1/24 dev cni0`,
          `ip -n ${node.space} addr add ${near[6]}:1/64 dev cni0 nodad`,
        ]
      : []),
    ...Object.entries(pods).flatMap(([pod, space]) =>
      podLines({ pod, space, node: node.space, near, pods: wiring.pods }),
    ),
  ];
  run(lines.join('\n'));

  await cluster.client.apply(
    NAMESPACES,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { ...FOR_GOOD, force: true },
  );
  const addressesOf = (place: typeof near, last: number): string => `${place[4]}.${last},${place[6]}:${last}`;
  const folder = mkdtempSync(join(tmpdir(), 'lattice-canary-'));
  const cni = JSON.stringify({ name: 'net', plugins: [{ type: wiring.plugin }] });
  writeFileSync(join(folder, '10-net.conflist'), cni);
  const programs: Program[] = [];
  const startPod = async (pod: string, on: string, space: string, addresses: string, nodeAddress: string) => {
    await declarePod({ cluster }, `${name}-${pod}`, on, addresses.split(','));
    const args = ['fabric-canary', '--address', addresses, '--node', nodeAddress];
    const program = cluster.start(`${name}-${pod}`, space, args);
    programs.push(program);
    return program;
  };
  const own = [
    await startPod('a', name, pods.a, addressesOf(near, CANARIES.a), node[4]),
    await startPod('b', name, pods.b, addressesOf(near, CANARIES.b), node[4]),
  ];
  await startPod('far', `${name}f`, far.space, addressesOf(away, 2), far[4]);
  const startAgent = (): Program => {
    const program = cluster.start(name, node.space, [
      'fabric-agent',
      `--node=${name}`,
      `--kubeconfig=${cluster.kubeconfig}`,
      `--cni-dir=${folder}`,
      `--canary-address=${node[4]},${node[6]}`,
      `--canary-namespace=${NAMESPACE}`,
      `--canary-seconds=${wiring.seconds ?? 3}`,
    ]);
    programs.push(program);
    return program;
  };
  let agent = startAgent();
  return {
    name,
    space: node.space,
    here: node,
    far,
    run: (text) => run(`ip netns exec ${node.space} sh -ec '${text}'`),
    reaches(from, address, port) {
      const call = `require('node:net').connect(${port}, '${address}').on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 1)).setTimeout(4000, () => process.exit(1))`;
      const command = ['netns', 'exec', pods[from], process.execPath, '-e', call];
      return spawnSync('ip', command, { timeout: 20_000 }).status === 0;
    },
    sees: (ways, words = {}) =>
      until(
        `${name} sees ${JSON.stringify(ways)}`,
        async () => {
          const status = await cluster.status(name);
          const found = Object.fromEntries(status?.paths?.map((path) => [path.class, path.canary]) ?? []);
          const wrong = Object.entries(ways).find(([way, canary]) => found[way] !== canary);
          const missing = Object.entries(words).find(
            ([way, pattern]) => !pattern.test(status?.paths?.find((path) => path.class === way)?.message ?? ''),
          );
          if (status && !wrong && !missing) return status;
          throw new Error(`${JSON.stringify(status?.paths)}\n${agent.lastWords()}`);
        },
        90_000,
      ),
    async restartAgent() {
      await agent.stop();
      const since = new Date().toISOString();
      agent = startAgent();
      return await until(`the next agent of ${name} reports`, async () => {
        const status = await cluster.status(name);
        return status && status.reportedAt > since ? status : undefined;
      });
    },
    async stopPods() {
      await Promise.all(own.map((program) => program.stop()));
    },
    async remove() {
      await Promise.all(programs.map((program) => program.stop()));
      for (const pod of ['a', 'b', 'far'])
        await cluster.client.delete(POD, { namespace: NAMESPACE, name: `${name}-${pod}` }, FOR_GOOD);
      rmSync(folder, { recursive: true });
    },
  };
}

interface PodWires {
  readonly pod: string;
  readonly space: string;
  readonly node: string;
  readonly near: Readonly<Record<4 | 6, string>>;
  readonly pods: Wiring['pods'];
}

function podLines({ pod, space, node, near, pods }: PodWires): readonly string[] {
  const last = pod === 'a' ? CANARIES.a : CANARIES.b;
  const wire = `c${pod}`;
  const [four, six] = [`${near[4]}.${last}`, `${near[6]}:${last}`];
  const up = [
    // It came with an interface of its own to the network of nodes; a pod has none.
    `ip -n ${space} link del eth0`,
    `ip -n ${node} link add ${wire} type veth peer name eth0 netns ${space}`,
    `ip -n ${node} link set ${wire} up && ip -n ${space} link set eth0 up`,
  ];
  if (pods === 'bridged') {
    return [
      ...up,
      `ip -n ${node} link set ${wire} master cni0`,
      `ip -n ${space} addr add ${four}/24 dev eth0 && ip -n ${space} addr add ${six}/64 dev eth0 nodad`,
      `ip -n ${space} route add default via ${near[4]}.1 && ip -n ${space} route add default via ${near[6]}:1`,
    ];
  }
  return [
    ...up,
    `ip -n ${node} link set ${wire} address ${MAC} && ip -n ${space} link set eth0 address ${MAC}`,
    `ip -n ${node} addr add ${near[4]}.1/32 dev ${wire} && ip -n ${node} addr add ${near[6]}:1/128 dev ${wire} nodad`,
    `ip -n ${space} addr add ${four}/32 dev eth0 && ip -n ${space} addr add ${six}/128 dev eth0 nodad`,
    `ip -n ${space} route add ${near[4]}.1 dev eth0 && ip -n ${space} route add default via ${near[4]}.1`,
    `ip -n ${space} route add ${near[6]}:1 dev eth0 && ip -n ${space} route add default via ${near[6]}:1`,
    `ip -n ${node} route add ${four} dev ${wire} && ip -n ${node} route add ${six} dev ${wire}`,
  ];
}

async function declarePod(
  { cluster }: Pick<Lab, 'cluster'>,
  name: string,
  node: string,
  addresses: readonly string[],
): Promise<void> {
  const metadata = { name, namespace: NAMESPACE };
  const labels = { 'app.kubernetes.io/component': 'fabric-canary' };
  const spec = { nodeName: node, containers: [{ name: 'canary', image: 'lattice' }] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels }, spec };
  await cluster.client.apply(POD, pod, { ...FOR_GOOD, force: true });
  const status = { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) };
  await cluster.client.mergePatch(POD, metadata, { status }, { ...FOR_GOOD, subresource: 'status' });
}
