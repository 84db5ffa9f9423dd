import { z } from 'zod';
import { metadata } from './metadata.ts';
import { dnsLabel } from './names.ts';

export const PEERING_API_VERSION = 'security.liqo.io/v1';

/** The groups of pods and addresses that a rule can name, beside a namespace. */
export const PEERING_GROUPS = [
  'local-cluster',
  'remote-cluster',
  'offloaded',
  'vc-local',
  'vc-remote',
  'private-subnets',
] as const;

const party = z
  .strictObject({
    group: z.enum(PEERING_GROUPS).optional().meta({
      description:
        "local-cluster, remote-cluster: pod CIDRs. offloaded: the peer's pods that run here. vc-local: local pods of offloaded namespaces. vc-remote: shadow pods of what runs at the peer. private-subnets: RFC 1918.",
    }),
    namespace: dnsLabel.optional().meta({ description: 'All pods of this namespace, shadow pods too.' }),
  })
  .superRefine((value, context) => {
    if ((value.group === undefined) === (value.namespace === undefined))
      context.addIssue({ code: 'custom', path: [], message: EXACTLY_ONE });
  });

/** What both the command line and the API server say. */
export const EXACTLY_ONE = 'needs exactly one of group and namespace; leave the party out if any address is meant';

const rule = z.strictObject({
  source: party.optional().meta({ description: 'Who opens the connection. Default: any address.' }),
  destination: party.optional().meta({ description: 'Whom the connection is to. Default: any address.' }),
  action: z.enum(['allow', 'deny']).meta({ description: 'What happens to a new connection that matches.' }),
});

/** PeeringConnectivity: which connections a peering of clusters may carry, and what offloaded pods may reach. */
export const peeringConnectivity = z.strictObject({
  apiVersion: z.literal(PEERING_API_VERSION),
  kind: z.literal('PeeringConnectivity'),
  metadata,
  spec: z.strictObject({
    rules: z.array(rule).max(10_000).optional().meta({
      description: 'In order: the first rule that matches decides; what no rule matches is allowed.',
    }),
  }),
  status: z.looseObject({}).optional(),
});

export type PeeringConnectivity = z.infer<typeof peeringConnectivity>;
export type PeeringRule = z.infer<typeof rule>;
export type PeeringParty = z.infer<typeof party>;
export type PeeringGroup = (typeof PEERING_GROUPS)[number];
