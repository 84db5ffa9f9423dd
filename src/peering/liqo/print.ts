import { createHash } from 'node:crypto';
import type { FirewallParty, FirewallProgram, FirewallRule } from '../../api/index.ts';
import type { LiqoShape } from './capability.ts';
import type { Chain, FilterRule, FirewallConfiguration, Match, TableSet } from './firewall-configuration.ts';
import { namesOf } from './names.ts';
import { needsState } from './stateless.ts';

/** Liqo installs the number of elements modulo 4,096, silently (V14). */
const MOST_ELEMENTS = 4095;
/** etcd takes 1.5 MB for one object, which holds two revisions while rules change. */
const MOST_BYTES = 700_000;
/** After DNAT and after the usual chains of filter, before SNAT: what the program's addresses are about. */
const PRIORITY = 10;

export interface PrintOptions {
  readonly shape: LiqoShape;
  readonly cluster: string;
  /** The PeeringConnectivity's. */
  readonly name: string;
  /** Whether any pod of the cluster has an IPv6 address: Liqo's tables see IPv4 alone. */
  readonly ipv6: boolean;
  /** The ranges of the peer: no node of this cluster has an address of them. */
  readonly peers: readonly string[];
}

/** The program as Liqo's object, or why that would mean something else. */
export type Printed =
  | { readonly kind: 'printed'; readonly object: FirewallConfiguration; readonly revision: string }
  | Inexpressible;

export interface Inexpressible {
  readonly kind: 'inexpressible';
  /** The rule of the program that cannot be said; undefined when it is the whole. */
  readonly rule: string | undefined;
  readonly reason: string;
}

/** Prints a program for Liqo. A disarmed program has no chains: that empties the table on every node. */
export function printLiqo(program: FirewallProgram, options: PrintOptions): Printed {
  const { cluster, name, shape } = options;
  if (program.disarmed) return { kind: 'printed', object: wrap([], [], options), revision: 'disarmed' };
  const sets = shape === 'sets' ? chunksOf(program) : [];
  const values = valuesOf(program, shape);
  const count = program.rules.reduce(
    (sum, rule) => sum + variants(rule.source, values) * variants(rule.destination, values),
    0,
  );
  if (count * 150 * 2 > MOST_BYTES)
    return { kind: 'inexpressible', rule: undefined, reason: `it comes to ${count} rules, more than one object holds` };
  const refused = refuse(program, options);
  if (refused) return refused;
  const rules = program.rules.flatMap((rule) => filterRules(rule, values));
  // Without connection state no rule may deny what a node sends to itself: `refuse` has seen to it.
  const own =
    shape === 'sets' ? { forward: [ESTABLISHED], input: [ESTABLISHED, LOOPBACK] } : { forward: [], input: [] };
  const rulesAt = { forward: [...own.forward, ...rules], input: [...own.input, ...rules] };
  const revision = createHash('sha256').update(JSON.stringify(rulesAt)).digest('hex').slice(0, 10);
  const object = wrap(sets, chainsOf(revision, rulesAt), { ...options, cluster, name });
  const bytes = bytesOf(object);
  if (bytes > MOST_BYTES)
    return { kind: 'inexpressible', rule: undefined, reason: `it comes to ${bytes} bytes, more than one object holds` };
  return { kind: 'printed', object, revision };
}

const ESTABLISHED: FilterRule = {
  name: 'allow-established-related',
  action: 'accept',
  counter: false,
  match: [{ op: 'eq', ctstate: { value: ['established', 'related'] } }],
};

/** What a node sends to itself comes in as from outside, and is no peering's. */
const LOOPBACK: FilterRule = {
  name: 'allow-loopback',
  action: 'accept',
  counter: false,
  match: [{ op: 'eq', dev: { position: 'in', value: 'lo' } }],
};

/** The chains of one revision. The name carries it: Liqo appends new rules to chains that it knows, out of order (V11). */
function chainsOf(
  revision: string,
  rules: Readonly<Record<'forward' | 'input', readonly FilterRule[]>>,
): readonly Chain[] {
  return (['forward', 'input'] as const).map((hook) => ({
    name: `${hook}-${revision}`,
    type: 'filter',
    hook,
    priority: PRIORITY,
    policy: 'accept',
    rules: { filterRules: rules[hook] },
  }));
}

function wrap(sets: readonly TableSet[], chains: readonly Chain[], options: PrintOptions): FirewallConfiguration {
  const names = namesOf(options.cluster, options.name);
  return {
    apiVersion: 'networking.liqo.io/v1beta1',
    kind: 'FirewallConfiguration',
    metadata: {
      name: names.object,
      namespace: `liqo-tenant-${options.cluster}`,
      labels: {
        'app.kubernetes.io/managed-by': 'lattice',
        'networking.liqo.io/firewall-category': 'fabric',
        'networking.liqo.io/firewall-subcategory': 'all-nodes',
      },
    },
    spec: { table: { name: names.table, family: 'IPV4', ...(options.shape === 'sets' ? { sets } : {}), chains } },
  };
}

/** As JSON. Elements are counted and not printed: this is asked for every pod that comes or goes. */
function bytesOf(object: FirewallConfiguration): number {
  const { sets = [], ...table } = object.spec.table;
  const elements = sets.reduce(
    (sum, set) => set.elements.reduce((length, { key }) => length + key.length + ELEMENT_BYTES, sum),
    0,
  );
  const hollow = sets.map((set) => ({ ...set, elements: [] }));
  return elements + JSON.stringify({ ...object, spec: { table: { ...table, sets: hollow } } }).length;
}

/** Of `{"key":""},` around an address. */
const ELEMENT_BYTES = 11;

/** Whatever would be widened, cut or ignored is refused. */
function refuse(program: FirewallProgram, { shape, ipv6, peers }: PrintOptions): Inexpressible | undefined {
  const no = (rule: string, reason: string): Inexpressible => ({ kind: 'inexpressible', rule, reason });
  const members = new Map(program.sets.map((set) => [set.name, set.members]));
  const reachesIPv6 = (party: FirewallParty | undefined): boolean => {
    if (!party) return true;
    return ('cidrs' in party ? party.cidrs : (members.get(party.set) ?? [])).some((text) => text.includes(':'));
  };
  for (const { name, action, source, destination, protocol, ports } of program.rules) {
    const everything = !source && !destination;
    if (action === 'deny' && (everything ? ipv6 : reachesIPv6(source) && reachesIPv6(destination)))
      return no(name, 'it denies IPv6 flows, and a table of Liqo for forwarded packets sees IPv4 alone');
    if (protocol === 'SCTP') return no(name, 'Liqo matches TCP and UDP alone');
    if (shape === 'stock' && (protocol !== undefined || ports))
      return no(name, 'replies have the port on the other side, and this Liqo does not know replies (no ctstate)');
  }
  const found = shape === 'stock' ? needsState(program, peers) : undefined;
  if (!found) return undefined;
  const { source, destination, denies } = found;
  const drop = 'without connection state (ctstate) this Liqo would drop';
  switch (found.why) {
    case 'one-way':
      return no(
        denies.name,
        `it denies ${source} -> ${destination} and the way back is allowed: ${drop} the replies too`,
      );
    case 'node':
      return no(
        denies.name,
        `it denies what ${source} opens to a node: ${drop} the answers to the node's own probes too`,
      );
    case 'many':
      return {
        kind: 'inexpressible',
        rule: undefined,
        reason: `of so many rules nobody can say whether ${drop} replies`,
      };
  }
}

/** Sets of at most 4,095 elements; IPv4 alone, since `refuse` has seen to the denies and an allow of IPv6 is moot. */
function chunksOf(program: FirewallProgram): TableSet[] {
  return program.sets.flatMap(({ name, members }) => {
    const keys = ipv4(members);
    const parts = Math.max(1, Math.ceil(keys.length / MOST_ELEMENTS));
    return Array.from({ length: parts }, (_, part) => ({
      name: chunkName(name, part),
      keyType: 'ipv4_addr' as const,
      elements: keys.slice(part * MOST_ELEMENTS, (part + 1) * MOST_ELEMENTS).map((key) => ({ key })),
    }));
  });
}

function chunkName(set: string, part: number): string {
  return part === 0 ? set : `${set}.part${part + 1}`;
}

type Values = (party: FirewallParty) => readonly string[];

/** What the alternatives of a party are called in a rule: addresses, or names of sets. */
function valuesOf(program: FirewallProgram, shape: LiqoShape): Values {
  const bySet = new Map(
    program.sets.map(({ name, members }) => {
      const keys = ipv4(members);
      const parts = Math.max(1, Math.ceil(keys.length / MOST_ELEMENTS));
      return [name, shape === 'stock' ? keys : Array.from({ length: parts }, (_, part) => `@${chunkName(name, part)}`)];
    }),
  );
  return (party) => ('cidrs' in party ? ipv4(party.cidrs) : (bySet.get(party.set) ?? []));
}

function variants(party: FirewallParty | undefined, values: Values): number {
  return party ? values(party).length : 1;
}

/** One rule for each pair of alternatives; a party without any matches nothing, so its rule is left out. */
function filterRules(
  { name, action, source, destination, protocol, ports }: FirewallRule,
  values: Values,
): FilterRule[] {
  const sources = source
    ? values(source).map((value): Match => ({ op: 'eq', ip: { position: 'src', value } }))
    : [undefined];
  const targets = destination
    ? values(destination).map((value): Match => ({ op: 'eq', ip: { position: 'dst', value } }))
    : [undefined];
  const proto: Match[] =
    protocol === undefined ? [] : [{ op: 'eq', proto: { value: protocol === 'TCP' ? 'tcp' : 'udp' } }];
  const services: (Match | undefined)[] = ports
    ? ports.map(({ port, endPort }) => {
        const value = endPort === undefined || endPort === port ? `${port}` : `${port}-${endPort}`;
        return { op: 'eq', port: { position: 'dst', value } };
      })
    : [undefined];
  const matches = sources.flatMap((left) =>
    targets.flatMap((right) =>
      services.map((service) => [left, right, ...proto, service].filter((each) => each !== undefined)),
    ),
  );
  return matches.map((match, index) => ({
    name: matches.length === 1 ? name : `${name}.${index}`,
    action: action === 'allow' ? 'accept' : 'drop',
    counter: false,
    match,
  }));
}

function ipv4(addresses: readonly string[]): readonly string[] {
  const isOther = (address: string): boolean => address.includes(':');
  return addresses.some(isOther) ? addresses.filter((address) => !isOther(address)) : addresses;
}
