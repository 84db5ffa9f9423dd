import { z } from 'zod';
import { parseEndpoint } from './endpoint.ts';
import { API_VERSION, metadata } from './metadata.ts';
import { dnsSubdomain, memberName, portName } from './names.ts';
import { parseSource } from './source.ts';

const endpointUrl = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const endpoint = parseEndpoint(text);
    if (!endpoint.ok) context.addIssue({ code: 'custom', message: endpoint.reason });
  });

const source = z
  .string()
  .max(64)
  .superRefine((text, context) => {
    const parsed = parseSource(text);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.reason });
  });

const spec = z
  .strictObject({
    endpoints: z
      .record(portName, endpointUrl)
      .refine((map) => Object.keys(map).length > 0, 'at least one endpoint')
      .optional()
      .meta({
        description: 'What lies outside, by name: scheme://host:port. Host: a name, *.name, an address or a CIDR.',
      }),
    allowed_requesters: z
      .array(memberName)
      .max(10_000)
      .optional()
      .meta({ description: 'Who may call the endpoints: name, namespace/name, "*" (this namespace), "*/*" (any).' }),
    sources: z
      .array(source)
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Where callers from outside come from: CIDRs, "world", "ingress" or "nodes".' }),
    allowed_targets: z
      .array(memberName)
      .max(10_000)
      .optional()
      .meta({ description: 'Which services the sources may call.' }),
    credentials: z
      .record(
        z
          .string()
          .max(63)
          .regex(/^[A-Za-z_][\w-]*$/, 'letters, digits, "_" and "-", beginning with a letter'),
        z.strictObject({
          secret: dnsSubdomain.meta({ description: "A Secret in the caller's namespace." }),
          key: z
            .string()
            .min(1)
            .max(253)
            .regex(/^[-._a-zA-Z0-9]+$/, 'letters, digits, "-", "_" and "."')
            .optional()
            .meta({ description: 'The key inside of the Secret. Default: the name of this entry.' }),
        }),
      )
      .optional()
      .meta({
        description: 'What callers need besides the address, such as api_key: where each lives, never its value.',
      }),
    world: z
      .boolean()
      .optional()
      .meta({ description: 'Says on purpose that an endpoint of 0.0.0.0/0 or ::/0 is meant.' }),
  })
  .superRefine((value, context) => {
    if (!value.endpoints && !value.sources) {
      context.addIssue({
        code: 'custom',
        path: [],
        message: 'needs endpoints (something outside that is called) or sources (callers from outside)',
      });
    }
    for (const [name, url] of Object.entries(value.endpoints ?? {})) {
      const endpoint = parseEndpoint(url);
      if (
        endpoint.ok &&
        endpoint.value.host.kind === 'cidr' &&
        endpoint.value.host.prefix === 0 &&
        value.world !== true
      ) {
        context.addIssue({
          code: 'custom',
          path: ['endpoints', name],
          message: 'is the whole Internet: write "world: true" beside endpoints if that is meant, else a narrower CIDR',
        });
      }
    }
  });

/** LatticeExternalService: something outside the cluster that services call, or that calls them. */
export const latticeExternalService = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('LatticeExternalService'),
  metadata,
  spec,
  status: z.looseObject({}).optional(),
});

export type LatticeExternalService = z.infer<typeof latticeExternalService>;
