import { formatCidr, type Cidr } from '../api/index.ts';
import type { BuiltinPeer, ConfiguredPeer, Edge, Labels } from '../graph/index.ts';
import type { CompileOptions } from '../policy/index.ts';

/** One thing that is open without an agreement of two services. */
export interface ExemptionRow {
  readonly name: string;
  readonly direction: 'outbound' | 'inbound';
  /** Who is at the other end, and which ports. */
  readonly opens: string;
  readonly forWhom: string;
}

const EVERYBODY = 'every enforced service, and every pod of a managed namespace';

/** Every exemption and built-in peer in force. With edges, the services that name each peer are listed. */
export function exemptionRows(options: CompileOptions, edges: readonly Edge[] | undefined): readonly ExemptionRow[] {
  const { dns, probes, peers } = options.exemptions;
  const ports = dns.ports.flatMap((port) => [`${port}/UDP`, `${port}/TCP`]).join(', ');
  return [
    ...dns.resolvers.map(({ namespace, labels, account }) =>
      row('dns', 'outbound', `${pods(namespace, labels, account)}: ${ports}`, EVERYBODY),
    ),
    ...dns.cidrs.map((cidr) => row('dns', 'outbound', `${formatCidr(cidr)}: ${ports}`, EVERYBODY)),
    ...probes.ambient.map((cidr) =>
      row(
        'probes',
        'inbound',
        `${formatCidr(cidr)} (kubelet in an ambient mesh): all ports`,
        `${EVERYBODY}, in the mesh`,
      ),
    ),
    ...(probes.host
      ? [
          row(
            'probes',
            'inbound',
            'the node of the pod (kubelet, and so any process of that node): all ports',
            `${EVERYBODY}, outside the mesh`,
          ),
        ]
      : []),
    ...[...peers].flatMap(([name, peer]) => peerRows(name, peer, edges)),
  ];
}

function peerRows(name: string, { peer, outbound, inbound }: ConfiguredPeer, edges: readonly Edge[] | undefined) {
  const rows: ExemptionRow[] = [];
  const where = place(peer.at);
  if (outbound.length > 0) {
    const ports = outbound.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
    rows.push(
      row(
        name,
        'outbound',
        `${where}: ${ports}`,
        users(edges, (edge) => edge.to === `builtin:${name}` && edge.from),
      ),
    );
  }
  if (inbound !== 'none') {
    const ports =
      inbound === 'declared'
        ? "the service's declared ports"
        : inbound.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
    rows.push(
      row(
        name,
        'inbound',
        `${where}: ${ports}`,
        users(edges, (edge) => edge.from === `builtin:${name}` && edge.to),
      ),
    );
  }
  return rows;
}

function users(edges: readonly Edge[] | undefined, userOf: (edge: Edge) => string | false): string {
  if (!edges) return 'services that name it';
  const named = new Set(edges.filter((edge) => edge.agreed).flatMap((edge) => userOf(edge) || []));
  return named.size === 0 ? 'nobody: no service names it' : [...named].sort().join(', ');
}

function row(name: string, direction: ExemptionRow['direction'], opens: string, forWhom: string): ExemptionRow {
  return { name, direction, opens, forWhom };
}

function place(at: BuiltinPeer['at']): string {
  switch (at.kind) {
    case 'entity':
      return `entity ${at.entity}`;
    case 'cidrs':
      return at.cidrs.map((cidr: Cidr) => formatCidr(cidr)).join(', ');
    case 'pods':
      return `${pods(at.namespace, at.labels, at.account)}${at.mesh === 'ambient' ? ' in the mesh' : ''}`;
  }
}

function pods(namespace: string, labels: Labels, account: string | undefined): string {
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return `pods ${namespace}/${selector}${account === undefined ? '' : ` (account ${account})`}`;
}
