import { z } from 'zod';
import { type CustomResourceDefinition, definitionOf } from './definition.ts';
import { FABRIC_API_VERSION, fabricMemberSlice, fabricNodeStatus, fabricProgram } from './fabric.ts';
import { isSchema, type JsonSchema } from './json-schema.ts';
import { rules, structural } from './structural.ts';

const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The CustomResourceDefinitions of what the operator tells the node agents, and of what they answer. */
export function fabricDefinitions(): readonly CustomResourceDefinition[] {
  return [
    definition({
      kind: 'FabricMemberSlice',
      plural: 'fabricmemberslices',
      shortName: 'fslice',
      description: 'Up to 100 members of one set of a FabricProgram.',
      properties: { spec: partOf(fabricMemberSlice, 'spec') },
      columns: [
        column('Program', 'string', '.spec.program'),
        column('Set', 'string', '.spec.set'),
        column('Index', 'integer', '.spec.index'),
        column('Generation', 'integer', '.spec.generation'),
      ],
    }),
    definition({
      kind: 'FabricNodeStatus',
      plural: 'fabricnodestatuses',
      shortName: 'fnode',
      description: "What one node's kernel enforces. Written by that node's agent alone.",
      properties: { status: partOf(fabricNodeStatus, 'status') },
      columns: [
        column('Programs', 'string', '.status.programs[*].name'),
        column('Generations', 'string', '.status.programs[*].generation'),
        column('Bypassed', 'string', '.status.bypassed[*].class'),
        column('Canary', 'string', '.status.paths[*].canary', 1),
        column('Errors', 'string', '.status.programs[*].error', 1),
        { ...column('Reported', 'date', '.status.reportedAt'), description: 'When the agent last wrote.' },
      ],
    }),
    definition({
      kind: 'FabricProgram',
      plural: 'fabricprograms',
      shortName: 'fprog',
      description: 'The firewall program of one peering, which every node loads.',
      properties: { spec: programSpec() },
      columns: [
        column('Peering', 'string', '.spec.peering'),
        column('Generation', 'integer', '.spec.generation'),
        column('Disarmed', 'boolean', '.spec.disarmed'),
      ],
    }),
  ];
}

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly columns: readonly JsonSchema[];
}

function definition({ description, properties, columns, ...named }: Definition): CustomResourceDefinition {
  return definitionOf({
    ...named,
    apiVersion: FABRIC_API_VERSION,
    scope: 'Cluster',
    columns: [...columns, AGE],
    schema: {
      description,
      type: 'object',
      ...('spec' in properties ? { required: ['spec'] } : {}),
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { type: 'object' },
        ...properties,
      },
    },
    hasStatus: 'status' in properties,
  });
}

function column(name: string, type: string, jsonPath: string, priority?: number): JsonSchema {
  return { name, type, jsonPath, ...(priority === undefined ? {} : { priority }) };
}

function partOf(schema: z.ZodType, name: 'spec' | 'status'): JsonSchema {
  const { properties } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', reused: 'inline' });
  const part = isSchema(properties) ? properties[name] : undefined;
  if (!isSchema(part)) throw new Error(`no ${name} in the schema`);
  return structural(part, name);
}

/** The rule over two fields that a structural schema cannot say, in CEL. */
function programSpec(): JsonSchema {
  const spec = partOf(fabricProgram, 'spec');
  const fields = isSchema(spec['properties']) ? spec['properties'] : {};
  const list = isSchema(fields['rules']) ? fields['rules'] : {};
  const item = isSchema(list['items']) ? list['items'] : {};
  const judged = rules({ rule: '!has(self.ports) || has(self.protocol)', message: 'ports ask for a protocol' });
  return { ...spec, properties: { ...fields, rules: { ...list, items: { ...item, ...judged } } } };
}
