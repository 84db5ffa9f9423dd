import { type PeeringConnectivity, parseObject } from '../../api/index.ts';
import type { JsonObject } from '../../kube/index.ts';

/** A PeeringConnectivity as the operator sees it. */
export interface Declared {
  readonly uid: string;
  readonly generation: number;
  readonly deletedAt: string | undefined;
  readonly finalizers: readonly string[];
  /** Undefined with the reason in `invalid` when what is stored is not valid. */
  readonly object: PeeringConnectivity | undefined;
  readonly invalid: string | undefined;
  readonly status: unknown;
}

export const DECLARED_FIELDS = [
  'metadata.uid',
  'metadata.generation',
  'metadata.deletionTimestamp',
  'metadata.finalizers',
  'spec',
  'status',
] as const;

export function readDeclared({ metadata, spec, status }: JsonObject): Declared {
  const meta = mapOf(metadata);
  const parsed = parseObject({
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    metadata: { name: meta['name'], namespace: meta['namespace'], generation: meta['generation'] },
    spec: spec ?? {},
  });
  const object = parsed.ok && parsed.value.kind === 'PeeringConnectivity' ? parsed.value : undefined;
  const issues = parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const finalizers: readonly unknown[] = Array.isArray(meta['finalizers']) ? meta['finalizers'] : [];
  return {
    uid: typeof meta['uid'] === 'string' ? meta['uid'] : '',
    generation: typeof meta['generation'] === 'number' ? meta['generation'] : 0,
    deletedAt: typeof meta['deletionTimestamp'] === 'string' ? meta['deletionTimestamp'] : undefined,
    finalizers: finalizers.filter((each) => typeof each === 'string'),
    object,
    invalid: issues.length > 0 ? issues.slice(0, 3).join('; ') : undefined,
    status,
  };
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
