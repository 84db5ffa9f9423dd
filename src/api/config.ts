import { z } from 'zod';
import { parseCidr } from './ip.ts';
import { API_VERSION, clusterMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain, matchLabels, portNumber } from './names.ts';

const cidrText = z
  .string()
  .max(64)
  .refine((text) => parseCidr(text) !== undefined, 'an address or a CIDR');

const podSelector = z.strictObject({
  namespace: dnsLabel.meta({ description: 'The namespace of the pods.' }),
  matchLabels: matchLabels.meta({ description: 'The labels of the pods.' }),
  serviceAccount: dnsSubdomain.optional().meta({ description: 'Their ServiceAccount. Default: any.' }),
});

export const ENTITIES = ['kube-apiserver', 'ingress', 'host', 'remote-node', 'health', 'world'] as const;

const peerPort = z.union([
  portNumber,
  z.string().regex(/^([1-9]\d{0,4})(\/(TCP|UDP|SCTP))?$/, 'a port such as 443 or "53/UDP"'),
]);

const peer = z
  .strictObject({
    selector: podSelector.optional(),
    cidrs: z.array(cidrText).min(1).max(1000).optional(),
    entity: z.enum(ENTITIES).optional(),
    direction: z
      .enum(['outbound', 'inbound', 'both'])
      .optional()
      .meta({ description: 'outbound: services call the peer. inbound: the peer calls services. Default: both.' }),
    mesh: z.enum(['ambient', 'none']).optional().meta({
      description:
        'ambient: its pods are in the mesh, where they are told by their ServiceAccount, so that the selector needs one. Default: none.',
    }),
    ports: z.array(peerPort).min(1).max(256).optional().meta({
      description:
        "The peer's ports for outbound (required there); for inbound the service's ports it may reach, default all.",
    }),
  })
  .superRefine((value, context) => {
    const kinds = [value.selector, value.cidrs, value.entity].filter((kind) => kind !== undefined).length;
    if (kinds !== 1)
      context.addIssue({ code: 'custom', path: [], message: 'needs exactly one of selector, cidrs, entity' });
    if (value.mesh === 'ambient' && value.selector?.serviceAccount === undefined) {
      context.addIssue({
        code: 'custom',
        path: value.selector ? ['selector', 'serviceAccount'] : ['mesh'],
        message: value.selector
          ? 'is needed where the pods are in the mesh: it is what they are told by there'
          : 'is for pods that a selector names',
      });
    }
    if (value.direction !== 'inbound' && !value.ports) {
      context.addIssue({
        code: 'custom',
        path: ['ports'],
        message: 'is needed where services call the peer: its real ports',
      });
    }
  });

const values = z.record(z.string().min(1).max(253), z.string().max(65_536)).optional();

const fields = {
  dns: z
    .strictObject({
      resolvers: z.array(podSelector).max(16).optional().meta({ description: 'The pods that answer DNS.' }),
      cidrs: z
        .array(cidrText)
        .max(16)
        .optional()
        .meta({ description: 'Resolvers by address, such as a node-local cache.' }),
      ports: z.array(portNumber).min(1).max(4).optional().meta({ description: 'Their container ports. Default: 53.' }),
    })
    .optional(),
  probes: z
    .strictObject({
      ambient: z
        .array(cidrText)
        .max(8)
        .optional()
        .meta({ description: 'Where kubelet probes come from in an ambient mesh.' }),
      host: z
        .boolean()
        .optional()
        .meta({ description: 'Whether the node itself may probe pods outside the mesh. Default: true.' }),
    })
    .optional(),
  peers: z
    .record(dnsLabel, z.union([peer, z.null()]))
    .optional()
    .meta({ description: 'Built-in peers by name; null removes one of the defaults.' }),
  network: z
    .strictObject({
      clusterDomain: z.string().max(253).optional().meta({ description: 'Default: cluster.local.' }),
      podCIDRs: z.array(cidrText).max(64).optional(),
      serviceCIDRs: z.array(cidrText).max(64).optional(),
      nodeCIDRs: z.array(cidrText).max(64).optional(),
    })
    .optional()
    .meta({ description: 'The ranges of the cluster itself, which no external service may name.' }),
  values: z
    .strictObject({
      env: values.meta({ description: 'What ${env.KEY} stands for.' }),
      cluster: values.meta({ description: 'What ${cluster.KEY} stands for, besides name, domain and trust_domain.' }),
    })
    .optional()
    .meta({ description: 'Values that templates of every service may use. No secrets.' }),
};

/** LatticeConfig: exemptions and built-in peers, a file of the administrator's (`--config`). */
export const latticeConfig = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('LatticeConfig'),
  metadata: clusterMetadata.optional(),
  ...fields,
});

export type LatticeConfig = z.infer<typeof latticeConfig>;
export type BuiltinPeerSpec = z.infer<typeof peer>;
export type PodSelector = z.infer<typeof podSelector>;
