import type { CustomResourceDefinition, JsonSchema } from '../../api/index.ts';

/**
 * CustomResourceDefinitions of the engines' kinds that Lattice writes, for a cluster without the engines. The fields
 * that Lattice writes have a schema; whatever else an engine knows is kept as it comes.
 */
export function engineDefinitions(): readonly CustomResourceDefinition[] {
  return ENGINE_KINDS.map(definition).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

interface EngineKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Served versions, the stored one first. They differ in name alone. */
  readonly versions: readonly string[];
  readonly columns: readonly JsonSchema[];
  readonly description: string;
  readonly spec: JsonSchema;
  /** Fields of the object itself. */
  readonly required?: readonly string[];
}

const text: JsonSchema = { type: 'string' };
const words = (...values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const mapOf = (values: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties: values });
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const boolean: JsonSchema = { type: 'boolean' };
/** A map with known fields; others are kept. */
const open = (properties: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  ...(Object.keys(properties).length > 0 ? { properties } : {}),
  ...more,
});
const said = (description: string, schema: JsonSchema): JsonSchema => ({ description, ...schema });
const rule = (text: string, message: string): JsonSchema => ({
  'x-kubernetes-validations': [{ rule: text, message }],
});

const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const column = (name: string, jsonPath: string): JsonSchema => ({ name, type: 'string', jsonPath });

const podSelector = open({
  matchLabels: mapOf(text),
  matchExpressions: listOf(
    open(
      { key: text, operator: words('In', 'NotIn', 'Exists', 'DoesNotExist'), values: listOf(text) },
      { required: ['key', 'operator'] },
    ),
  ),
});
const names = listOf(open({ matchName: text, matchPattern: text }));
const toPorts = said(
  'Ports, as text, and what may be asked of DNS on them.',
  listOf(open({ ports: listOf(open({ port: text, protocol: text })), rules: open({ dns: names }) })),
);
const entities = said('Groups of peers that Cilium knows by name.', listOf(text));

const CILIUM: EngineKind = {
  group: 'cilium.io',
  kind: 'CiliumNetworkPolicy',
  plural: 'ciliumnetworkpolicies',
  shortNames: ['cnp', 'ciliumnp'],
  categories: ['cilium', 'ciliumpolicy'],
  versions: ['v2'],
  columns: [AGE, column('Valid', ".status.conditions[?(@.type=='Valid')].status")],
  description: 'What the selected pods may send and receive, for Cilium.',
  spec: open({
    endpointSelector: said('The pods that the policy is about.', podSelector),
    enableDefaultDeny: said(
      'Whether the policy closes what no rule opens; by default it does in each direction that it has rules for.',
      open({ ingress: boolean, egress: boolean }),
    ),
    ingress: said(
      'Who may call the pods.',
      listOf(open({ fromEndpoints: listOf(podSelector), fromEntities: entities, fromCIDR: listOf(text), toPorts })),
    ),
    egress: said(
      'What the pods may call.',
      listOf(
        open({
          toEndpoints: listOf(podSelector),
          toEntities: entities,
          toCIDR: listOf(text),
          toFQDNs: names,
          toPorts,
        }),
      ),
    ),
  }),
};

const workloads = said('The pods, by labels.', open({ matchLabels: mapOf(text) }));

const AUTHORIZATION: EngineKind = {
  group: 'security.istio.io',
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  shortNames: ['ap'],
  categories: ['istio-io', 'security-istio-io'],
  versions: ['v1', 'v1beta1'],
  columns: [column('Action', '.spec.action'), AGE],
  description: 'Who may call a workload in the mesh, for Istio.',
  spec: open(
    {
      selector: workloads,
      targetRefs: said(
        'What a waypoint enforces the policy for.',
        listOf(open({ group: text, kind: text, name: text }, { required: ['kind', 'name'] })),
      ),
      action: said('Without rules, ALLOW allows nobody.', words('ALLOW', 'DENY', 'AUDIT', 'CUSTOM')),
      rules: said(
        'Callers and ports; one match is enough.',
        listOf(
          open({
            from: listOf(
              open({
                source: open({ principals: listOf(text), notPrincipals: listOf(text), ipBlocks: listOf(text) }),
              }),
            ),
            to: listOf(open({ operation: open({ ports: listOf(text) }) })),
          }),
        ),
      ),
    },
    rule('!(has(self.selector) && has(self.targetRefs))', 'selector and targetRefs exclude each other'),
  ),
};

const mode = open({ mode: words('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT') });

const PEER: EngineKind = {
  group: 'security.istio.io',
  kind: 'PeerAuthentication',
  plural: 'peerauthentications',
  shortNames: ['pa'],
  categories: ['istio-io', 'security-istio-io'],
  versions: ['v1', 'v1beta1'],
  columns: [column('Mode', '.spec.mtls.mode'), AGE],
  description: 'Whether pods in the mesh take plaintext, for Istio.',
  spec: open(
    {
      selector: workloads,
      mtls: said('The mode of every port; inherited when it is absent.', mode),
      portLevelMtls: said('The mode of single ports of the pods.', mapOf(mode)),
    },
    rule(
      '!has(self.portLevelMtls) || (has(self.selector) && has(self.selector.matchLabels) && self.selector.matchLabels.size() > 0)',
      'portLevelMtls needs a selector',
    ),
  ),
};

const SERVICE_ENTRY: EngineKind = {
  group: 'networking.istio.io',
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  shortNames: ['se'],
  categories: ['istio-io', 'networking-istio-io'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  columns: [
    column('Hosts', '.spec.hosts'),
    column('Location', '.spec.location'),
    column('Resolution', '.spec.resolution'),
    AGE,
  ],
  description: 'A host outside the mesh that workloads call, for Istio.',
  required: ['spec'],
  spec: open(
    {
      hosts: said('DNS names.', { ...listOf(text), minItems: 1 }),
      location: words('MESH_EXTERNAL', 'MESH_INTERNAL'),
      resolution: said('How an address is found.', words('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS')),
      ports: {
        ...listOf(
          open({ name: text, number: port, protocol: text, targetPort: port }, { required: ['name', 'number'] }),
        ),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
    },
    { required: ['hosts'] },
  ),
};

const ENGINE_KINDS: readonly EngineKind[] = [CILIUM, AUTHORIZATION, PEER, SERVICE_ENTRY];

function definition(of: EngineKind): CustomResourceDefinition {
  const schema = open(
    { apiVersion: text, kind: text, metadata: { type: 'object' }, spec: of.spec, status: open({}) },
    { description: of.description, ...(of.required ? { required: of.required } : {}) },
  );
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${of.plural}.${of.group}` },
    spec: {
      group: of.group,
      names: {
        kind: of.kind,
        listKind: `${of.kind}List`,
        plural: of.plural,
        singular: of.kind.toLowerCase(),
        shortNames: of.shortNames,
        categories: of.categories,
      },
      scope: 'Namespaced',
      versions: of.versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
        additionalPrinterColumns: of.columns,
      })),
    },
  };
}
