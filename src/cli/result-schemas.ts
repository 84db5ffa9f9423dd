import { z } from 'zod';

const finding = z.strictObject({
  code: z.string().meta({ description: 'PascalCase; the same word in conditions and in the docs.' }),
  severity: z.enum(['error', 'warning', 'info']),
  message: z.string(),
  object: z.string().optional().meta({ description: 'Kind namespace/name.' }),
  path: z.array(z.union([z.string(), z.int()])).optional(),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  fix: z.string().optional().meta({ description: 'What to write.' }),
});

const protocol = z.enum(['TCP', 'UDP', 'SCTP']);
const verdict = z.enum(['allowed', 'denied', 'undecided']);
const missing = z.enum(['outbound', 'inbound', 'both', 'ports']).optional();
const port = z.int().min(1).max(65535);

function resultOf<T extends z.ZodRawShape>(kind: string, fields: T) {
  return z.strictObject({
    apiVersion: z.literal('cli.lattice.dev/v1alpha1'),
    kind: z.literal(kind),
    result: z.enum(['yes', 'no', 'undecided']),
    findings: z.array(finding),
    ...fields,
  });
}

const changedFlow = z.strictObject({
  from: z.string(),
  to: z.string(),
  port: z.union([z.int(), z.literal('*')]),
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

/** The shape of every answer of `-o json` that is no list of objects, by its kind. Part of the interface. */
export const RESULT_SCHEMAS = {
  GraphResult: resultOf('GraphResult', {
    edges: z.array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        host: z.string().optional(),
        port: port.optional(),
        targetPort: z.union([port, z.array(port)]).optional(),
        protocol: protocol.optional(),
        agreed: z.boolean(),
        missing,
        barred: z.string().optional().meta({ description: 'Why an agreed edge is closed all the same: a code.' }),
        reason: z.string().optional().meta({ description: 'The same in words.' }),
        fix: z.string().optional().meta({ description: 'What to write so that it opens.' }),
        enforcedAt: z.enum(['both', 'caller', 'callee', 'none']),
      }),
    ),
  }),
  LintResult: resultOf('LintResult', {}),
  ExplainResult: resultOf('ExplainResult', {
    from: z.string(),
    to: z.string(),
    verdict,
    doors: z.array(
      z.strictObject({
        servicePort: z.int(),
        door: z.string(),
        at: z.string(),
        port: z.int(),
        verdict,
        reason: z.string(),
        decidedBy: z.array(objectRef),
      }),
    ),
    ports: z.array(z.strictObject({ port: z.int(), targetPort: z.int(), protocol, verdict })),
    missing,
    fix: z.string().optional(),
    note: z.string().optional(),
    chain: z.array(z.string()).optional(),
  }),
  QueryResult: resultOf('QueryResult', {
    flows: z.array(
      z.strictObject({ from: z.string(), to: z.string(), ports: z.array(z.string()), via: z.array(z.string()) }),
    ),
  }),
  DiffResult: resultOf('DiffResult', { opened: z.array(changedFlow), closed: z.array(changedFlow) }),
  VerifyResult: resultOf('VerifyResult', {
    counterexamples: z.array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        port: z.union([z.int(), z.string()]),
        protocol: z.string(),
        expected: z.string(),
        actual: z.string(),
        door: z.string(),
        object: z.string().meta({ description: 'The object that decides, or the reason when none does.' }),
      }),
    ),
    closed: z
      .array(
        z.strictObject({
          from: z.string(),
          to: z.string(),
          host: z.string().optional(),
          port: port.optional(),
          protocol: protocol.optional(),
          code: z.string().meta({ description: 'A finding, or DoorClosed.' }),
          message: z.string(),
          fix: z.string().optional(),
        }),
      )
      .meta({ description: 'Edges that both sides agree on and that are closed all the same.' }),
    asked: z.int().min(0),
    parties: z.int().min(0),
    doors: z.array(z.string()),
  }),
  PeeringExplainResult: resultOf('PeeringExplainResult', {
    from: z.string(),
    to: z.string(),
    verdict,
    flows: z.array(
      z.strictObject({
        source: z.string(),
        destination: z.string(),
        programs: z.array(
          z.strictObject({
            peering: z.string(),
            verdict,
            rule: z.int().min(0).optional().meta({ description: 'Index in spec.rules; absent: no rule matches.' }),
            text: z.string(),
            nft: z.array(z.string()).optional(),
            members: z.array(
              z.strictObject({ party: z.enum(['source', 'destination']), addresses: z.array(z.string()) }),
            ),
          }),
        ),
      }),
    ),
  }),
  PeeringLintResult: resultOf('PeeringLintResult', {}),
  PeeringSimulateResult: resultOf('PeeringSimulateResult', {
    flows: z.array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        source: z.string(),
        destination: z.string(),
        verdict,
        by: z.string(),
      }),
    ),
  }),
  ConfigResult: resultOf('ConfigResult', {
    exemptions: z.array(
      z.strictObject({
        name: z.string(),
        direction: z.enum(['outbound', 'inbound']),
        opens: z.string(),
        forWhom: z.string(),
      }),
    ),
  }),
} as const;

/** One JSON Schema (draft 2020-12) for all answers. */
export function resultJsonSchema(): Readonly<Record<string, unknown>> {
  const kinds = Object.entries(RESULT_SCHEMAS).map(([kind, schema]) => {
    const part = z.toJSONSchema(schema, { target: 'draft-2020-12' });
    delete part.$schema;
    return [kind, part] as const;
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://lattice.dev/schemas/cli/v1alpha1/results.json',
    title: 'Answers of the lattice command line',
    oneOf: kinds.map(([kind]) => ({ $ref: `#/$defs/${kind}` })),
    $defs: Object.fromEntries(kinds),
  };
}
