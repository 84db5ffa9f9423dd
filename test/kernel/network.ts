// Namespaces as nodes, pods, a peer's cluster and the world outside; routed, with the masquerade of a CNI.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Why the suite cannot run on this machine; undefined when it can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  const path = (process.env['PATH'] ?? '').split(':');
  const missing = ['nft', 'ip', 'conntrack'].filter((name) => !path.some((folder) => existsSync(`${folder}/${name}`)));
  if (missing.length > 0) return `needs the programs ${missing.join(', ')} (apt install nftables iproute2 conntrack)`;
  try {
    const probe = `ltk${process.pid}`;
    run(`ip netns add ${probe} && ip netns exec ${probe} nft list ruleset; code=$?; ip netns del ${probe}; exit $code`);
    return undefined;
  } catch (error) {
    return `this kernel gives no network namespace or no nftables (${String(error).split('\n')[0]})`;
  }
}

/** Who takes part, by the address that others call. */
export const ACTORS = {
  /** Pods of the node n1. */
  p1: { on: 'n1', 4: '10.200.1.2', 6: 'fd00:200:1::2' },
  p2: { on: 'n1', 4: '10.200.1.3', 6: 'fd00:200:1::3' },
  /** A pod of the node n2. */
  p3: { on: 'n2', 4: '10.200.2.2', 6: 'fd00:200:2::2' },
  /** Two pods of the peered cluster rome, as this cluster sees them: remapped. */
  r1: { on: 'rome', 4: '10.61.0.2', 6: 'fd00:61::2' },
  r2: { on: 'rome', 4: '10.61.0.3', 6: 'fd00:61::3' },
  /** Outside: a public and two private addresses, the last one of their range. */
  world: { on: 'world', 4: '203.0.113.9', 6: '2001:db8:9::9' },
  lan: { on: 'world', 4: '192.168.255.255', 6: 'fd99::9' },
  edge: { on: 'world', 4: '172.32.0.0', 6: 'fd99::a' },
} as const;
export type Actor = keyof typeof ACTORS;
export const NODES = ['n1', 'n2'] as const;
export type NodeName = (typeof NODES)[number];
/** An address of no pod that the nodes translate to p3, as kube-proxy does for a Service. */
export const SERVICE = '10.96.0.10';

export interface Network {
  /** The namespace that an actor or a node lives in. */
  readonly space: (name: Actor | NodeName) => string;
  /** The address of this process, which every node reaches. */
  readonly here: string;
  /** The address of a node itself. */
  readonly nodeAddress: (node: NodeName, family: 4 | 6) => string;
  /** One more namespace beside the nodes, with an interface eth0; `host` is its own part of both addresses. */
  readonly attach: (name: string, host: number) => { readonly space: string; readonly 4: string; readonly 6: string };
  readonly remove: () => void;
}

/** Builds everything. Names and the network between nodes are of this process alone. */
export function createNetwork(): Network {
  const id = process.pid % 100_000;
  const prefix = `ltk${id}`;
  const net = `198.18.${id % 250}`;
  const net6 = `fd18:${(id % 65_536).toString(16)}:`;
  const space = (name: string): string => `${prefix}-${name}`;
  const more = new Set<string>();
  const remove = (): void => {
    for (const name of ['n1', 'n2', 'rome', 'world', 'p1', 'p2', 'p3', 'net', ...more])
      run(`ip netns del ${space(name)} 2>/dev/null || true`);
    run(`ip link del ${prefix}r 2>/dev/null || true`);
  };
  remove();
  // Whatever ends this process: nothing stays behind on the machine.
  process.once('exit', remove);
  const lines: string[] = [];
  const add = (text: string): number => lines.push(text);
  const addSpace = (name: string): void => {
    add(`ip netns add ${space(name)}`);
    add(
      `ip netns exec ${space(name)} sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1`,
    );
    add(`ip -n ${space(name)} link set lo up`);
  };
  const plug = (name: string, host: number): void => {
    add(`ip -n ${space(name)} link add eth0 type veth peer name ${name} netns ${space('net')}`);
    add(`ip -n ${space('net')} link set ${name} master br0 up`);
    add(`ip -n ${space(name)} link set eth0 up`);
    add(`ip -n ${space(name)} addr add ${net}.${host}/24 dev eth0`);
    add(`ip -n ${space(name)} addr add ${net6}:${host}/64 dev eth0 nodad`);
  };
  for (const name of ['net', 'n1', 'n2', 'rome', 'world', 'p1', 'p2', 'p3']) addSpace(name);
  add(`ip -n ${space('net')} link add br0 type bridge && ip -n ${space('net')} link set br0 up`);
  add(`ip link add ${prefix}r type veth peer name root netns ${space('net')}`);
  add(`ip -n ${space('net')} link set root master br0 up`);
  add(`ip addr add ${net}.1/24 dev ${prefix}r && ip link set ${prefix}r up`);
  for (const [name, host] of [
    ['n1', 11],
    ['n2', 12],
    ['rome', 50],
    ['world', 60],
  ] as const)
    plug(name, host);
  const route = (on: string, range: string, host: number): void => {
    const via = range.includes(':') ? `${net6}:${host}` : `${net}.${host}`;
    add(`ip -n ${space(on)} route add ${range} via ${via}`);
  };
  for (const on of ['n1', 'n2', 'rome', 'world']) {
    if (on !== 'n1') for (const range of ['10.200.1.0/24', 'fd00:200:1::/64']) route(on, range, 11);
    if (on !== 'n2') for (const range of ['10.200.2.0/24', 'fd00:200:2::/64']) route(on, range, 12);
    if (on !== 'rome') for (const range of ['10.61.0.0/16', 'fd00:61::/64']) route(on, range, 50);
    if (on !== 'world') {
      const outside = ['203.0.113.0/24', '192.168.255.255', '172.32.0.0', '2001:db8:9::/64', 'fd99::/64'];
      for (const range of outside) route(on, range, 60);
    }
  }
  for (const [name, { on, 4: four, 6: six }] of Object.entries(ACTORS)) {
    if (on === 'n1' || on === 'n2') {
      const gateway = { 4: four.replace(/\.\d+$/, '.1'), 6: six.replace(/::\d+$/, '::1') };
      add(`ip -n ${space(on)} link add ${name} type veth peer name eth0 netns ${space(name)}`);
      add(`ip -n ${space(on)} link set ${name} up && ip -n ${space(name)} link set eth0 up`);
      add(
        `ip -n ${space(on)} addr add ${gateway[4]}/32 dev ${name} && ip -n ${space(on)} addr add ${gateway[6]}/128 dev ${name} nodad`,
      );
      add(
        `ip -n ${space(name)} addr add ${four}/32 dev eth0 && ip -n ${space(name)} addr add ${six}/128 dev eth0 nodad`,
      );
      add(
        `ip -n ${space(name)} route add ${gateway[4]} dev eth0 && ip -n ${space(name)} route add default via ${gateway[4]}`,
      );
      add(
        `ip -n ${space(name)} route add ${gateway[6]} dev eth0 && ip -n ${space(name)} route add default via ${gateway[6]}`,
      );
      add(`ip -n ${space(on)} route add ${four} dev ${name} && ip -n ${space(on)} route add ${six} dev ${name}`);
    } else {
      add(`ip -n ${space(on)} addr add ${four}/32 dev lo && ip -n ${space(on)} addr add ${six}/128 dev lo nodad`);
    }
  }
  for (const node of NODES) {
    add(`ip netns exec ${space(node)} nft -f - <<'END'
table inet cni {
  chain inbound {
    type nat hook prerouting priority -100; policy accept;
    ip daddr ${SERVICE} tcp dport 80 dnat ip to ${ACTORS.p3[4]}:8080
  }
  chain outbound {
    type nat hook postrouting priority 100; policy accept;
    ip saddr 10.200.0.0/16 ip daddr != { 10.200.0.0/16, 10.61.0.0/16 } masquerade
    ip6 saddr fd00:200::/32 ip6 daddr != { fd00:200::/32, fd00:61::/64 } masquerade
  }
}
END`);
  }
  run(lines.join('\n'));
  const places: Readonly<Record<string, string>> = { r1: 'rome', r2: 'rome', lan: 'world', edge: 'world' };
  return {
    space: (name) => space(places[name] ?? name),
    here: `${net}.1`,
    nodeAddress: (node, family) => `${family === 4 ? `${net}.` : `${net6}:`}${node === 'n1' ? 11 : 12}`,
    attach(name, host) {
      more.add(name);
      lines.length = 0;
      addSpace(name);
      plug(name, host);
      run(lines.join('\n'));
      return { space: space(name), 4: `${net}.${host}`, 6: `${net6}:${host}` };
    },
    remove,
  };
}

/** Runs shell lines, stops at the first that fails, and answers what they print. */
export function run(lines: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', lines], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`sh ended with ${status}: ${stderr.trim().slice(0, 1000)}`);
  return stdout;
}
