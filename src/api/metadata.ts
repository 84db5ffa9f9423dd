import { z } from 'zod';
import { dnsLabel } from './names.ts';

export const API_VERSION = 'lattice.dev/v1alpha1';

const strings = z.record(z.string(), z.string());

/** ObjectMeta as far as Lattice reads it; what the API server adds (uid, managedFields, ...) passes through unread. */
export const metadata = z.looseObject({
  name: dnsLabel,
  namespace: dnsLabel.optional(),
  labels: strings.optional(),
  annotations: strings.optional(),
  generation: z.number().optional(),
  uid: z.string().optional(),
});

/** ObjectMeta of a cluster-scoped kind. */
export const clusterMetadata = z.looseObject({ name: dnsLabel });
