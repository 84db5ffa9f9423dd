// What the API server demands of ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2, standard channel, v0.2.0).
import { parsePrefix, type Shape } from '../kubernetes/index.ts';

const TEXT: Shape = { kind: 'string' };
const PORT_NUMBER: Shape = { kind: 'integer', minimum: 1, maximum: 65535 };
const object = (fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape => ({
  kind: 'object',
  fields,
  required,
});
/** Exactly one of the fields must be present. */
const oneOf = (fields: Readonly<Record<string, Shape>>): Shape => ({
  kind: 'object',
  fields,
  exactlyOne: Object.keys(fields),
});

// Operators are not checked by anybody: the agent drops an expression whose operator it does not know.
const SELECTOR: Shape = object({
  matchLabels: { kind: 'map', values: TEXT },
  matchExpressions: {
    kind: 'list',
    items: object({ key: TEXT, operator: TEXT, values: { kind: 'list', items: TEXT } }, ['key', 'operator']),
  },
});
const PODS: Shape = object({ namespaceSelector: SELECTOR, podSelector: SELECTOR }, ['podSelector']);
const NETWORKS: Shape = {
  kind: 'list',
  minItems: 1,
  maxItems: 25,
  unique: true,
  items: { kind: 'string', maxLength: 43, check: (text) => parsePrefix(text) !== undefined },
};
const RANGE: Shape = {
  kind: 'object',
  required: ['start', 'end'],
  fields: { start: PORT_NUMBER, end: PORT_NUMBER },
  check: ({ start, end }) =>
    typeof start === 'number' && typeof end === 'number' && start >= end ? 'must start below its end' : undefined,
};
const TRANSPORT: Shape = oneOf({ destinationPort: oneOf({ number: PORT_NUMBER, range: RANGE }) });
const PROTOCOLS: Shape = {
  kind: 'list',
  minItems: 1,
  maxItems: 25,
  items: oneOf({ tcp: TRANSPORT, udp: TRANSPORT, sctp: TRANSPORT, destinationNamedPort: TEXT }),
};

const ruleWith = (field: 'from' | 'to', peer: Shape): Shape => ({
  kind: 'list',
  maxItems: 25,
  items: object(
    {
      action: { kind: 'string', oneOf: ['Accept', 'Deny', 'Pass'] },
      name: { kind: 'string', maxLength: 100 },
      protocols: PROTOCOLS,
      [field]: { kind: 'list', minItems: 1, maxItems: 25, items: peer },
    },
    ['action', field],
  ),
});

export const CLUSTER_POLICY: Shape = {
  kind: 'object',
  required: ['metadata', 'spec'],
  fields: {
    apiVersion: { kind: 'any' },
    kind: { kind: 'any' },
    metadata: { kind: 'any' },
    status: { kind: 'any' },
    spec: object(
      {
        priority: { kind: 'integer', minimum: 0, maximum: 1000 },
        subject: oneOf({ namespaces: SELECTOR, pods: PODS }),
        tier: { kind: 'string', oneOf: ['Admin', 'Baseline'] },
        ingress: ruleWith('from', oneOf({ namespaces: SELECTOR, pods: PODS })),
        egress: ruleWith('to', oneOf({ namespaces: SELECTOR, pods: PODS, networks: NETWORKS })),
      },
      ['priority', 'subject', 'tier'],
    ),
  },
};
