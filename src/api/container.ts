import { z } from 'zod';

const seconds = z.int().min(0).max(2_147_483_647).optional();
const probePort = z.union([z.int().min(1).max(65535), z.string().min(1).max(15)]);

const probe = z.strictObject({
  httpGet: z
    .strictObject({
      path: z.string().optional(),
      port: probePort,
      scheme: z.enum(['HTTP', 'HTTPS']).optional(),
      host: z.string().optional(),
      httpHeaders: z
        .array(z.strictObject({ name: z.string(), value: z.string() }))
        .max(64)
        .optional(),
    })
    .optional(),
  exec: z.strictObject({ command: z.array(z.string()).min(1).max(256) }).optional(),
  tcpSocket: z.strictObject({ port: probePort, host: z.string().optional() }).optional(),
  grpc: z.strictObject({ port: z.int().min(1).max(65535), service: z.string().optional() }).optional(),
  initialDelaySeconds: seconds,
  periodSeconds: seconds,
  timeoutSeconds: seconds,
  successThreshold: seconds,
  failureThreshold: seconds,
  terminationGracePeriodSeconds: seconds,
});

const quantities = z.strictObject({
  cpu: z
    .union([z.string().regex(/^\d+(\.\d+)?$|^\d+m$/, 'cores such as 2, 0.5 or 500m'), z.number().min(0)])
    .optional(),
  memory: z
    .union([z.string().regex(/^\d+(\.\d+)?([KMGTPE]i|[kMGTPE])?$/, 'bytes such as 128Mi or 1G'), z.number().min(0)])
    .optional(),
});

const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

const securityContext = z.strictObject({
  runAsUser: z.int().min(0).max(2_147_483_647).optional().meta({ description: "Default: the image's own user." }),
  runAsGroup: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .meta({ description: 'Also the group of the volumes. Default: that of the image.' }),
  runAsNonRoot: z.boolean().optional().meta({ description: 'Default: true. false lets the image run as root.' }),
  readOnlyRootFilesystem: z.boolean().optional().meta({ description: 'Default: false.' }),
  capabilities: z
    .strictObject({ add: z.array(z.string().regex(/^[A-Z][A-Z_]*$/, 'such as NET_BIND_SERVICE')).max(64) })
    .optional()
    .meta({ description: 'All are dropped; these come back.' }),
});

/** One container of a service that Lattice deploys; the fields are Score's, with Kubernetes' probes. */
export const container = z.strictObject({
  image: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[^\s\p{Cc}]+$/u, 'without spaces or control characters'),
  command: z.array(z.string()).max(1024).optional(),
  args: z.array(z.string()).max(1024).optional(),
  variables: z
    .record(
      z.string().max(253).regex(VARIABLE, 'letters, digits, "_", "-" and ".", not beginning with a digit'),
      z.string(),
    )
    .optional()
    .meta({ description: 'Environment variables. Values are templates.' }),
  resources: z.strictObject({ requests: quantities.optional(), limits: quantities.optional() }).optional(),
  files: z
    .record(
      z.string(),
      z.strictObject({
        content: z.string().optional(),
        binaryContent: z.string().optional(),
        source: z.string().optional(),
        mode: z
          .string()
          .regex(/^[0-7]{3,4}$/, 'three or four octal digits, such as "0644"')
          .optional(),
        noExpand: z.boolean().optional(),
      }),
    )
    .optional(),
  volumes: z
    .record(
      z.string(),
      z.strictObject({ source: z.string(), path: z.string().optional(), readOnly: z.boolean().optional() }),
    )
    .optional(),
  securityContext: securityContext
    .optional()
    .meta({ description: 'What the restricted Pod Security Standard leaves open.' }),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  startupProbe: probe.optional(),
});

export type DeclaredContainer = z.infer<typeof container>;
export type DeclaredProbe = z.infer<typeof probe>;
