// What `-o json` promises, one schema for each kind of answer. docs/schemas holds them as JSON Schema.
import { z } from 'zod';

const protocol = z.enum(['TCP', 'UDP', 'SCTP']);
const anyProtocol = z.enum(['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6']);
const port = z.int().min(1).max(65535);
const verdict = z.enum(['allowed', 'denied', 'undecided']);
const missing = z.enum(['outbound', 'inbound', 'both', 'ports']);
const party = z
  .string()
  .meta({ description: 'ns/name, external:ns/name, builtin:name, or a party of a proof in words.' });

const finding = z.strictObject({
  code: z
    .string()
    .regex(/^[A-Z][A-Za-z]+$/)
    .meta({ description: 'One of docs/findings.md.' }),
  severity: z.enum(['error', 'warning', 'info']),
  message: z.string(),
  object: z.string().optional().meta({ description: 'Kind and ns/name.' }),
  path: z.array(z.union([z.string(), z.int()])).optional(),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  fix: z.string().optional(),
});

const door = z.enum([
  'cilium-egress',
  'cilium-ingress',
  'kubernetes-egress',
  'kubernetes-ingress',
  'ztunnel',
  'waypoint',
]);

function answer<Kind extends string, Fields extends z.core.$ZodLooseShape>(kind: Kind, fields: Fields) {
  return z.strictObject({
    apiVersion: z.literal('cli.lattice.dev/v1alpha1'),
    kind: z.literal(kind),
    result: z.enum(['yes', 'no', 'undecided']),
    findings: z.array(finding),
    ...fields,
  });
}

const edge = z.strictObject({
  from: party,
  to: party,
  host: z.string().optional().meta({ description: 'On edges to an external service: the host of the endpoint.' }),
  port: port.optional().meta({ description: 'The port that callers use. On agreed edges.' }),
  targetPort: z
    .union([port, z.array(port)])
    .optional()
    .meta({ description: 'The port of the pods; a list where pods differ.' }),
  protocol: protocol.optional(),
  agreed: z.boolean(),
  missing: missing.optional(),
  barred: z.string().optional().meta({ description: 'Why an agreed edge is closed all the same: a finding code.' }),
  enforcedAt: z.enum(['both', 'caller', 'callee', 'none']),
});

const changedFlow = z.strictObject({
  from: party,
  to: party,
  port: z.union([port, z.literal('*')]),
  protocol: z.string(),
  host: z.string().optional(),
  why: z.string().optional(),
});

const objectRef = z.strictObject({
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  rule: z.string().optional(),
});

/** Schemas by the kind of the answer; `List` is what `compile -o json` prints. */
export const RESULT_SCHEMAS = {
  ConfigResult: answer('ConfigResult', {
    exemptions: z.array(
      z.strictObject({
        name: z.string(),
        direction: z.enum(['outbound', 'inbound']),
        opens: z.string(),
        forWhom: z.string(),
      }),
    ),
  }),
  DiffResult: answer('DiffResult', { opened: z.array(changedFlow), closed: z.array(changedFlow) }),
  ExplainResult: answer('ExplainResult', {
    from: party,
    to: party,
    verdict,
    doors: z.array(
      z.strictObject({
        servicePort: port,
        door,
        at: z.string(),
        port,
        verdict,
        reason: z.string(),
        decidedBy: z.array(objectRef),
      }),
    ),
    ports: z.array(z.strictObject({ port, targetPort: port, protocol, verdict })),
    missing: missing.optional(),
    fix: z.string().optional(),
    note: z.string().optional(),
    chain: z.array(party).optional(),
  }),
  GraphResult: answer('GraphResult', { edges: z.array(edge) }),
  LintResult: answer('LintResult', {}),
  List: z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('List'),
    items: z.array(
      z.strictObject({
        apiVersion: z.string(),
        kind: z.string(),
        metadata: z.strictObject({
          name: z.string().max(253),
          namespace: z.string().max(63).optional(),
          labels: z.record(z.string(), z.string().max(63)),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
        spec: z.looseObject({}),
      }),
    ),
  }),
  QueryResult: answer('QueryResult', {
    flows: z.array(z.strictObject({ from: party, to: party, ports: z.array(z.string()), via: z.array(party) })),
  }),
  VerifyResult: answer('VerifyResult', {
    counterexamples: z.array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        port: z.int().min(0).max(65535),
        protocol: anyProtocol,
        expected: z.enum(['allowed', 'denied', 'accepted']),
        actual: z.enum(['allowed', 'denied', 'undecided', 'refused']),
        door,
        object: z.string(),
      }),
    ),
    asked: z.int().min(0),
    parties: z.int().min(0),
    doors: z.array(door),
  }),
} as const;
