import { z } from 'zod';
import { parseCidr } from './ip.ts';
import { dnsSubdomain, portNumber } from './names.ts';

export const FABRIC_API_VERSION = 'fabric.lattice.dev/v1alpha1';

/** The most addresses that one slice holds: an event rewrites one small object, whatever the size of the set. */
export const SLICE_CAPACITY = 100;

/**
 * The ways that a packet takes through a node. `SameNode`: pod to pod of one node. `CrossNode`: between a pod of this
 * node and what is elsewhere. `ToNode`: pod to a listener of its own node.
 */
export const PATH_CLASSES = ['SameNode', 'CrossNode', 'ToNode'] as const;
export type PathClass = (typeof PATH_CLASSES)[number];

const metadata = z.looseObject({
  name: dnsSubdomain,
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
});

const addressOrPrefix = z
  .string()
  .max(49, 'at most 49 characters')
  .refine((text) => parseCidr(text) !== undefined, 'an address or a CIDR, IPv4 or IPv6');

const setName = z
  .string()
  .max(253, 'at most 253 characters')
  .regex(
    /^[a-zA-Z0-9]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/,
    'letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  );

const generation = z.int('a whole number').min(0, 'at least 0').max(Number.MAX_SAFE_INTEGER);

/** A list without elements matches nothing, as a set without members does. */
const party = z.union([
  z.strictObject({ cidrs: z.array(addressOrPrefix).max(1000) }),
  z.strictObject({ set: setName }),
]);

const rule = z
  .strictObject({
    name: z
      .string()
      .min(1, 'at least one character')
      .max(120, 'at most 120 characters')
      .regex(/^[ !#-[\]-~]+$/, 'printable ASCII without quotes and backslashes'),
    source: party.optional(),
    destination: party.optional(),
    action: z.enum(['allow', 'deny']),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
    ports: z
      .array(
        z
          .strictObject({ port: portNumber, endPort: portNumber.optional() })
          .refine(({ port, endPort }) => endPort === undefined || port <= endPort, 'endPort must be at least port'),
      )
      .min(1, 'at least one port; leave it out for every port')
      .max(100)
      .optional(),
  })
  .refine(({ ports, protocol }) => ports === undefined || protocol !== undefined, {
    message: 'ports ask for a protocol',
    path: ['protocol'],
  });

const setLayout = z.strictObject({
  name: setName,
  slices: z
    .int('a whole number')
    .min(0, 'at least 0')
    .max(10_000, 'at most 10000')
    .meta({ description: 'How many slices hold its members: those with an index below.' }),
  generation: generation.optional().meta({
    description: "The oldest generation that a slice of it may have. Default: the program's own generation.",
  }),
});

/** FabricProgram: what every node's agent loads for one peering, its members apart in {@link fabricMemberSlice}. */
export const fabricProgram = z.strictObject({
  apiVersion: z.literal(FABRIC_API_VERSION),
  kind: z.literal('FabricProgram'),
  metadata,
  spec: z
    .strictObject({
      peering: z
        .string()
        .min(1, 'at least one character')
        .max(317, 'at most 317 characters')
        .regex(/^[ !#-[\]-~]+$/, 'printable ASCII without quotes and backslashes')
        .meta({ description: 'The namespace/name that the program is made from.' }),
      generation: generation.meta({ description: 'Grows with every change of this object.' }),
      disarmed: z.boolean().meta({ description: 'True: let everything pass and remove what is loaded.' }),
      rules: z.array(rule).max(10_000).meta({ description: 'The first that matches decides; no match accepts.' }),
      sets: z.array(setLayout).max(1000),
    })
    .superRefine(({ rules, sets }, context) => {
      const names = new Set(sets.map(({ name }) => name));
      if (names.size < sets.length) {
        context.addIssue({ code: 'custom', path: ['sets'], message: 'two sets have one name' });
      }
      for (const [index, { source, destination }] of rules.entries()) {
        for (const [side, each] of [
          ['source', source],
          ['destination', destination],
        ] as const) {
          if (each === undefined || !('set' in each) || names.has(each.set)) continue;
          context.addIssue({
            code: 'custom',
            path: ['rules', index, side, 'set'],
            message: `no set of this program is named "${each.set}"`,
          });
        }
      }
    }),
});

/** FabricMemberSlice: up to 100 members of one set of one program. */
export const fabricMemberSlice = z.strictObject({
  apiVersion: z.literal(FABRIC_API_VERSION),
  kind: z.literal('FabricMemberSlice'),
  metadata,
  spec: z.strictObject({
    program: dnsSubdomain,
    set: setName,
    index: z.int('a whole number').min(0, 'at least 0').max(9999),
    generation: generation.meta({
      description: "The program's generation that it was written for. A later change of the members keeps it.",
    }),
    addresses: z.array(addressOrPrefix).max(SLICE_CAPACITY, `at most ${SLICE_CAPACITY} addresses`),
  }),
});

const programReport = z.strictObject({
  name: z.string().max(253).meta({ description: 'The FabricProgram.' }),
  generation: generation
    .optional()
    .meta({ description: 'The generation that this kernel enforces; absent when it enforces none yet.' }),
  hash: z.string().max(64).optional().meta({ description: 'A hash of its rules and sets, without the members.' }),
  disarmed: z
    .boolean()
    .optional()
    .meta({ description: 'True: everything passes, nothing of it is left in the kernel.' }),
  loadedAt: z.string().max(64).optional().meta({ description: 'When it was loaded or found loaded (RFC 3339).' }),
  error: z
    .string()
    .max(4096)
    .optional()
    .meta({ description: 'Why the kernel does not hold what the objects say; what it held before stays.' }),
});

/** By what a way of packets is judged: what the network is configured to do, or what a canary's datagrams did. */
const PATH_EVIDENCE = ['Configuration', 'Canary'] as const;

const bypass = z.strictObject({
  class: z.enum(PATH_CLASSES).meta({ description: 'The way of packets that no rule of this node sees.' }),
  reason: z.string().max(64).meta({ description: 'Why, in one word.' }),
  message: z.string().max(1024).meta({ description: 'Why, and what to change.' }),
  judgedBy: z
    .array(z.enum(PATH_EVIDENCE))
    .min(1)
    .max(2)
    .optional()
    .meta({ description: 'What says so: the configuration of the network, datagrams of the canary, or both.' }),
});

const path = z.strictObject({
  class: z.enum(PATH_CLASSES).meta({ description: 'A way of packets through this node.' }),
  configuration: z
    .enum(['Passes', 'Bypassed', 'Unknown'])
    .meta({ description: 'Whether the network is configured to take it through netfilter.' }),
  canary: z.enum(['Passed', 'Bypassed', 'Unseen', 'Off']).meta({
    description:
      "Whether datagrams from pod to pod were counted at netfilter's hook. Bypassed: one arrived that was not. Unseen: nothing can be said; the configuration alone is believed.",
  }),
  seenAt: z.string().max(64).optional().meta({ description: 'When the canary last saw it pass or not (RFC 3339).' }),
  message: z.string().max(1024).optional().meta({ description: 'What the canary saw, or why it saw nothing.' }),
});

/** FabricNodeStatus: what one node's kernel enforces, written by that node's agent alone. */
export const fabricNodeStatus = z.strictObject({
  apiVersion: z.literal(FABRIC_API_VERSION),
  kind: z.literal('FabricNodeStatus'),
  metadata,
  status: z
    .strictObject({
      reportedAt: z.string().max(64).meta({ description: 'When the agent last wrote this report (RFC 3339).' }),
      reportSeconds: z.int().min(1).max(86_400).meta({
        description: 'How often it writes at least; a report three times as old is of an agent that is gone.',
      }),
      programs: z.array(programReport).max(1000),
      bypassed: z.array(bypass).max(16).meta({ description: 'Ways of packets that this node does not enforce.' }),
      paths: z
        .array(path)
        .max(16)
        .optional()
        .meta({ description: 'How each way of packets was judged. Absent: by configuration alone.' }),
    })
    .optional(),
});

export type FabricProgram = z.infer<typeof fabricProgram>;
export type FabricMemberSlice = z.infer<typeof fabricMemberSlice>;
export type FabricNodeStatus = z.infer<typeof fabricNodeStatus>;
export type FabricProgramReport = z.infer<typeof programReport>;
export type FabricBypass = z.infer<typeof bypass>;
export type FabricPath = z.infer<typeof path>;
