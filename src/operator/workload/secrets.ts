import type { Client, OwnerReference } from '../../kube/index.ts';
import { means } from '../../kube/index.ts';
import type { GeneratedSecret } from '../../workload/index.ts';
import { SECRET } from './kinds.ts';

/** Random bytes from a source that nobody can guess. */
export type SecretBytes = (count: number) => Uint8Array;

/** 192 bits. */
const BYTES = 24;

/**
 * Makes sure that a generated Secret exists. It is created once and never read or changed: an existing one is taken as it
 * is, since its data was made with it. `owners`: whom it goes with; none means that it is kept.
 */
export async function ensureSecret(
  secret: GeneratedSecret,
  owners: readonly OwnerReference[],
  client: Client,
  random: SecretBytes,
  signal: AbortSignal,
): Promise<'created' | 'exists'> {
  const made = Object.fromEntries(secret.random.map((key) => [key, Buffer.from(random(BYTES)).toString('hex')]));
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secret.name,
      namespace: secret.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'lattice' },
      ...(owners.length > 0 ? { ownerReferences: owners } : {}),
    },
    type: 'Opaque',
    stringData: { ...secret.fixed, ...made },
  };
  try {
    await client.create(SECRET, object, { signal });
    return 'created';
  } catch (error) {
    if (means(error, 'alreadyExists')) return 'exists';
    throw error;
  }
}
