// What the API server itself demands of Cilium's policies (cilium.io/v2, Cilium 1.20): types, enums, patterns, limits.
import { isCidrFormat, SELECTOR_SHAPE, type Shape } from '../kubernetes/index.ts';

const TEXT: Shape = { kind: 'string' };
const BOOLEAN: Shape = { kind: 'boolean' };
const listOf = (items: Shape): Shape => ({ kind: 'list', items });
const object = (fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape => ({
  kind: 'object',
  fields,
  required,
});

const CIDR: Shape = { kind: 'string', check: isCidrFormat };
const CIDR_RULE: Shape = {
  kind: 'object',
  exactlyOne: ['cidr', 'cidrGroupRef', 'cidrGroupSelector'],
  fields: {
    cidr: CIDR,
    cidrGroupRef: {
      kind: 'string',
      maxLength: 253,
      pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
    },
    cidrGroupSelector: SELECTOR_SHAPE,
    except: listOf(CIDR),
  },
};

// world-ipv4 and world-ipv6 exist in the agent only (surprise 13).
const ENTITY: Shape = {
  kind: 'string',
  oneOf: [
    'all',
    'world',
    'cluster',
    'cluster-mesh',
    'host',
    'init',
    'ingress',
    'unmanaged',
    'remote-node',
    'health',
    'none',
    'kube-apiserver',
  ],
};

const GROUP: Shape = object({
  aws: object({
    labels: { kind: 'map', values: TEXT },
    region: TEXT,
    securityGroupsIds: listOf(TEXT),
    securityGroupsNames: listOf(TEXT),
  }),
});

const NAME: Shape = { kind: 'string', maxLength: 255, pattern: /^[-a-zA-Z0-9_]+(?:[.][-a-zA-Z0-9_]+)*[.]?$/ };
const NAME_PATTERN: Shape = { kind: 'string', maxLength: 255, pattern: /^[-a-zA-Z0-9_*]+(?:[.][-a-zA-Z0-9_*]+)*[.]?$/ };
const FQDN: Shape = {
  kind: 'object',
  exactlyOne: ['matchName', 'matchPattern'],
  fields: { matchName: NAME, matchPattern: NAME_PATTERN },
};

const SERVICE: Shape = object({
  k8sService: object({ namespace: TEXT, serviceName: TEXT }),
  k8sServiceSelector: object({ namespace: TEXT, selector: SELECTOR_SHAPE }, ['selector']),
});

const ICMP_TYPES = [
  'EchoReply DestinationUnreachable Redirect Echo RouterAdvertisement RouterSelection TimeExceeded ParameterProblem',
  'Timestamp TimestampReply Photuris ExtendedEchoRequest PacketTooBig EchoRequest MulticastListenerQuery',
  'MulticastListenerReport MulticastListenerDone RouterSolicitation NeighborSolicitation NeighborAdvertisement',
  'RedirectMessage RouterRenumbering ICMPNodeInformationQuery ICMPNodeInformationResponse',
  'InverseNeighborDiscoverySolicitation InverseNeighborDiscoveryAdvertisement HomeAgentAddressDiscoveryRequest',
  'HomeAgentAddressDiscoveryReply MobilePrefixSolicitation MobilePrefixAdvertisement',
  'DuplicateAddressRequestCodeSuffix DuplicateAddressConfirmationCodeSuffix',
].flatMap((line) => line.split(' '));
// The CRD spells one name with a space; the agent does not know it.
const ICMP_TYPE: Shape = {
  kind: 'integerOrString',
  pattern: new RegExp(
    `^(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|ExtendedEcho Reply|${ICMP_TYPES.join('|')})$`,
  ),
};
const ICMP: Shape = object({
  fields: {
    kind: 'list',
    maxItems: 40,
    items: {
      kind: 'object',
      required: ['type'],
      fallbacks: { family: 'IPv4' },
      fields: { family: { kind: 'string', oneOf: ['IPv4', 'IPv6'] }, type: ICMP_TYPE },
    },
  },
});

const PORT: Shape = object({
  port: { kind: 'string', check: isPortText },
  endPort: { kind: 'integer', minimum: 0, maximum: 65535 },
  protocol: {
    kind: 'string',
    oneOf: ['TCP', 'UDP', 'SCTP', 'VRRP', 'IGMP', 'GRE', 'IPIP', 'IPV6', 'ESP', 'AH', 'ANY'],
  },
});

const NONEMPTY: Shape = { kind: 'string', minLength: 1 };
const SECRET: Shape = object({ name: TEXT, namespace: TEXT }, ['name']);
const TLS: Shape = object({ certificate: TEXT, privateKey: TEXT, trustedCA: TEXT, secret: SECRET }, ['secret']);
const HTTP: Shape = object({
  headers: listOf(TEXT),
  host: TEXT,
  method: TEXT,
  path: TEXT,
  headerMatches: listOf(
    object(
      {
        mismatch: { kind: 'string', oneOf: ['LOG', 'ADD', 'DELETE', 'REPLACE'] },
        name: NONEMPTY,
        secret: SECRET,
        value: TEXT,
      },
      ['name'],
    ),
  ),
});
const PORT_RULE: Shape = object({
  ports: { kind: 'list', maxItems: 40, items: PORT },
  terminatingTLS: TLS,
  originatingTLS: TLS,
  serverNames: { kind: 'list', minItems: 1, unique: true, items: NAME_PATTERN },
  listener: object(
    {
      envoyConfig: object(
        { kind: { kind: 'string', oneOf: ['CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig'] }, name: NONEMPTY },
        ['name'],
      ),
      name: NONEMPTY,
      priority: { kind: 'integer', minimum: 1, maximum: 100 },
    },
    ['envoyConfig', 'name'],
  ),
  rules: { kind: 'object', exactlyOne: ['http', 'dns'], fields: { http: listOf(HTTP), dns: listOf(FQDN) } },
});
// Only the agent limits the ports of a deny rule.
const DENY_PORT_RULE: Shape = object({ ports: listOf(PORT) });

const AUTHENTICATION: Shape = object(
  { mode: { kind: 'string', oneOf: ['disabled', 'required', 'test-always-fail'] } },
  ['mode'],
);
const NOT_ANY_MORE: Shape = { kind: 'list', maxItems: 0, items: TEXT };

const INGRESS_PEERS = {
  fromEndpoints: listOf(SELECTOR_SHAPE),
  fromCIDR: listOf(CIDR),
  fromCIDRSet: listOf(CIDR_RULE),
  fromEntities: listOf(ENTITY),
  fromGroups: listOf(GROUP),
  fromNodes: listOf(SELECTOR_SHAPE),
  fromRequires: NOT_ANY_MORE,
};
const EGRESS_PEERS = {
  toEndpoints: listOf(SELECTOR_SHAPE),
  toCIDR: listOf(CIDR),
  toCIDRSet: listOf(CIDR_RULE),
  toEntities: listOf(ENTITY),
  toGroups: listOf(GROUP),
  toNodes: listOf(SELECTOR_SHAPE),
  toServices: listOf(SERVICE),
  toRequires: NOT_ANY_MORE,
};
const allowing = { icmps: listOf(ICMP), toPorts: listOf(PORT_RULE), authentication: AUTHENTICATION };
const denying = { icmps: listOf(ICMP), toPorts: listOf(DENY_PORT_RULE) };

const RULE: Shape = {
  kind: 'object',
  exactlyOne: ['endpointSelector', 'nodeSelector'],
  atLeastOne: ['ingress', 'ingressDeny', 'egress', 'egressDeny'],
  fields: {
    endpointSelector: SELECTOR_SHAPE,
    nodeSelector: SELECTOR_SHAPE,
    ingress: listOf(object({ ...INGRESS_PEERS, ...allowing })),
    ingressDeny: listOf(object({ ...INGRESS_PEERS, ...denying })),
    egress: listOf(object({ ...EGRESS_PEERS, ...allowing, toFQDNs: listOf(FQDN) })),
    egressDeny: listOf(object({ ...EGRESS_PEERS, ...denying })),
    enableDefaultDeny: object({ ingress: BOOLEAN, egress: BOOLEAN }),
    description: TEXT,
    labels: listOf(object({ key: TEXT, source: TEXT, value: TEXT }, ['key'])),
    log: object({ value: { kind: 'string', maxLength: 32, pattern: /^\P{C}*$/u } }),
  },
};

/** CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy share one schema. */
export const CILIUM_POLICY: Shape = {
  kind: 'object',
  required: ['metadata'],
  atLeastOne: ['spec', 'specs'],
  fields: {
    apiVersion: { kind: 'any' },
    kind: { kind: 'any' },
    metadata: { kind: 'any' },
    // A create request's status is dropped before anything looks at it.
    status: { kind: 'any' },
    spec: RULE,
    specs: listOf(RULE),
  },
};

/** The CRD's pattern is anchored only where it happens to be: a digit first, or a name last. */
function isPortText(text: string): boolean {
  if (/^[0-9]/.test(text)) return true;
  for (let at = text.length - 1; at >= 0; at--) {
    const char = text[at] ?? '';
    if (/[a-zA-Z]/.test(char)) return true;
    const dashInside = char === '-' && at < text.length - 1 && text[at + 1] !== '-';
    if (!dashInside && !/[0-9]/.test(char)) return false;
  }
  return false;
}
