import { type CustomResourceDefinition, definitionOf } from './definition.ts';
import { fabricDefinitions } from './fabric-definitions.ts';
import { declaredSchema, isSchema, type JsonSchema } from './json-schema.ts';
import { API_VERSION } from './metadata.ts';
import { EXACTLY_ONE, PEERING_API_VERSION } from './peering-connectivity.ts';
import { specAliases } from './spelling.ts';
import { celField, rules, structural } from './structural.ts';

interface Definition {
  readonly kind: 'LatticeService' | 'LatticeExternalService' | 'LatticeResourceClass' | 'PeeringConnectivity';
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly apiVersion: string;
  readonly plural: string;
  readonly shortName: string;
  readonly columns: readonly JsonSchema[];
  /** Rules over several fields, each at the path of the part that it judges; minimum sizes that zod checks in code. */
  readonly parts: readonly (readonly [path: readonly string[], keywords: JsonSchema])[];
  /** Fields of the status beside those that all kinds have. */
  readonly status?: JsonSchema;
}

const READY = {
  name: 'Ready',
  type: 'string',
  description: 'Whether the agreements are enforced.',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
};
const REASON = {
  name: 'Reason',
  type: 'string',
  description: 'Why, in one word.',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
};
const condition = (name: string, type: string, description: string): JsonSchema => ({
  name,
  type: 'string',
  description,
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
});
const AGREED = condition('Agreed', 'Agreed', 'Whether every edge that it declares is declared by the other side, too.');
const ENFORCED = condition('Enforced', 'Enforced', "Whether the engines' objects are in the cluster as compiled.");
const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** A step from a list to its items, in the path of a part. */
const ITEMS = '[]';
const ACTION_MISSING = 'action is missing: write "allow" or "deny"; there is no default, a guess would open or cut';
const ONE_OF_PARTY = rules({ rule: 'has(self.group) != has(self.__namespace__)', message: EXACTLY_ONE });

/** What runs of a service that is deployed. */
const WORKLOAD_STATUS: JsonSchema = {
  description: 'What runs: ready pods, what the service depends on, and why a rollout waits.',
  type: 'object',
  properties: {
    pods: { type: 'string', maxLength: 32 },
    ready: { type: 'integer', format: 'int32', minimum: 0 },
    wanted: { type: 'integer', format: 'int32', minimum: 0 },
    waiting: { type: 'string', maxLength: 4096 },
    dependencies: {
      type: 'array',
      maxItems: 1024,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'source', 'state'],
        properties: {
          name: { type: 'string', maxLength: 253 },
          source: { type: 'string', maxLength: 1024 },
          endpoint: { type: 'string', maxLength: 1024 },
          state: { type: 'string', maxLength: 16, enum: ['Resolved', 'Missing', 'NotAgreed'] },
        },
      },
    },
    instances: {
      description: 'What classes made for it: these pods stay closed until they are gone, whatever is declared then.',
      type: 'array',
      maxItems: 256,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'spec'],
        properties: {
          name: { type: 'string', maxLength: 253 },
          spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  },
};

const RANGES: JsonSchema = { type: 'array', maxItems: 1000, items: { type: 'string', maxLength: 49 } };

const DEFINITIONS: readonly Definition[] = [
  {
    kind: 'LatticeService',
    apiVersion: API_VERSION,
    plural: 'latticeservices',
    shortName: 'lsvc',
    columns: [
      READY,
      AGREED,
      ENFORCED,
      REASON,
      { name: 'Pods', type: 'string', description: 'Ready pods of those wanted.', jsonPath: '.status.workload.pods' },
      {
        name: 'Mode',
        type: 'string',
        description: 'enforce (default) or shadow.',
        jsonPath: '.spec.mode',
        priority: 1,
      },
      {
        name: 'Account',
        type: 'string',
        description: 'The ServiceAccount.',
        jsonPath: '.spec.serviceAccount',
        priority: 1,
      },
      AGE,
    ],
    parts: [
      [
        [],
        rules(
          {
            rule: 'has(self.containers) || has(self.selector)',
            message: 'needs containers (to deploy) or selector.matchLabels (to adopt pods that exist)',
          },
          {
            rule: '!(has(self.containers) && has(self.selector))',
            message: 'deploys (containers) or adopts (selector), not both: remove one of them',
          },
        ),
      ],
      [['containers'], { minProperties: 1 }],
      [['selector', 'matchLabels'], { minProperties: 1 }],
      [
        ['replicas'],
        rules({
          rule: '!has(self.min) || !has(self.max) || self.min <= self.max',
          message: 'max must be at least min',
        }),
      ],
    ],
    status: { workload: WORKLOAD_STATUS },
  },
  {
    kind: 'LatticeExternalService',
    apiVersion: API_VERSION,
    plural: 'latticeexternalservices',
    shortName: 'lext',
    columns: [READY, AGREED, REASON, AGE],
    parts: [
      [
        [],
        rules(
          {
            rule: 'has(self.endpoints) || has(self.sources)',
            message: 'needs endpoints (something outside that is called) or sources (callers from outside)',
          },
          {
            // The whole Internet, in both notations of a host.
            rule: "!has(self.endpoints) || (has(self.world) && self.world) || !self.endpoints.exists(name, self.endpoints[name].matches('/0[]]?/?(:[0-9]*)?/?$'))",
            message: 'an endpoint is the whole Internet: write "world: true" if that is meant, else a narrower CIDR',
          },
        ),
      ],
      [['endpoints'], { minProperties: 1, maxProperties: 256 }],
    ],
  },
  {
    kind: 'LatticeResourceClass',
    apiVersion: API_VERSION,
    plural: 'latticeresourceclasses',
    shortName: 'lrc',
    scope: 'Cluster',
    columns: [
      { name: 'Type', type: 'string', jsonPath: '.spec.type' },
      { name: 'Class', type: 'string', jsonPath: '.spec.class' },
      AGE,
    ],
    parts: [
      [
        [],
        rules({
          rule: '[has(self.endpoint), has(self.embedded), has(self.template)].filter(given, given).size() == 1',
          message: 'needs exactly one of endpoint, embedded, template',
        }),
      ],
    ],
  },
  {
    kind: 'PeeringConnectivity',
    apiVersion: PEERING_API_VERSION,
    plural: 'peeringconnectivities',
    shortName: 'peerconn',
    columns: [
      { ...READY, description: 'Whether every node enforces the rules, as far as can be seen.' },
      { name: 'Rules', type: 'integer', description: 'Rules that are enforced.', jsonPath: '.status.rules' },
      {
        name: 'Members',
        type: 'integer',
        description: 'Addresses in the sets of the rules.',
        jsonPath: '.status.members',
      },
      { ...REASON, priority: 1 },
      {
        name: 'Enforcer',
        type: 'string',
        description: 'nft (node agent) or liqo (FirewallConfiguration).',
        jsonPath: '.status.enforcer',
        priority: 1,
      },
      AGE,
    ],
    parts: [
      // A rule of CEL instead of "required", so that the reason is said.
      [['rules', ITEMS], { required: undefined, ...rules({ rule: 'has(self.action)', message: ACTION_MISSING }) }],
      [['rules', ITEMS, 'source'], ONE_OF_PARTY],
      [['rules', ITEMS, 'destination'], ONE_OF_PARTY],
    ],
    status: {
      rules: { description: 'Rules that are enforced.', type: 'integer', format: 'int32', minimum: 0 },
      members: { description: 'Addresses in the sets of the rules.', type: 'integer', format: 'int32', minimum: 0 },
      ranges: {
        description: 'The CIDRs that were last known: denies go on with them when Liqo tells none.',
        type: 'object',
        properties: { local: RANGES, remote: RANGES },
      },
      enforcer: {
        description: 'Who enforces: nft (node agent) or liqo (FirewallConfiguration).',
        type: 'string',
        maxLength: 8,
      },
    },
  },
];

/** The CustomResourceDefinitions of the kinds that are declared in a cluster, in order of their names. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return [...DEFINITIONS.map(definition), ...fabricDefinitions()].toSorted((a, b) =>
    a.metadata.name < b.metadata.name ? -1 : 1,
  );
}

function definition(from: Definition): CustomResourceDefinition {
  return definitionOf({ ...from, schema: objectSchema(from), hasStatus: true });
}

function objectSchema({ kind, parts, status }: Definition): JsonSchema {
  const declared = declaredSchema(kind);
  const properties = isSchema(declared['properties']) ? declared['properties'] : {};
  const name = field(properties['metadata'], 'name');
  const base = structural(isSchema(properties['spec']) ? properties['spec'] : {}, kind);
  const judged = parts.reduce((schema, [path, keywords]) => merge(schema, path, keywords), base);
  return {
    description: DESCRIPTIONS[kind],
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', properties: { name: structural(name, 'metadata.name') } },
      spec: withAliases(judged, kind),
      status: status ? merge(STATUS, [], { properties: { ...STATUS_FIELDS, ...status } }) : STATUS,
    },
  };
}

const DESCRIPTIONS: Readonly<Record<Definition['kind'], string>> = {
  LatticeService: 'A workload, the ports that it offers, whom it calls and who calls it.',
  LatticeExternalService: 'Something outside the cluster that services call, or that calls them.',
  LatticeResourceClass:
    'What an administrator provides for resources of a type and class, such as postgres in production.',
  PeeringConnectivity: 'Which connections a peering of clusters may carry, and what offloaded pods may reach.',
};

/** Other spellings are kept by the API server, so that Lattice can read them; both at once are refused. */
function withAliases(spec: JsonSchema, kind: string): JsonSchema {
  const properties = isSchema(spec['properties']) ? spec['properties'] : {};
  const aliases = Object.entries(specAliases(kind));
  const fields = aliases.map(([alias, name]): [string, JsonSchema] => [
    alias,
    { ...(isSchema(properties[name]) ? properties[name] : {}), description: `Other spelling of ${name}.` },
  ]);
  const exclusive = [...new Set(aliases.map(([, name]) => name))].map((name) => {
    const spellings = [name, ...aliases.filter(([, of]) => of === name).map(([alias]) => alias)];
    return {
      rule: `[${spellings.map((each) => `has(self.${celField(each)})`).join(', ')}].filter(written, written).size() <= 1`,
      message: `${spellings.join(', ')} are spellings of one field: write one of them`,
    };
  });
  const written: unknown = spec['x-kubernetes-validations'];
  const before: readonly unknown[] = Array.isArray(written) ? written : [];
  const all = [...before, ...exclusive];
  return {
    ...spec,
    properties: { ...properties, ...Object.fromEntries(fields) },
    ...(all.length > 0 ? { 'x-kubernetes-validations': all } : {}),
  };
}

const STATUS_FIELDS: JsonSchema = {
  observedGeneration: {
    description: 'The generation of the declaration that this status is about.',
    type: 'integer',
    format: 'int64',
    minimum: 0,
  },
  phase: {
    description: 'Pending, Ready, Degraded (some edge is refused) or Failed (none can be enforced).',
    type: 'string',
    maxLength: 16,
    enum: ['Pending', 'Ready', 'Degraded', 'Failed'],
  },
  conditions: {
    type: 'array',
    maxItems: 64,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: {
      type: 'object',
      required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
      properties: {
        type: { type: 'string', maxLength: 316 },
        status: { type: 'string', maxLength: 7, enum: ['True', 'False', 'Unknown'] },
        reason: { type: 'string', minLength: 1, maxLength: 1024 },
        message: { type: 'string', maxLength: 32_768 },
        lastTransitionTime: { type: 'string', format: 'date-time', maxLength: 64 },
        observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
      },
    },
  },
};

const STATUS: JsonSchema = {
  description: 'What Lattice made of the declaration. Written by the operator alone.',
  type: 'object',
  properties: STATUS_FIELDS,
};

/** `schema` with keywords added to the part at `path`. */
function merge(schema: JsonSchema, path: readonly string[], keywords: JsonSchema): JsonSchema {
  const [step, ...rest] = path;
  if (step === undefined) return withoutUndefined({ ...schema, ...keywords });
  if (step === ITEMS && isSchema(schema['items'])) return { ...schema, items: merge(schema['items'], rest, keywords) };
  const properties = schema['properties'];
  if (!isSchema(properties) || !isSchema(properties[step])) throw new Error(`no field ${step} to judge`);
  return { ...schema, properties: { ...properties, [step]: merge(properties[step], rest, keywords) } };
}

function withoutUndefined(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

function field(schema: unknown, name: string): JsonSchema {
  const properties = isSchema(schema) ? schema['properties'] : undefined;
  const found = isSchema(properties) ? properties[name] : undefined;
  return isSchema(found) ? found : {};
}
