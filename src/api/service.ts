import { z } from 'zod';
import { container } from './container.ts';
import { API_VERSION, metadata } from './metadata.ts';
import {
  containerPortName,
  dnsLabel,
  dnsSubdomain,
  matchLabels,
  namespaceScope,
  peerName,
  portName,
  portNumber,
} from './names.ts';

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const servicePort = z.strictObject({
  port: portNumber.meta({ description: 'The port that callers use: the Service port.' }),
  targetPort: z
    .union([portNumber, containerPortName])
    .optional()
    .meta({ description: 'The port that the container listens on, as a number or a name. Default: port.' }),
  protocol: z.enum(PROTOCOLS).optional().meta({ description: 'TCP (default), UDP or SCTP.' }),
});

const resource = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .meta({ description: 'service (default), external_service, builtin, or a resource class such as postgres.' }),
  direction: z
    .enum(['outbound', 'inbound', 'both'])
    .optional()
    .meta({ description: 'outbound (default): I call the peer. inbound: the peer calls me. both: two halves.' }),
  id: peerName
    .optional()
    .meta({ description: 'The peer: name, namespace/name, or "*". Default: the key of this entry.' }),
  namespace: namespaceScope
    .optional()
    .meta({ description: 'The peer\'s namespace. Default: this service\'s own. "*" with id "*": every namespace.' }),
  ports: z
    .array(z.union([portNumber, portName]))
    .min(1, 'at least one port, or leave the field out for all of them')
    .max(256)
    .optional()
    .meta({ description: "Narrows the agreement to these of the callee's ports (names or Service port numbers)." }),
  class: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .meta({ description: 'Class of a provisioned resource, such as production.' }),
  metadata: z.looseObject({}).optional(),
  params: z.looseObject({}).optional().meta({ description: 'Parameters for the provisioner of a resource class.' }),
});

/** A map that may be null: an API server makes it so when server-side apply takes the last of its fields out. */
const emptiable = <T>(schema: z.ZodType<T>, empty: T) => schema.nullable().transform((written) => written ?? empty);

const spec = z
  .strictObject({
    containers: z
      .record(dnsLabel, container)
      .refine((map) => Object.keys(map).length > 0, 'at least one container')
      .optional()
      .meta({ description: 'Deploys this service: its containers by name.' }),
    selector: z
      .strictObject({ matchLabels })
      .optional()
      .meta({ description: 'Adopts pods that exist instead of deploying any. Labels only: Istio has no expressions.' }),
    serviceAccount: dnsSubdomain.optional().meta({
      description:
        'The ServiceAccount of the pods. Default: the name when deployed, else that of the pods, else "default".',
    }),
    services: z
      .array(dnsSubdomain)
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'Names of the Services that lead to these pods. Default: all that select them.' }),
    mode: z
      .enum(['enforce', 'shadow'])
      .optional()
      .meta({ description: 'enforce (default), or shadow: consents to agreements, but its own doors stay open.' }),
    allowSharedIdentity: z
      .boolean()
      .optional()
      .meta({ description: 'Accepts that other workloads run under the same ServiceAccount in a mesh.' }),
    service: z
      .strictObject({ ports: z.record(portName, servicePort).optional() })
      .optional()
      .meta({ description: 'The ports that this service offers.' }),
    resources: emptiable(z.record(z.string().min(1).max(253), emptiable(resource, {})), {})
      .optional()
      .meta({ description: 'The service graph: whom this service calls and who calls it.' }),
    replicas: emptiable(
      z.strictObject({ min: z.int().min(0).max(100_000).optional(), max: z.int().min(1).max(100_000).optional() }),
      {},
    )
      .optional()
      .meta({ description: 'How many pods to run.' }),
    deploy: emptiable(
      z.strictObject({
        strategy: z
          .enum(['rolling', 'canary'])
          .optional()
          .meta({ description: 'rolling (default). canary is known, and refused until it is built.' }),
        canary: z.looseObject({}).optional(),
        waitFor: z.array(z.string().min(1).max(253)).max(256).optional().meta({
          description: 'Entries of resources that must be there before the first pod is made. Default: none.',
        }),
      }),
      {},
    )
      .optional()
      .meta({ description: 'How a change is rolled out.' }),
  })
  .superRefine((value, context) => {
    if (value.containers && value.selector) {
      context.addIssue({
        code: 'custom',
        path: ['selector'],
        message: 'deploys (containers) or adopts (selector), not both: remove one of them',
      });
    }
    if (!value.containers && !value.selector) {
      context.addIssue({
        code: 'custom',
        path: [],
        message: 'needs containers (to deploy) or selector.matchLabels (to adopt pods that exist)',
      });
    }
    const { min, max } = value.replicas ?? {};
    if (min !== undefined && max !== undefined && min > max) {
      context.addIssue({
        code: 'custom',
        path: ['replicas', 'max'],
        message: `at least replicas.min, which is ${min}`,
      });
    }
  });

/** LatticeService: a workload, the ports that it offers, whom it calls and who calls it. */
export const latticeService = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('LatticeService'),
  metadata,
  spec,
  status: z.looseObject({}).optional(),
});

export type LatticeService = z.infer<typeof latticeService>;
export type ServiceResource = z.infer<typeof resource>;
export type DeclaredPort = z.infer<typeof servicePort>;
