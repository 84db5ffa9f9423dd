import { z } from 'zod';
import { parseEndpoint } from './endpoint.ts';
import { API_VERSION, clusterMetadata } from './metadata.ts';
import { dnsSubdomain, portName, portNumber } from './names.ts';

const outputName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z_][\w-]*$/, 'letters, digits, "_" and "-", beginning with a letter');

const output = z
  .strictObject({
    type: z
      .enum(['string', 'integer', 'secret'])
      .optional()
      .meta({ description: 'Default: secret with a secret, else string.' }),
    value: z
      .union([z.int(), z.string().max(4096)])
      .optional()
      .meta({ description: 'The value, a template over resource, params and cluster.' }),
    secret: z
      .strictObject({
        name: z.string().min(1).max(1024).meta({ description: "A Secret in the service's namespace; a template." }),
        key: z.string().min(1).max(1024).meta({ description: 'The key inside of it; a template.' }),
      })
      .optional()
      .meta({ description: 'Where the value lives, when it is a secret.' }),
  })
  .superRefine((each, context) => {
    const problem =
      (each.value === undefined) === (each.secret === undefined)
        ? 'needs exactly one of value and secret'
        : each.secret !== undefined && each.type !== undefined && each.type !== 'secret'
          ? 'is a secret: type must be secret'
          : each.value !== undefined && each.type === 'secret'
            ? 'is of type secret: write where it lives (secret), never its value'
            : undefined;
    if (problem !== undefined) context.addIssue({ code: 'custom', path: [], message: problem });
  });

const endpoint = z
  .strictObject({
    url: z.string().max(2048).optional().meta({ description: 'Outside of the cluster: scheme://host:port.' }),
    service: z
      .string()
      .max(127)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'namespace/name')
      .optional()
      .meta({ description: 'Inside of it: namespace/name of a LatticeService, which accepts the users itself.' }),
    port: z
      .union([portNumber, portName])
      .optional()
      .meta({ description: 'Which port of the service. Default: the only one.' }),
  })
  .superRefine((each, context) => {
    if ((each.url === undefined) === (each.service === undefined)) {
      context.addIssue({ code: 'custom', path: [], message: 'needs exactly one of url and service' });
    }
    const parsed = each.url === undefined ? undefined : parseEndpoint(each.url);
    if (parsed && !parsed.ok) context.addIssue({ code: 'custom', path: ['url'], message: parsed.reason });
  });

const pods = z.strictObject({
  selector: z.looseObject({}).meta({ description: 'matchLabels of the pods that the callers reach.' }),
  serviceAccount: z.string().min(1).max(1024).optional().meta({ description: 'Their ServiceAccount.' }),
  services: z.array(z.string().max(1024)).min(1).max(64).optional(),
  service: z.looseObject({}).meta({ description: 'ports: what they offer; as in a LatticeService.' }),
  resources: z
    .looseObject({})
    .optional()
    .meta({ description: 'Further agreements of these pods, such as with each other or with their operator.' }),
});

const spec = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z][a-z0-9_-]*$/, 'lower-case letters, digits, "-" and "_"')
      .refine((type) => !RESERVED.includes(type), 'is a type of Lattice itself')
      .meta({ description: 'The type that resources name, such as postgres.' }),
    class: z
      .string()
      .min(1)
      .max(63)
      .optional()
      .meta({ description: 'The class that resources name. Default: default.' }),
    endpoint: endpoint.optional().meta({ description: 'Something that exists already.' }),
    embedded: z
      .strictObject({
        image: z.string().min(1).max(1024).optional().meta({ description: 'Default: the official image.' }),
        size: z.string().max(32).optional().meta({ description: 'Of the volume. Default: 1Gi.' }),
        storageClass: dnsSubdomain.optional().meta({ description: "Default: the cluster's own." }),
        onDelete: z
          .enum(['keep', 'delete'])
          .optional()
          .meta({ description: 'What becomes of the data. Default: keep.' }),
      })
      .optional()
      .meta({ description: 'One pod of the official image with a generated password: for laptops and tests.' }),
    template: z
      .strictObject({
        objects: z
          .array(z.looseObject({ apiVersion: z.string(), kind: z.string() }))
          .min(1)
          .max(32)
          .meta({ description: 'Objects for an operator, with templates over resource, params and cluster.' }),
        pods,
        onDelete: z
          .enum(['keep', 'delete'])
          .optional()
          .meta({ description: 'What becomes of the objects when nobody asks for them any more. Default: keep.' }),
      })
      .optional()
      .meta({ description: "Objects of any operator's kind, made for each resource." }),
    outputs: z.record(outputName, output).optional().meta({ description: 'What ${resources.NAME.FIELD} stands for.' }),
  })
  .superRefine((value, context) => {
    const ways = [value.endpoint, value.embedded, value.template].filter((way) => way !== undefined).length;
    if (ways !== 1) {
      context.addIssue({ code: 'custom', path: [], message: 'needs exactly one of endpoint, embedded, template' });
    }
    if (value.embedded && value.outputs) {
      context.addIssue({ code: 'custom', path: ['outputs'], message: 'come with embedded: remove them' });
    }
  });

/** Types of resources that are no class. */
const RESERVED: readonly string[] = ['service', 'external_service', 'builtin', 'volume'];

/** LatticeResourceClass: what an administrator provides for (type, class), such as postgres in production. */
export const latticeResourceClass = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('LatticeResourceClass'),
  metadata: clusterMetadata,
  spec,
  status: z.looseObject({}).optional(),
});

export type LatticeResourceClass = z.infer<typeof latticeResourceClass>;
export type ClassOutput = z.infer<typeof output>;
